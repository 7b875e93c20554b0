// How long `npm start` takes on data that exist, and how much memory the whole site then holds.
// Standalone: node bench/whole-host.ts
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '@erp-steward/postgres/port'
import { startPostgres } from '@erp-steward/postgres/server'
import { freshBundle } from '@erp-steward/standalone/bundle/stored-bundle'
import { cpuMicrosOf, type BenchRow } from '@erp-steward/test-kit/bench-row'

const ROOT = join(import.meta.dirname, '..')
const BUILD_BUNDLE = join(ROOT, 'infra/standalone/src/bundle/build-bundle.ts')
const START_LIMIT_MS = 120_000
/** A minute after a start what only that needed is given back, and idle connections are ended before. */
const SETTLE_MS = 90_000
const MIB = 1_024

export const bottleneck =
  'Start of the host: a seventh is making the OpenAPI documents of six services, a tenth garbage, a quarter loading and ' +
  'running the script; the rest is routes, schemas, entities and what the database is asked, none of it a twentieth.'

/**
 * The first start makes the data, then there is a bundle, whose first start compiles it; the third one is measured. Linux
 * only: reads /proc.
 */
export async function run(): Promise<BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'steward-bench-host-'))
  try {
    await stop((await start(folder)).host)
    // The start has begun to make it, and another maker leaves it to that one.
    while (freshBundle() === null) {
      execFileSync(process.execPath, [BUILD_BUNDLE], { cwd: ROOT })
      await sleep(100)
    }
    await stop((await start(folder)).host)
    const { host, seconds, cpuMicros } = await start(folder)
    await sleep(SETTLE_MS)
    const pids = [...childrenOf(host.pid ?? 0), ...withChildren(serverOf(folder))]
    const held = megabytes(pids)
    await stop(host)
    const alone = await postgresAlone(folder)
    return [
      {
        name: 'start of the whole host on data that exist',
        reference: 'PostgreSQL alone on the same data',
        ours: 1 / seconds,
        theirs: 1 / alone.seconds,
        unit: 'starts/s',
        cpuMicrosPerUnit: cpuMicros,
        note: `npm start: ready after ${seconds.toFixed(1)} s, PostgreSQL alone ${alone.seconds.toFixed(1)} s; CPU without that of PostgreSQL`,
      },
      {
        name: 'memory of the whole host',
        reference: 'PostgreSQL alone on the same data',
        ours: 1_024 / held,
        theirs: 1_024 / alone.held,
        unit: 'hosts per GiB',
        cpuMicrosPerUnit: cpuMicros,
        note: `sum of Pss of host and PostgreSQL ${String(SETTLE_MS / 1_000)} s after the start: ${held.toFixed(0)} MB; PostgreSQL alone ${alone.held.toFixed(0)} MB; CPU of the start`,
      },
    ]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function start(folder: string) {
  const began = performance.now()
  const host = spawn(process.execPath, [join(ROOT, 'scripts', 'run.mjs'), 'start'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      STEWARD_DATA: folder,
      STEWARD_PORT: String(await freePort()),
      STEWARD_POSTGRES_PORT: String(await freePort()),
    },
  })
  const late = setTimeout(() => host.kill('SIGTERM'), START_LIMIT_MS)
  for await (const line of createInterface(host.stdout)) {
    if (!line.includes('is ready after')) continue
    clearTimeout(late)
    // Read on, or a full pipe would stop the host.
    host.stdout.resume()
    const seconds = (performance.now() - began) / 1_000
    const cpuMicros = childrenOf(host.pid ?? 0).reduce((sum, pid) => sum + cpuMicrosOf(pid), 0)
    return { host, seconds, cpuMicros }
  }
  throw new Error('the host ended before it was ready')
}

async function stop(host: ChildProcess): Promise<void> {
  const gone = once(host, 'exit')
  if (host.kill('SIGTERM')) await gone
}

async function postgresAlone(folder: string) {
  const began = performance.now()
  const server = await startPostgres({ dataDirectory: join(folder, 'postgres'), port: 0 })
  const seconds = (performance.now() - began) / 1_000
  const held = megabytes(withChildren(serverOf(folder)))
  await server.stop()
  return { seconds, held }
}

/** PostgreSQL is no child of the host that started it. */
function serverOf(folder: string): number {
  return Number(readFileSync(join(folder, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0])
}

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${String(pid)}/task/${String(pid)}/children`, 'utf8')
    .split(' ')
    .filter((child) => child.trim() !== '')
    .map(Number)
}

function withChildren(pid: number): number[] {
  return [pid, ...childrenOf(pid).flatMap(withChildren)]
}

/** Proportional set size: memory that processes share counts once. */
function megabytes(pids: readonly number[]): number {
  const kib = pids.map((pid) =>
    Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${String(pid)}/smaps_rollup`, 'utf8'))?.[1]),
  )
  return kib.reduce((sum, each) => sum + each, 0) / MIB
}

if (import.meta.main) {
  console.table(await run())
  process.exit(0)
}
