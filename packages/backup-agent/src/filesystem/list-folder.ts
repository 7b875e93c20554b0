import { readlinkSync } from 'node:fs'
import type { Entry } from './entry.ts'
import { openFound } from './read-file.ts'
import { unreadable, walk } from './walk.ts'

/**
 * The entries of a folder as a backup of it would list them, read anew from the disk.
 *
 * @throws WorkFailed naming what cannot be read or has no place in a backup
 */
export async function listFolder(
  root: string,
  onBytes: (count: number) => void,
  signal: AbortSignal,
): Promise<Entry[]> {
  const entries: Entry[] = []
  const firstNames = new Map<string, Buffer>()
  const onVanished = (path: Buffer) => {
    throw unreadable(path, new Error('it vanished'))
  }
  for (const found of walk(root, { exclude: [], onVanished })) {
    const { path, access, stats } = found
    const mode = Number(stats.mode) & 0o7777
    if (stats.isDirectory()) entries.push({ type: 'folder', path, mode })
    else if (stats.isSymbolicLink())
      entries.push({ type: 'symlink', path, target: readlinkSync(access, { encoding: 'buffer' }) })
    else {
      const identity = `${stats.dev}:${stats.ino}`
      const first = firstNames.get(identity)
      if (first !== undefined) {
        entries.push({ type: 'hardlink', path, target: first })
        continue
      }
      if (stats.nlink > 1n) firstNames.set(identity, path)
      const file = openFound(found)
      if (file === null) throw unreadable(path, new Error('it is no file'))
      try {
        const blocks = file.blocks()
        let block = blocks.next()
        for (; block.done !== true; block = blocks.next()) {
          onBytes(block.value.length)
          await breathe(signal)
        }
        entries.push({ type: 'file', path, mode, size: file.size, sha256: block.value.sha256 })
      } finally {
        file.close()
      }
    }
  }
  return entries
}

// Files are read by calls that wait; heartbeats must be sent in between.
async function breathe(signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  await new Promise((resolve) => setImmediate(resolve))
}
