import { afterAll, beforeAll, expect, test } from '@jest/globals'
import pg from 'pg'
import { testPostgres, type TestPostgres } from '../src/ladder.ts'
import { createRolesAndSchemas, serviceUrl } from '../src/roles.ts'

const DATABASE = `roles_test_${process.pid}`
const ALPHA = { name: `alpha-${process.pid}`, password: "a'1 /@" }
const BETA = { name: `beta-${process.pid}`, password: 'b1' }
const alpha = ALPHA.name.replace('-', '_')
const beta = BETA.name.replace('-', '_')

let server: TestPostgres

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(text)).rows
  } finally {
    await client.end()
  }
}

const as = (service: { name: string; password: string }, text: string) =>
  query(serviceUrl(server.url, DATABASE, service.name, service.password), text)

beforeAll(async () => {
  server = await testPostgres()
  await createRolesAndSchemas(server.url, DATABASE, [ALPHA, BETA])
  await as(BETA, 'create table secret (n int); insert into secret values (1)')
})

afterAll(async () => {
  await query(server.url, `drop database ${DATABASE} with (force)`)
  await query(server.url, `drop role ${alpha}; drop role ${beta}`)
  await server.release()
})

test('a role works in its own schemas, unqualified in the first', async () => {
  await as(ALPHA, 'create table mine (n int)')
  expect(
    await as(
      ALPHA,
      "select schemaname as schema from pg_tables where tablename = 'mine' and tableowner = current_user",
    ),
  ).toEqual([{ schema: alpha }])
  await as(ALPHA, `create table ${alpha}_jobs.job (n int)`)
})

test.each([
  ['read a table of another', `select * from ${beta}.secret`],
  ['make a table at another', `create table ${beta}.mine (n int)`],
  ['make a table among the jobs of another', `create table ${beta}_jobs.mine (n int)`],
  ['make a table in public', 'create table public.mine (n int)'],
  ['make a schema', 'create schema other'],
  ['take the role of another', `set role ${beta}`],
  ['grant itself rights', `grant usage on schema ${beta} to ${alpha}`],
  ['make a database', 'create database other'],
  ['make a role', 'create role other'],
])('a role cannot %s', async (_, text) => {
  await expect(as(ALPHA, text)).rejects.toMatchObject({ code: '42501' })
})

test('a role without a grant cannot even connect', async () => {
  const other = `other_${process.pid}`
  await query(server.url, `create role ${other} login password 'x'`)
  const url = new URL(serviceUrl(server.url, DATABASE, 'any', 'x'))
  url.username = other
  await expect(query(url.href, 'select 1')).rejects.toThrow(/permission denied for database/)
  await query(server.url, `drop role ${other}`)
})

test('a second call keeps the data and changes the password', async () => {
  const rotated = { ...BETA, password: 'b2' }
  await createRolesAndSchemas(server.url, DATABASE, [ALPHA, rotated])
  expect(await as(rotated, 'select n from secret')).toEqual([{ n: 1 }])
  await expect(as(BETA, 'select 1')).rejects.toThrow(/password authentication failed/)
  await createRolesAndSchemas(server.url, DATABASE, [ALPHA, BETA])
})

test('two calls at once both succeed', async () => {
  const database = `${DATABASE}_twin`
  await Promise.all([1, 2].map(() => createRolesAndSchemas(server.url, database, [ALPHA, BETA])))
  await query(server.url, `drop database ${database} with (force)`)
})

test('a name that is no service name is refused before anything is made', async () => {
  await expect(
    createRolesAndSchemas(server.url, DATABASE, [{ name: 'x; drop role y', password: '' }]),
  ).rejects.toThrow(RangeError)
})
