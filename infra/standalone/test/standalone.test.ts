import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { serviceNames } from '@erp-steward/contracts/services'
import { afterAll, afterEach, describe, expect, jest, test } from '@jest/globals'
import { freePort } from '@erp-steward/postgres/port'
import {
  changePassword,
  Folders,
  nothingLeft,
  passwordOf,
  ROOT,
  setUpFactor,
  signIn,
  type HostProcess,
} from './host-process.ts'

// A first start makes a database; on two busy cores that takes a multiple of its seconds.
jest.setTimeout(600_000)

const NOBODY = 65534
const STACK = /^\s+at .+:\d+/m
// The schemas are told on one line, as they are begun.
const LAST_SCHEMA = `, ${serviceNames.at(-1) ?? ''}`

const folders = new Folders()
afterEach(() => folders.clear())
afterAll(() => folders.end())

/** A blow that fell late may have left nothing to make: then the next start does not come to that moment. */
const orReady = (host: HostProcess, moment: Promise<unknown>) =>
  Promise.race([moment, host.ready()])

test('the first start says where everything is; the second keeps passwords and data', async () => {
  const folder = folders.fresh()
  const first = folders.host(folder)
  const gateway = await first.ready()
  const passwordFile = join(folder, 'administrators.txt')
  expect(first.output).toContain(`docs        ${gateway}/docs`)
  expect(first.output).toContain(`passwords   ${passwordFile}`)
  expect(first.output).toContain('stop        Ctrl-C')
  expect((await fetch(`${gateway}/docs`)).status).toBe(200)
  const series = await (await fetch(`${gateway}/metrics`)).text()
  for (const service of serviceNames)
    expect(series).toContain(
      `attention_items{kind="dead-letter",severity="critical",service="${service}"} 0`,
    )
  expect(series).toMatch(/^service_ready\{upstream="assessment",service="gateway"\} 1$/m)
  expect(series).toMatch(/^disk_free_bytes\{service="gateway"\} \d+$/m)
  // A metric that came twice would be refused by Prometheus.
  const types = series.match(/^# TYPE .*$/gm) ?? []
  expect(new Set(types).size).toBe(types.length)

  // Secrets, and names of people in the logs, are for their owner alone.
  const modes = Object.fromEntries(
    readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name !== 'host.lock')
      .map(({ name }) => [name, (statSync(join(folder, name)).mode & 0o777).toString(8)]),
  )
  expect(modes).toEqual({
    'administrators.txt': '600',
    'ledger-witness.ndjson': '600',
    'postgres.log': '600',
    'postgres.password': '600',
    'secrets.json': '600',
    'steward.log': '600',
  })

  const initial = passwordOf(folder, 'SYSADM')
  const token = await signIn(gateway, 'SYSADM', initial)
  expect(await changePassword(gateway, token, initial, 'Kept-over-a-start-1!')).toBe(204)
  const passwords = readFileSync(passwordFile, 'utf8')
  await first.end('SIGTERM')

  const second = folders.host(folder)
  const again = await second.ready()
  expect(readFileSync(passwordFile, 'utf8')).toBe(passwords)
  const own = 'Kept-over-a-start-1!'
  const device = await setUpFactor(again, await signIn(again, 'SYSADM', own), own)
  const administrator = await signIn(again, 'SYSADM', own, device)
  expect(administrator).not.toBe('')
  const attention = await fetch(`${again}/v1/attention`, {
    headers: { authorization: `Bearer ${administrator}` },
  })
  expect(attention.status).toBe(200)
  const { items } = (await attention.json()) as { items: { kind: string }[] }
  expect(items.map(({ kind }) => kind)).not.toContain('service-silent')
  expect(await signIn(again, 'SYSADM', initial)).toBe('')
  expect(await signIn(again, 'AUDADM', passwordOf(folder, 'AUDADM'))).not.toBe('')
  await second.end('SIGTERM')
})

describe('a signal', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)(
    '%s ends everything in order, with callers still connected',
    async (signal) => {
      const folder = await folders.prepared()
      const host = folders.host(folder)
      const gateway = new URL(await host.ready())
      const caller = connect(Number(gateway.port), gateway.hostname)
      caller.on('error', () => undefined)
      await once(caller, 'connect')
      caller.write('POST /v1/sessions HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{')

      const { code } = await host.end(signal)
      caller.destroy()
      expect(host.output).toContain('Stopped.')
      expect(code).toBe(0)
      await nothingLeft(folder)
    },
  )

  test('ends the host in order when nobody reads its output any more', async () => {
    const folder = await folders.prepared()
    const host = folders.host(folder)
    await host.ready()
    host.child.stdout?.destroy()
    host.child.stderr?.destroy()
    expect((await host.end('SIGHUP')).code).toBe(0)
    await nothingLeft(folder)
  })

  // One folder for all: each start goes on from where the one before was ended, until one comes to its end.
  test('while a part of the site is made ends the start, and the next one works', async () => {
    const folder = folders.fresh()
    for (const [signal, line] of [
      ['SIGINT', 'Making a PostgreSQL'],
      ['SIGTERM', 'Migrating identity'],
      ['SIGINT', LAST_SCHEMA],
      ['SIGTERM', 'Starting the services'],
    ] as const) {
      const host = folders.host(folder)
      await orReady(host, host.says(line))
      const { code } = await host.end(signal)
      expect({ line, code, output: host.output }).toEqual({
        ...{ line, code: 0 },
        output: expect.stringContaining('Stopped.'),
      })
      expect(host.output).not.toMatch(STACK)
      await nothingLeft(folder)
    }
    const next = folders.host(folder)
    const gateway = await next.ready()
    expect(await signIn(gateway, 'SYSADM', passwordOf(folder, 'SYSADM'))).not.toBe('')
  })

  test.each([
    ['as soon as there is a process', (host: HostProcess) => once(host.child, 'spawn')],
    ['once it hears signals', (host: HostProcess) => host.writes('steward.log')],
  ])('before the first line, %s, ends the process and leaves nothing', async (_, moment) => {
    const folder = folders.fresh()
    const host = folders.host(folder)
    await moment(host)
    await host.end('SIGTERM')
    await nothingLeft(folder)
  })

  test('to npm ends what npm started', async () => {
    const folder = await folders.prepared()
    const npm = folders.host(folder, { command: ['npm', 'start'] })
    await npm.ready()
    await npm.end('SIGTERM')
    await nothingLeft(folder)
  })
})

describe('after kill -9', () => {
  const moments: readonly (readonly [string, (host: HostProcess) => Promise<unknown>])[] = [
    ['before the database', (host) => host.says('Starting PostgreSQL')],
    ['the database is to be made', (host) => host.says('Making a PostgreSQL')],
    // The folder of the making takes the name of the database when it is whole.
    [
      'the database is begun',
      (host) => host.writes('postgres.new/PG_VERSION', 'postgres/PG_VERSION'),
    ],
    [
      'the database is almost made',
      (host) => host.writes('postgres.new/global/pg_control', 'postgres/global/pg_control'),
    ],
    ['the database runs', (host) => host.writes('postgres/postmaster.pid')],
    ['the first schema', (host) => host.says('Migrating identity')],
    ['the last schema', (host) => host.says(LAST_SCHEMA)],
    ['passwords are written, accounts perhaps not', (host) => host.writes('administrators.txt')],
    ['the services start', (host) => host.says('Starting the services')],
  ]

  // One folder for all: each start goes on from where the one before was killed, until one comes to its end.
  test('at each moment of a start the next one works', async () => {
    const folder = folders.fresh()
    let before = 'nothing'
    const killedAt = async (name: string, moment: (host: HostProcess) => Promise<unknown>) => {
      const host = folders.host(folder)
      await orReady(host, moment(host)).catch((error: unknown) => {
        throw new Error(`Killed at "${before}", the next did not reach "${name}"`, { cause: error })
      })
      await host.end('SIGKILL')
      before = name
    }
    for (const [name, moment] of moments) await killedAt(name, moment)

    const next = folders.host(folder)
    const gateway = await next.ready()
    for (const userName of ['SYSADM', 'SECADM', 'AUDADM'])
      expect(await signIn(gateway, userName, passwordOf(folder, userName))).not.toBe('')
    expect((await next.end('SIGINT')).code).toBe(0)
    await nothingLeft(folder)
  })

  test('the database that was left is taken over on its port, with all that was answered', async () => {
    const folder = await folders.prepared()
    const env = { STEWARD_POSTGRES_PORT: String(await freePort()) }
    const killed = folders.host(folder, { env })
    const gateway = await killed.ready()
    const initial = passwordOf(folder, 'SECADM')
    const token = await signIn(gateway, 'SECADM', initial)
    expect(await changePassword(gateway, token, initial, 'Kept-over-a-kill-1!')).toBe(204)
    await killed.end('SIGKILL')

    const next = folders.host(folder, { env })
    const again = await next.ready()
    expect(next.output).toContain('Taking over the PostgreSQL')
    expect(await signIn(again, 'SECADM', 'Kept-over-a-kill-1!')).not.toBe('')
    await next.end('SIGINT')
    await nothingLeft(folder)
  })
})

describe('a start that cannot be', () => {
  async function refused(folder: string, settings: Parameters<Folders['host']>[1]) {
    const host = folders.host(folder, settings)
    const { code } = await host.end()
    expect(host.output).not.toMatch(STACK)
    await nothingLeft(folder)
    return { code, output: host.output }
  }

  test.each(['STEWARD_PORT', 'STEWARD_POSTGRES_PORT'])(
    'because the port is taken names %s',
    async (setting) => {
      const other = createServer().listen(0, '127.0.0.1')
      await once(other, 'listening')
      const address = other.address()
      const port = typeof address === 'object' ? String(address?.port) : ''
      const { code, output } = await refused(await folders.prepared(), {
        env: { [setting]: port },
      }).finally(() => other.close())
      expect(code).toBe(1)
      expect(output).toContain(`Port ${port} on 127.0.0.1 is taken by another program`)
      expect(output).toMatch(new RegExp(`\\b${setting}\\b`))
    },
  )

  test('because the address is not of this machine names STEWARD_HOST', async () => {
    const folder = folders.fresh()
    // Source: RFC 5737, TEST-NET-3.
    const { code, output } = await refused(folder, { env: { STEWARD_HOST: '203.0.113.1' } })
    expect(code).toBe(1)
    expect(output).toContain('STEWARD_HOST')
    expect(existsSync(join(folder, 'postgres'))).toBe(false)
  })

  test('because settings are not usable names all of them, of host, gateway and services', async () => {
    const folder = join(folders.fresh(), 'data')
    const env = {
      STEWARD_PORT: 'eighty',
      STEWARD_POSTGRES_PORT: '65536',
      LOG_LEVEL: 'loud',
      RATE_LIMIT_CALLER: '0',
      INGEST_CONNECTIONS: '99',
    }
    const { code, output } = await refused(folder, { env })
    expect(code).toBe(1)
    for (const name of Object.keys(env)) expect(output).toContain(`- ${name} `)
    expect(existsSync(folder)).toBe(false)
  })

  test('because of an unknown argument says which are known', async () => {
    const { code, output } = await refused(folders.fresh(), { args: ['--kafak'] })
    expect(code).toBe(2)
    expect(output).toBe('Unknown argument --kafak. Usage: npm start [-- --kafka | --help]\n')
  })

  test('because another host has the data folder leaves that one alone', async () => {
    const folder = await folders.prepared()
    const first = folders.host(folder)
    const gateway = await first.ready()
    const second = folders.host(folder)
    expect((await second.end()).code).toBe(1)
    expect(second.output).toContain(`${folder} serves another running process`)
    expect(second.output).toContain('STEWARD_DATA')
    expect(second.output).not.toMatch(STACK)
    expect((await fetch(`${gateway}/health`)).status).toBe(200)
    expect((await first.end('SIGINT')).code).toBe(0)
  })

  test('because another host starts on the data folder at the same moment', async () => {
    const folder = folders.fresh()
    const both = [folders.host(folder), folders.host(folder)]
    const outcomes = await Promise.allSettled(both.map((host) => host.ready()))
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    const [ready] = both.filter((_, index) => outcomes[index]?.status === 'fulfilled')
    expect((await ready?.end('SIGINT'))?.code).toBe(0)
    await nothingLeft(folder)
  })
})

const nobodyReads =
  process.getuid?.() === 0 &&
  spawnSync('/bin/cat', [join(ROOT, 'infra', 'standalone', 'src', 'main.ts')], {
    uid: NOBODY,
    gid: NOBODY,
    cwd: '/',
    stdio: 'ignore',
  }).status === 0

;(nobodyReads ? describe : describe.skip)('an ordinary user', () => {
  test('runs a site of his own', async () => {
    const folder = folders.fresh()
    chownSync(folder, NOBODY, NOBODY)
    const host = folders.host(folder, { uid: NOBODY })
    const gateway = await host.ready()
    expect(await signIn(gateway, 'SYSADM', passwordOf(folder, 'SYSADM'))).not.toBe('')
    expect((await host.end('SIGINT')).code).toBe(0)
    await nothingLeft(folder)
  })

  test('is told which folder he cannot write', async () => {
    const folder = folders.fresh()
    const host = folders.host(join(folder, 'data'), { uid: NOBODY })
    expect((await host.end()).code).toBe(1)
    expect(host.output).toContain(folder)
    expect(host.output).toMatch(/permission denied/)
    expect(host.output).not.toMatch(STACK)
  })
})
