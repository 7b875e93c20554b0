import { afterAll, beforeAll, expect, test } from '@jest/globals'
import pg from 'pg'
import { testPostgres, type TestPostgres } from '../src/ladder.ts'
import { createRolesAndSchemas, ownerUrl, RoleTaken, serviceUrl } from '../src/roles.ts'

const DATABASE = `roles_test_${process.pid}`
const ALPHA = { name: `alpha-${process.pid}`, password: "a'1 /@" }
const BETA = { name: `beta-${process.pid}`, password: 'b1' }
const alpha = ALPHA.name.replace('-', '_')
const beta = BETA.name.replace('-', '_')
const MIGRATION_PASSWORD = 'm1'

const rolesOf = (schema: string) => [schema, `steward_${schema}_owner`]

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

const asOwner = (service: { name: string }, text: string) =>
  query(ownerUrl(server.url, DATABASE, service.name, MIGRATION_PASSWORD), text)

beforeAll(async () => {
  server = await testPostgres()
  await createRolesAndSchemas(server.url, DATABASE, [ALPHA, BETA], MIGRATION_PASSWORD)
  await asOwner(
    BETA,
    `create table secret (n int); insert into secret values (1); grant select on secret to ${beta}`,
  )
})

afterAll(async () => {
  await query(server.url, `drop database ${DATABASE} with (force)`)
  await query(server.url, `drop role ${[alpha, beta].flatMap(rolesOf).join(', ')}`)
  await server.release()
})

test('the owner makes the tables, unqualified; the service works with the rows it was given, and owns its jobs', async () => {
  await asOwner(ALPHA, `create table mine (n int); grant select, insert on mine to ${alpha}`)
  await as(ALPHA, 'insert into mine values (1)')
  expect(await as(ALPHA, 'select n from mine')).toEqual([{ n: 1 }])
  expect(
    await as(
      ALPHA,
      "select schemaname as schema, tableowner as owner from pg_tables where tablename = 'mine'",
    ),
  ).toEqual([{ schema: alpha, owner: `steward_${alpha}_owner` }])
  await as(ALPHA, `create table ${alpha}_jobs.job (n int)`)
})

test.each([
  ['change a row it may only add', 'update mine set n = 2'],
  ['delete it', 'delete from mine'],
  ['empty the table', 'truncate mine'],
  ['lock it', 'begin; lock table mine in exclusive mode'],
  ['drop it', 'drop table mine'],
  ['alter it', 'alter table mine add column m int'],
  ['switch its triggers off', 'alter table mine disable trigger user'],
  [
    'put a trigger on it',
    'create trigger t before insert on mine execute function tsvector_update_trigger()',
  ],
  ['take it over', `alter table mine owner to ${alpha}`],
  ['give itself rights and use them', `grant all on mine to ${alpha}; delete from mine`],
  ['make a table beside it', 'create table other (n int)'],
  ['move it away', `alter table mine set schema ${alpha}_jobs`],
  ['rename its schema', `alter schema ${alpha} rename to gone`],
  ['drop its schema', `drop schema ${alpha} cascade`],
  ['switch all triggers off', `set session_replication_role = replica`],
  ['become the owner', `set role steward_${alpha}_owner`],
  ['become the owner for good', `set session authorization steward_${alpha}_owner`],
  ['change the password of the owner', `alter role steward_${alpha}_owner password 'x'`],
  ['join the owner', `grant steward_${alpha}_owner to ${alpha}`],
  ['take what the owner owns', `reassign owned by steward_${alpha}_owner to ${alpha}`],
])('[A-4.3.4] a service cannot, in its own schema, %s', async (_, text) => {
  await expect(as(ALPHA, text)).rejects.toMatchObject({
    code: expect.stringMatching(/^(42501|42P17)$/),
  })
})

test('[A-4.3.4] what the services of an earlier version own goes to the owner, whole', async () => {
  await query(
    server.url.replace(/[^/]*$/, DATABASE),
    `alter schema ${beta} owner to ${beta};
     set role ${beta};
     set search_path = ${beta};
     create type mood as enum ('good');
     create table old (id bigint generated always as identity primary key, s serial, m mood) partition by range (id);
     create table old_1 partition of old for values from (0) to (10);
     create sequence loose;
     create view seen as select id from old;
     create materialized view kept as select 1 as one;
     create function twice(n int) returns int language sql as 'select n * 2';
     create procedure nothing() language sql as ''`,
  )
  await createRolesAndSchemas(server.url, DATABASE, [BETA], MIGRATION_PASSWORD)
  const left = await query(
    server.url.replace(/[^/]*$/, DATABASE),
    `select relname as what from pg_class where relnamespace = '${beta}'::regnamespace and relowner = '${beta}'::regrole
     union all select proname from pg_proc where pronamespace = '${beta}'::regnamespace and proowner = '${beta}'::regrole
     union all select typname from pg_type where typnamespace = '${beta}'::regnamespace and typowner = '${beta}'::regrole
     union all select nspname from pg_namespace where nspname = '${beta}' and nspowner = '${beta}'::regrole`,
  )
  expect(left).toEqual([])
  await expect(as(BETA, 'select * from old')).rejects.toMatchObject({ code: '42501' })
  await asOwner(BETA, 'drop table old cascade')
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

test.each([
  ['write to a table of another', `insert into ${beta}.secret values (2)`],
  ['empty a table of another', `truncate ${beta}.secret`],
  ['drop a table of another', `drop table ${beta}.secret`],
  ['learn whether another has a table', `select '${beta}.secret'::regclass`],
  ['call a function of another', `select ${beta}.whatever()`],
  ['make a temporary table', 'create temporary table mine (n int)'],
  ['become another for good', `set session authorization ${beta}`],
  ['read the passwords', 'select rolpassword from pg_authid'],
  ['lift a limit for all', `alter database ${DATABASE} set statement_timeout = 0`],
  ['change the password of another', `alter role ${beta} password 'x'`],
])('a role cannot %s', async (_, text) => {
  await expect(as(ALPHA, text)).rejects.toMatchObject({ code: '42501' })
})

test('the information schema shows a role its own tables alone', async () => {
  await asOwner(ALPHA, `create table shown (n int); grant select on shown to ${alpha}`)
  const schemas = await as(
    ALPHA,
    `select distinct table_schema as schema from information_schema.tables
      where table_schema not in ('pg_catalog', 'information_schema') order by 1`,
  )
  // With its jobs, where the table of their migrations is from the start.
  expect(schemas).toEqual([{ schema: alpha }, { schema: `${alpha}_jobs` }])
})

test('what hangs is ended by the server', async () => {
  const [row] = await as(
    ALPHA,
    `select current_setting('statement_timeout') as statement,
            current_setting('idle_in_transaction_session_timeout') as transaction`,
  )
  expect(row).toEqual({ statement: '5min', transaction: '5min' })
})

test('the server is told what it keeps of a password, not the password', async () => {
  const [row] = await query(
    server.url,
    `select rolpassword as kept, shobj_description(oid, 'pg_authid') as comment
       from pg_authid where rolname = '${alpha}'`,
  )
  expect(row).toEqual({
    kept: expect.stringMatching(/^SCRAM-SHA-256\$4096:/),
    comment: `ERP Steward: ${ALPHA.name}`,
  })
})

test('a password that looks like SQL is a password', async () => {
  const odd = { ...BETA, password: `'; drop role ${alpha}; --\\'' $$ ü` }
  await createRolesAndSchemas(server.url, DATABASE, [odd], MIGRATION_PASSWORD)
  expect(await as(odd, 'select n from secret')).toEqual([{ n: 1 }])
  await createRolesAndSchemas(server.url, DATABASE, [BETA], MIGRATION_PASSWORD)
})

test('what a role was given besides is taken away, and what it may not be is undone', async () => {
  await query(server.url, `grant ${beta} to ${alpha}; alter role ${alpha} superuser createdb`)
  expect(await as(ALPHA, `select n from ${beta}.secret`)).toEqual([{ n: 1 }])
  await createRolesAndSchemas(server.url, DATABASE, [ALPHA], MIGRATION_PASSWORD)
  await expect(as(ALPHA, `select n from ${beta}.secret`)).rejects.toMatchObject({ code: '42501' })
  await expect(as(ALPHA, `set role ${beta}`)).rejects.toMatchObject({ code: '42501' })
})

test('a role of the same name that is not ours is left alone, and nothing is made', async () => {
  const name = `taken-${process.pid}`
  const role = name.replace('-', '_')
  const fresh = `fresh-${process.pid}`
  await query(server.url, `create role ${role} login password 'theirs'`)
  await expect(
    createRolesAndSchemas(
      server.url,
      DATABASE,
      [
        { name: fresh, password: 'x' },
        { name, password: 'ours' },
      ],
      MIGRATION_PASSWORD,
    ),
  ).rejects.toThrow(RoleTaken)
  const left = await query(
    server.url,
    `select rolname as role from pg_roles where rolname in ('${role}', '${fresh.replace('-', '_')}', 'steward_${fresh.replace('-', '_')}_owner')`,
  )
  expect(left).toEqual([{ role }])
  await query(server.url, `drop role ${role}`)
})

test('roles that an earlier version made without a mark are known by their schema', async () => {
  await query(server.url, `comment on role ${beta} is null`)
  await createRolesAndSchemas(server.url, DATABASE, [BETA], MIGRATION_PASSWORD)
  expect(await as(BETA, 'select n from secret')).toEqual([{ n: 1 }])
})

test('an administrator who may make databases and roles need not be a superuser', async () => {
  const admin = `admin_${process.pid}`
  const database = `${DATABASE}_managed`
  const service = { name: `gamma-${process.pid}`, password: 'g' }
  const role = service.name.replace('-', '_')
  await query(server.url, `create role ${admin} login createdb createrole password 'a'`)
  const url = new URL(server.url)
  url.username = admin
  url.password = 'a'
  try {
    await createRolesAndSchemas(url.href, database, [service], MIGRATION_PASSWORD)
    const own = serviceUrl(server.url, database, service.name, service.password)
    await query(
      ownerUrl(server.url, database, service.name, MIGRATION_PASSWORD),
      `create table kept (n int); insert into kept values (7); grant select on kept to ${role}`,
    )
    // As an earlier version left it.
    await query(server.url.replace(/[^/]*$/, database), `alter table ${role}.kept owner to ${role}`)
    await createRolesAndSchemas(url.href, database, [service], MIGRATION_PASSWORD)
    await query(
      ownerUrl(server.url, database, service.name, MIGRATION_PASSWORD),
      `grant select on kept to ${role}`,
    )
    expect(await query(own, 'select n from kept')).toEqual([{ n: 7 }])
    await expect(query(url.href.replace(/[^/]*$/, database), `table ${role}.kept`)).rejects.toThrow(
      /permission denied/,
    )
  } finally {
    await query(server.url, `drop database if exists ${database} with (force)`)
    for (const each of [...rolesOf(role), admin])
      await query(server.url, `drop role if exists ${each}`)
  }
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
  await createRolesAndSchemas(server.url, DATABASE, [ALPHA, rotated], MIGRATION_PASSWORD)
  expect(await as(rotated, 'select n from secret')).toEqual([{ n: 1 }])
  await expect(as(BETA, 'select 1')).rejects.toThrow(/password authentication failed/)
  await createRolesAndSchemas(server.url, DATABASE, [ALPHA, BETA], MIGRATION_PASSWORD)
})

test('two calls at once both succeed', async () => {
  const database = `${DATABASE}_twin`
  await Promise.all(
    [1, 2].map(() =>
      createRolesAndSchemas(server.url, database, [ALPHA, BETA], MIGRATION_PASSWORD),
    ),
  )
  await query(server.url, `drop database ${database} with (force)`)
})

test('a name that is no service name is refused before anything is made', async () => {
  await expect(
    createRolesAndSchemas(
      server.url,
      DATABASE,
      [{ name: 'x; drop role y', password: '' }],
      MIGRATION_PASSWORD,
    ),
  ).rejects.toThrow(RangeError)
})
