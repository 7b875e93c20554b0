import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, describe, expect, jest, test } from '@jest/globals'
import { freePort } from '@erp-steward/postgres/port'
import { changePassword, Folders, nothingLeft, passwordOf, ROOT, signIn } from './host-process.ts'

// Every start makes a database; on two busy cores that takes a multiple of its seconds.
jest.setTimeout(600_000)

const NOBODY = 65534
const STACK = /^\s+at .+:\d+/m

const folders = new Folders()
afterEach(() => folders.clear())

test('the first start says where everything is; the second keeps passwords and data', async () => {
  const folder = folders.fresh()
  const first = folders.host(folder)
  const gateway = await first.ready()
  const passwordFile = join(folder, 'administrators.txt')
  expect(first.output).toContain(`docs        ${gateway}/docs`)
  expect(first.output).toContain(`passwords   ${passwordFile}`)
  expect(first.output).toContain('stop        Ctrl-C')
  expect((await fetch(`${gateway}/docs`)).status).toBe(200)

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
  expect(await signIn(again, 'SYSADM', 'Kept-over-a-start-1!')).not.toBe('')
  expect(await signIn(again, 'SYSADM', initial)).toBe('')
  expect(await signIn(again, 'AUDADM', passwordOf(folder, 'AUDADM'))).not.toBe('')
  await second.end('SIGTERM')
})

describe('a signal', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)(
    '%s ends everything in order, with callers still connected',
    async (signal) => {
      const folder = folders.fresh()
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
    const folder = folders.fresh()
    const host = folders.host(folder)
    await host.ready()
    host.child.stdout?.destroy()
    host.child.stderr?.destroy()
    expect((await host.end('SIGHUP')).code).toBe(0)
    await nothingLeft(folder)
  })

  test.each([
    ['SIGINT', 'the database is made', 'Making a PostgreSQL'],
    ['SIGTERM', 'the schemas are made', 'Migrating identity'],
    ['SIGINT', 'the last schema is made', ', monitoring-ingest'],
    ['SIGTERM', 'the services start', 'Starting the services'],
  ] as const)('%s while %s ends the start, and the next one works', async (signal, _, line) => {
    const folder = folders.fresh()
    const host = folders.host(folder)
    await host.says(line)
    const { code } = await host.end(signal)
    expect(host.output).toContain('Stopped.')
    expect(host.output).not.toMatch(STACK)
    expect(code).toBe(0)
    await nothingLeft(folder)

    const next = folders.host(folder)
    const gateway = await next.ready()
    expect(await signIn(gateway, 'SYSADM', passwordOf(folder, 'SYSADM'))).not.toBe('')
  })

  test('before the first line ends the process and leaves nothing', async () => {
    const folder = folders.fresh()
    const host = folders.host(folder)
    await delay(Math.random() * 500)
    await host.end('SIGTERM')
    await nothingLeft(folder)
  })

  test('to npm ends what npm started', async () => {
    const folder = folders.fresh()
    const npm = folders.host(folder, { command: ['npm', 'start'] })
    await npm.ready()
    await npm.end('SIGTERM')
    await nothingLeft(folder)
  })
})

describe('after kill -9', () => {
  const moments = [
    'Starting PostgreSQL',
    'Migrating identity',
    ', monitoring-ingest',
    'Starting the services',
  ]

  test.each([0, 150, 300])(
    '%i ms into the making of the database the next one works',
    async (after) => {
      const folder = folders.fresh()
      const killed = folders.host(folder)
      await killed.says('Making a PostgreSQL')
      await delay(after)
      await killed.end('SIGKILL')
      const next = folders.host(folder)
      await next.ready()
    },
  )

  test.each([1, 2, 3])('at a random moment of the start the next one works (%i)', async () => {
    const folder = folders.fresh()
    const moment = moments[Math.floor(Math.random() * moments.length)] ?? ''
    const after = Math.round(Math.random() * 400)
    const killed = folders.host(folder)
    await killed.says(moment)
    await delay(after)
    await killed.end('SIGKILL')

    const next = folders.host(folder)
    const gateway = await next.ready().catch((error: unknown) => {
      throw new Error(`Killed ${after} ms after "${moment}"`, { cause: error })
    })
    expect(await signIn(gateway, 'SYSADM', passwordOf(folder, 'SYSADM'))).not.toBe('')
    expect((await next.end('SIGINT')).code).toBe(0)
    await nothingLeft(folder)
  })

  test('the database that was left is taken over on its port, with all that was answered', async () => {
    const folder = folders.fresh()
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
      const { code, output } = await refused(folders.fresh(), {
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
    const folder = folders.fresh()
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
