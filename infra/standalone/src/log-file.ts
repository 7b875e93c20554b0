import { closeSync, existsSync, fstatSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'

/** Where and how much of the log is kept. */
export interface LogFileOptions {
  readonly file: string
  /** Size of one file in bytes, at least 1; a line that is longer than that has a file of its own. */
  readonly maxBytes: number
  /** How many full files are kept as `<file>.1`, the newest, to `<file>.<keep>`; at least 1. */
  readonly keep: number
}

/**
 * A log of lines whose files are turned over by size, mode 0600: `keep + 1` files of `maxBytes` at most.
 *
 * Written and turned over at once, so that a process that is killed has lost no line, and no line stands in two files.
 * A disk that is full or gone ends nothing: lines are lost, and how many is said in a line once there is room again.
 *
 * @throws Error when the file cannot be opened at first
 */
export function openLogFile({ file, maxBytes, keep }: LogFileOptions): {
  write(line: string): void
} {
  let handle: number | null = openSync(file, 'a', 0o600)
  let size = fstatSync(handle).size
  let lost = 0

  function turnOver(): void {
    if (handle !== null) closeSync(handle)
    handle = null
    rmSync(`${file}.${keep}`, { force: true })
    for (let number = keep - 1; number >= 1; number -= 1)
      renameIfThere(`${file}.${number}`, `${file}.${number + 1}`)
    renameIfThere(file, `${file}.1`)
  }

  function append(bytes: Buffer): void {
    if (size > 0 && size + bytes.length > maxBytes) turnOver()
    if (handle === null) {
      handle = openSync(file, 'a', 0o600)
      size = fstatSync(handle).size
    }
    let done = 0
    while (done < bytes.length) {
      const count = writeSync(handle, bytes, done)
      done += count
      size += count
    }
  }

  return {
    write(line) {
      try {
        if (lost > 0) {
          // The line feed in front ends what may have been cut short.
          append(Buffer.from(`\n${lossOf(lost)}\n`))
          lost = 0
        }
        append(Buffer.from(line))
      } catch {
        lost += 1
      }
    },
  }
}

/** As the log's other lines; `level` is that of a warning. */
function lossOf(lines: number): string {
  const time = new Date().toISOString()
  return JSON.stringify({ level: 40, time, lines, msg: 'lines of the log could not be written' })
}

function renameIfThere(from: string, to: string): void {
  if (existsSync(from)) renameSync(from, to)
}
