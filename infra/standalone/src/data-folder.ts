import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  statSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as delay } from 'node:timers/promises'

// Source: SQLite result code SQLITE_BUSY.
const SQLITE_BUSY = 5

/**
 * Makes the data folder and what is missing above it.
 *
 * @param folder absolute
 * @throws Error, in words for the operator, when it cannot be made or not be written
 */
export function makeFolder(folder: string): void {
  try {
    // Not `recursive`: where a file system refuses folders, Node 24 may try for ever instead of telling.
    const missing: string[] = []
    for (let at = folder; !existsSync(at); at = dirname(at)) missing.push(at)
    for (const each of missing.reverse()) makeOne(each)
    if (!statSync(folder).isDirectory()) throw new Error('it is no folder')
    accessSync(folder, constants.W_OK | constants.X_OK)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new Error(
      `The data folder ${folder} cannot be made or written: ${reason}. Choose another one with STEWARD_DATA.`,
      { cause: error },
    )
  }
}

function makeOne(folder: string): void {
  try {
    mkdirSync(folder, { mode: 0o755 })
  } catch (error) {
    // Another host that starts at the same moment may have made it.
    if (!existsSync(folder)) throw error
  }
}

/**
 * Takes a data folder for this process, made when missing; the returned function gives it back.
 *
 * Two hosts that start at the same moment would make the same database twice. A lock file with a process id outlives
 * its writer and is never taken over safely; SQLite's lock is one of the operating system, which falls with its holder.
 *
 * @throws Error when another living process holds the folder, or this user cannot write there
 */
export function holdFolder(folder: string): () => void {
  makeFolder(folder)
  const lock = new DatabaseSync(join(folder, 'host.lock'), { timeout: 0 })
  try {
    lock.exec('pragma journal_mode = memory; begin exclusive')
  } catch (error) {
    lock.close()
    if (error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY)
      throw new Error(
        `${folder} serves another running process: stop that one, or choose another folder with STEWARD_DATA.`,
        { cause: error },
      )
    throw error
  }
  return () => {
    lock.close()
  }
}

/**
 * Ends the initdb that a killed host left at work: it goes on for a moment, and when it fails it removes what stands in
 * its place by then. Only for the holder of the folder. Where there is no `/proc`, it is left to end by itself.
 */
export async function endLeftInitdb(folder: string): Promise<void> {
  for (;;) {
    const left = standingIn(join(realpathSync(folder), 'postgres.new'))
    if (left.length === 0) return
    for (const pid of left) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // It has ended meanwhile.
      }
    }
    await delay(10)
  }
}

function standingIn(directory: string): number[] {
  if (process.platform !== 'linux') return []
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => {
      try {
        // A directory that was removed under a process is named with a remark behind.
        return (
          pid > 0 && readlinkSync(`/proc/${pid}/cwd`).replace(/ \(deleted\)$/, '') === directory
        )
      } catch {
        return false
      }
    })
}
