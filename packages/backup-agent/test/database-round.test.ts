import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { findBinaries } from '@erp-steward/postgres/binaries'
import { serverUser } from '@erp-steward/postgres/data-directory'
import { startPostgres, type PostgresServer } from '@erp-steward/postgres/server'
import pg from 'pg'
import { findPrograms, programsFor } from '../src/postgres/programs.ts'
import {
  agentStage,
  backedUp,
  PASSWORD,
  restore,
  SECRET,
  type AgentStage,
  type Task,
  patiently,
} from './agent-stage.ts'

const database = (connection: string, objectName: string): Extract<Task, { kind: 'backup' }> => ({
  kind: 'backup',
  runId: randomUUID(),
  source: { executor: 'postgres', connection },
  into: { copyId: randomUUID(), siteCode: 'A', objectName },
  keyId: 'K1',
})

// The positive round needs PostgreSQL's own tools and a server that they can dump, as Debian's `postgresql` brings.
const folders = (process.env.PATH ?? '').split(':')
const programs = await findPrograms(folders)
const major = programs
  .map((found) => found.major)
  .find((one) => existsSync(`/usr/lib/postgresql/${one}/bin/initdb`))
const missing =
  programs.length === 0
    ? 'pg_dump and pg_restore are not on this machine'
    : major === undefined
      ? `no server of version ${programs.map((found) => found.major).join(', ')} is on this machine`
      : null
if (missing !== null) process.stderr.write(`Backup of a database is not tested: ${missing}\n`)

let stage: AgentStage
beforeAll(async () => {
  stage = await agentStage()
})
afterAll(() => stage.close())

function connect(lines: Record<string, string>): Record<string, string> {
  const file = join(stage.folder, 'connections')
  const text = Object.entries(lines).map(([name, url]) => `${name} ${url}\n`)
  writeFileSync(file, text.join(''), { mode: 0o600 })
  return { POSTGRES_CONNECTIONS_FILE: file }
}

;(programs.some((found) => found.major >= 18) || programs.length === 0 ? test.skip : test)(
  'a pg_dump that is older than the server is told at once and refused, and nothing is stored',
  async () => {
    const newest = programs[0]?.major ?? 0
    const settings = connect({ embedded: process.env.STEWARD_TEST_POSTGRES ?? '' })
    stage.start(settings)
    const why = `pg_dump ${newest} cannot dump a server 18`
    await patiently(() => {
      expect(stage.presented?.executors[1]).toMatchObject({
        executor: 'postgres',
        isAvailable: false,
        reason: `embedded: ${why}`,
      })
    })
    expect(await stage.reportOn(database('embedded', 'DB/refused'))).toMatchObject({
      outcome: 'failed',
      cause: 'refused',
      detail: `embedded: ${why}`,
    })
    expect(await stage.reportOn(database('unknown', 'DB/refused'))).toMatchObject({
      cause: 'refused',
      detail: 'connection unknown is not in the settings of this agent',
    })
    expect(readdirSync(join(stage.folder, 'a'))).toEqual([])
    await stage.kill('SIGTERM')
  },
)

test('the same version is chosen before a newer one, and an older one never', () => {
  const found = [18, 17, 15].map((one) => ({
    dump: '',
    restore: '',
    version: `${one}.1`,
    major: one,
  }))
  expect([15, 16, 17, 18, 19].map((one) => programsFor(one, found)?.major ?? null)).toEqual([
    15,
    18,
    17,
    18,
    null,
  ])
})

;(missing === null ? describe : describe.skip)('on a server that pg_dump fits', () => {
  let server: PostgresServer
  let folder: string
  let url: string

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'erp-steward-system-postgres-'))
    // As root the server runs as nobody, who must be able to enter.
    chmodSync(folder, 0o755)
    const data = join(folder, 'data')
    server = await startPostgres(
      { dataDirectory: data, port: 0, durable: false },
      findBinaries(serverUser(data), major ?? null, null),
    )
    const admin = new pg.Client({ connectionString: server.url })
    await admin.connect()
    await admin.query(`create role saver login superuser password '${PASSWORD}'`)
    await admin.query('create database books')
    await admin.end()
    const address = new URL(server.url)
    url = `postgres://saver:${PASSWORD}@127.0.0.1:${address.port}/books`
    const books = new pg.Client({ connectionString: url })
    await books.connect()
    await books.query(`
      create schema gl;
      create table gl.entry (id bigint primary key, booked date, amount numeric(12,2), note text, t jsonb);
      insert into gl.entry select n, date '2026-01-01' + n % 300, n * 1.01, '凭证 ' || n, '{"n":1}' from generate_series(1, 20000) n;
      create table empty_one (nothing int);
      create table "Odd name" (a text) partition by list (a);
      create table odd_x partition of "Odd name" for values in ('x');
      insert into "Odd name" values ('x'), ('x')`)
    await books.end()
    stage.start({
      ...connect({ books: url }),
      POSTGRES_SCRATCH: 'books',
    })
  })
  afterAll(async () => {
    await stage.kill('SIGTERM')
    await server.stop()
    rmSync(folder, { recursive: true })
  })

  test('[A-2.4.2][A-2.4.5] a database is saved from one snapshot, restored beside it, and compared row by row', async () => {
    const report = backedUp(await stage.reportOn(database('books', 'DB/1.seal')))
    expect(report).toMatchObject({ items: 3, finding: null, readDigest: report.writtenDigest })
    expect(report.tool).toMatch(new RegExp(`^pg_dump ${major ?? ''}`))
    const stored = readFileSync(join(stage.folder, 'a', 'DB', '1.seal'))
    expect(stored.length).toBe(report.storedBytes)
    expect(stored.includes('PGDMP')).toBe(false)

    const digest = report.writtenDigest ?? ''
    const task = restore('DB/1.seal', digest, report.manifestDigest, 'drill_1', 'postgres')
    expect(await stage.reportOn(task)).toMatchObject({
      outcome: 'restored',
      manifestDigest: report.manifestDigest,
      compared: 3,
      differences: [],
      scratch: 'database drill_1 on connection books',
    })
    expect(await stage.reportOn(task)).toMatchObject({
      outcome: 'failed',
      cause: 'refused',
      detail: 'database drill_1 is there already and is not touched',
    })
    expect(await names()).toContain('drill_1')
  })

  test('a folder backup cannot be restored as a database', async () => {
    expect(existsSync(join(stage.folder, 'source'))).toBe(true)
    const files = backedUp(
      await stage.reportOn({
        ...database('books', 'DB/files'),
        source: { executor: 'filesystem', path: join(stage.folder, 'source'), exclude: [] },
      }),
    )
    const digest = files.writtenDigest ?? ''
    const task = restore('DB/files', digest, files.manifestDigest, 'drill_2', 'postgres')
    expect(await stage.reportOn(task)).toMatchObject({
      cause: 'digest',
      detail: 'the object holds tar, not pg_dump',
    })
    expect(await names()).not.toContain('drill_2')
  })

  test('an agent that is killed while it saves leaves no pg_dump, no session and no part', async () => {
    const locker = new pg.Client({ connectionString: url })
    await locker.connect()
    try {
      // pg_dump locks the parent of partitions, the count of rows does not come to it.
      await locker.query('begin; lock table only "Odd name" in access exclusive mode')
      stage.give(database('books', 'DB/killed'))
      await patiently(async () => {
        expect(
          await query(`select from pg_stat_activity where wait_event_type = 'Lock'`),
        ).toHaveLength(1)
      })
      expect(readdirSync(join(stage.folder, 'a', 'DB'))).toContain('killed.part')
      await stage.kill('SIGKILL')
    } finally {
      await locker.end()
    }
    const before = stage.output().length
    stage.start({ ...connect({ books: url }), POSTGRES_SCRATCH: 'books' })
    await patiently(() => {
      expect(stage.output().slice(before)).toContain('removed what an unfinished assignment left')
    })
    expect(
      readdirSync(join(stage.folder, 'a', 'DB')).filter((name) => name.endsWith('.part')),
    ).toEqual([])
    await patiently(async () => {
      expect(await sessions()).toBe(0)
    })
  })

  test('killed between making a database and marking it, it removes the empty one and nobody else’s', async () => {
    await stage.kill('SIGKILL')
    await query('create database unmarked_1')
    await query('create database unmarked_2')
    const full = new pg.Client({ connectionString: url.replace(/books$/, 'unmarked_2') })
    await full.connect()
    await full.query('create table somebody (s int)')
    await full.end()
    for (const name of ['unmarked_1', 'unmarked_2']) {
      const assignmentId = randomUUID()
      writeFileSync(
        join(stage.folder, 'scratch', '.agent', `${assignmentId}.json`),
        JSON.stringify({
          assignmentId,
          state: 'working',
          object: null,
          folder: null,
          database: name,
          children: [],
        }),
      )
    }
    stage.start({ ...connect({ books: url }), POSTGRES_SCRATCH: 'books' })
    await patiently(async () => {
      expect(await names()).not.toContain('unmarked_1')
    })
    await patiently(() => {
      expect(stage.output()).toContain('database unmarked_2 has no mark')
    })
    expect(await names()).toContain('unmarked_2')
  })

  test('neither the password nor the secret nor a token nor the key is in what the agent printed', () => {
    const printed = stage.output()
    for (const secret of [PASSWORD, SECRET, stage.key.toString('base64'), ...stage.tokens])
      expect(printed).not.toContain(secret)
  })

  async function names(): Promise<string[]> {
    return query<{ datname: string }>('select datname from pg_database').then((rows) =>
      rows.map(({ datname }) => datname),
    )
  }

  async function sessions(): Promise<number> {
    const rows = await query(
      `select from pg_stat_activity where application_name = 'erp-steward-agent'`,
    )
    return rows.length
  }

  async function query<Row extends object>(sql: string): Promise<Row[]> {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    try {
      return (await client.query<Row>(sql)).rows
    } finally {
      await client.end()
    }
  }
})

test('with CI=true the round on a real server is not left out where the tools are', () => {
  if (process.env.CI === 'true' && programs.length > 0) expect(missing).toBeNull()
})
