import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

/** A server process that holds a data directory right now. */
export interface LivingServer {
  pid: number
  port: number
  /** It accepts connections. */
  ready: boolean
}

const FAST_SHUTDOWN_LIMIT_MS = 30_000

/**
 * The server that runs on this directory, `null` when none does. A lock file whose process id has gone to another
 * program since is removed, because PostgreSQL would refuse to start beside it.
 */
export function livingServer(dataDirectory: string): LivingServer | null {
  const file = join(dataDirectory, 'postmaster.pid')
  const lines = readLines(file)
  // Source: PostgreSQL's pidfile.h: line 1 pid, line 4 port, line 8 status.
  const pid = Number(lines[0])
  if (!Number.isInteger(pid) || pid <= 0 || !isAlive(pid)) return null
  if (!holdsDirectory(pid, dataDirectory)) {
    rmSync(file, { force: true })
    return null
  }
  return { pid, port: Number(lines[3]), ready: lines[7]?.trim() === 'ready' }
}

/**
 * Ends the server of a directory and waits until it is gone; none running is fine.
 * @throws Error when it still runs after an immediate shutdown.
 */
export async function terminateServer(dataDirectory: string): Promise<void> {
  // Source: PostgreSQL's manual, "Shutting Down the Server": SIGINT is fast, SIGQUIT immediate.
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
    const server = livingServer(dataDirectory)
    if (server === null) return
    process.kill(server.pid, signal)
    const deadline = Date.now() + FAST_SHUTDOWN_LIMIT_MS
    while (isAlive(server.pid) && holdsDirectory(server.pid, dataDirectory)) {
      if (Date.now() > deadline) break
      await delay(10)
    }
  }
  const server = livingServer(dataDirectory)
  if (server !== null) throw new Error(`PostgreSQL (process ${server.pid}) does not end.`)
}

function readLines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n')
  } catch {
    return []
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    // Another user's process: the server of our data always runs as a user that we may signal.
    return false
  }
}

// A server stands in its data directory; a zombie stands nowhere.
function holdsDirectory(pid: number, dataDirectory: string): boolean {
  try {
    if (process.platform === 'linux') {
      const standsIn = statSync(`/proc/${pid}/cwd`)
      const data = statSync(dataDirectory)
      return standsIn.ino === data.ino && standsIn.dev === data.dev
    }
    return execFileSync('ps', ['-o', 'comm=', '-p', String(pid)])
      .toString()
      .includes('postgres')
  } catch {
    return false
  }
}
