import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { serviceNames, services } from '@erp-steward/contracts/services'
import { serviceUrl } from '@erp-steward/postgres/roles'
import { startPostgres, type PostgresServer } from '@erp-steward/postgres/server'
import pg from 'pg'
import { passwordSettingOf } from '../src/migrate-config.ts'
import { DATABASE } from '../src/prepare-site.ts'
import { registry } from '../src/registry.ts'
import { ROOT } from './host-process.ts'

const folder = mkdtempSync(join(tmpdir(), 'steward-migrate-'))
const administrators = join(folder, 'administrators.txt')
const passwordOf = (round: string) => (name: string) => `${round}-password-of-${name}`
const MIGRATION_DATABASE_PASSWORD = 'password-of-the-owners'
let server: PostgresServer

beforeAll(async () => {
  server = await startPostgres({ dataDirectory: join(folder, 'data'), port: 0, durable: false })
})
afterAll(async () => {
  await server.stop()
  rmSync(folder, { recursive: true })
})

interface Ended {
  readonly code: number
  readonly output: string
}

async function run(script: string, environment: Readonly<Record<string, string>>): Promise<Ended> {
  try {
    const { stdout, stderr } = await promisify(execFile)(
      process.execPath,
      [join(ROOT, 'scripts', script)],
      { cwd: folder, env: { PATH: process.env.PATH, ...environment } },
    )
    return { code: 0, output: stdout + stderr }
  } catch (error) {
    const ended = error as { code: number; stdout: string; stderr: string }
    return { code: ended.code, output: ended.stdout + ended.stderr }
  }
}

const passwords = (round: string) =>
  Object.fromEntries(serviceNames.map((name) => [passwordSettingOf(name), passwordOf(round)(name)]))

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(text)).rows
  } finally {
    await client.end()
  }
}

const asService = (name: (typeof serviceNames)[number], round: string, text: string) =>
  query(serviceUrl(server.url, DATABASE, name, passwordOf(round)(name)), text)

test('an administrator prepares the server; the job then migrates without one, and again without harm', async () => {
  const prepare = {
    ADMIN_DATABASE_URL: server.url,
    MIGRATION_DATABASE_PASSWORD,
    ...passwords('first'),
  }
  expect(await run('prepare-database.ts', prepare)).toMatchObject({ code: 0 })
  const migrate = {
    SITE_DATABASE_URL: `postgres://127.0.0.1:${server.port}`,
    MIGRATION_DATABASE_PASSWORD,
    ADMINISTRATORS_FILE: administrators,
    ...passwords('first'),
  }
  const once = await run('migrate.ts', migrate)
  expect(once).toMatchObject({ code: 0, output: expect.stringContaining('Done.') })
  const issued = readFileSync(administrators, 'utf8')
  expect(issued.trim().split('\n')).toHaveLength(3)
  expect(statSync(administrators).mode & 0o777).toBe(0o600)

  for (const { name, schema, jobsSchema } of Object.values(services)) {
    const [made] = await asService(
      name,
      'first',
      `select (select count(*) > 0 from ${schema}.migration) as migrated,
              to_regclass('${jobsSchema}._private_jobs') is not null as jobs,
              (select count(*)::int from pg_class c join pg_namespace n on n.oid = c.relnamespace
                where c.relowner <> case n.nspname when '${schema}' then 'steward_${schema}_owner'::regrole
                                                   else '${schema}'::regrole end
                  and n.nspname in ('${schema}', '${jobsSchema}')) as foreign`,
    )
    expect({ name, ...(made as object) }).toEqual({ name, migrated: true, jobs: true, foreign: 0 })
  }

  expect(await run('prepare-database.ts', prepare)).toMatchObject({ code: 0 })
  expect(await run('migrate.ts', migrate)).toMatchObject({ code: 0 })
  expect(readFileSync(administrators, 'utf8')).toBe(issued)
})

const evidence = serviceNames.flatMap((name) =>
  ['parameter_version', ...(registry[name].onlyGrow ?? [])].map((table) => [name, table] as const),
)

test.each(evidence)(
  '[A-4.3.4] %s can add to %s, and do nothing else to it',
  async (name, table) => {
    await asService(name, 'first', `select from ${table} limit 1`)
    for (const statement of [
      `delete from ${table} where false`,
      `truncate ${table}`,
      `drop table ${table}`,
      `alter table ${table} disable trigger all`,
      `alter table ${table} add column more int`,
      `create rule r as on insert to ${table} do instead nothing`,
      `alter table ${table} owner to ${services[name].schema}`,
    ])
      await expect(asService(name, 'first', statement)).rejects.toThrow(
        /permission denied|must be owner/,
      )
    const [rights] = await asService(
      name,
      'first',
      `select has_table_privilege('${table}', 'insert') as adds,
            has_any_column_privilege('${table}', 'update') or has_table_privilege('${table}', 'delete, truncate, trigger') as more`,
    )
    expect(rights).toEqual({ adds: true, more: false })
  },
)

test('[A-4.3.4] no role of a service may touch the ledger of identity, nor its own list of migrations', async () => {
  for (const name of serviceNames) {
    if (name !== 'identity')
      for (const table of ['audit_record', 'audit_head'])
        await expect(asService(name, 'first', `table identity.${table}`)).rejects.toThrow(
          /permission denied/,
        )
    await expect(asService(name, 'first', 'delete from migration')).rejects.toThrow(
      /permission denied/,
    )
  }
  for (const statement of [
    'update audit_head set seq = 0',
    'delete from audit_head',
    'insert into audit_head values (true, 0, sha256($$x$$))',
    'select from audit_head for update',
  ])
    await expect(asService('identity', 'first', statement)).rejects.toThrow(/permission denied/)
})

test('no service sees a table of another, whichever two of them', async () => {
  const url = server.url.replace(/[^/]*$/, DATABASE)
  const pairs = await query(
    url,
    `select r.rolname as role, n.nspname as schema from pg_roles r, pg_namespace n
      where r.rolname = any('{${serviceNames.map((name) => services[name].schema).join()}}')
        and n.nspname !~ '^(pg_|information_schema)'
        and (has_schema_privilege(r.oid, n.oid, 'usage') or has_schema_privilege(r.oid, n.oid, 'create'))
      order by 1, 2`,
  )
  expect(pairs).toEqual(
    serviceNames
      .map((name) => services[name])
      .flatMap(({ schema, jobsSchema }) => [
        { role: schema, schema },
        { role: schema, schema: jobsSchema },
      ])
      .sort((a, b) => (`${a.role} ${a.schema}` < `${b.role} ${b.schema}` ? -1 : 1)),
  )
})

test('the job of an administrator does both, gives new passwords, and takes over what the services of an earlier version own', async () => {
  for (const name of serviceNames)
    await query(
      server.url.replace(/[^/]*$/, DATABASE),
      `reassign owned by steward_${services[name].schema}_owner to ${services[name].schema}`,
    )
  await asService('identity', 'first', 'alter table audit_record disable trigger user')
  const ended = await run('migrate.ts', {
    ADMIN_DATABASE_URL: server.url,
    ADMINISTRATORS_FILE: administrators,
    ...passwords('second'),
  })
  expect(ended).toMatchObject({ code: 0 })
  expect(await asService('identity', 'second', 'select 1 as one')).toEqual([{ one: 1 }])
  await expect(asService('identity', 'first', 'select 1')).rejects.toThrow(/authentication failed/)
  for (const name of serviceNames) {
    await asService(name, 'second', 'select from outbox limit 1')
    await expect(
      asService(name, 'second', 'alter table parameter_version disable trigger user'),
    ).rejects.toThrow(/must be owner/)
  }
})

test('settings that are not usable end the job with every fault named, before anything is touched', async () => {
  const ended = await run('migrate.ts', { ASSESSMENT_DATABASE_PASSWORD: 'short' })
  expect(ended.code).toBe(1)
  expect(ended.output).toContain('IDENTITY_DATABASE_PASSWORD is missing')
  expect(ended.output).toContain(
    'ASSESSMENT_DATABASE_PASSWORD is something else (not shown), and must be text of at least 16 characters',
  )
  expect(ended.output).not.toContain('short')
  expect(await run('migrate.ts', passwords('second'))).toMatchObject({
    code: 1,
    output: expect.stringContaining('one of ADMIN_DATABASE_URL and SITE_DATABASE_URL must be set'),
  })
  const both = { ADMIN_DATABASE_URL: server.url, SITE_DATABASE_URL: server.url }
  expect(await run('migrate.ts', { ...both, ...passwords('second') })).toMatchObject({ code: 1 })
  expect(await run('prepare-database.ts', passwords('second'))).toMatchObject({
    code: 1,
    output: expect.stringContaining('ADMIN_DATABASE_URL is missing'),
  })
})
