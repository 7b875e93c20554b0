import { createHash, hash } from 'node:crypto'
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { codeOf } from '../work-failed.ts'
import { GONE, unreadable, type Found } from './walk.ts'

/** A file that is open; its size is what it was then. */
export interface OpenFile {
  readonly size: number
  readonly mode: number
  /**
   * Exactly `size` bytes in blocks of up to 1 MiB. What the file lost meanwhile comes as zeros, what it gained does
   * not come.
   */
  blocks(): Generator<Buffer, { readonly sha256: string; readonly hasChanged: boolean }, void>
  close(): void
}

const BLOCK_BYTES = 1 << 20
// A pipe that takes the place of a file must not make us wait for a writer.
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

/** Opens a file that a walk found; `null` when it has vanished or is no file any more. @throws WorkFailed */
export function openFound({ path, access }: Found): OpenFile | null {
  let descriptor: number
  try {
    descriptor = openSync(access, FLAGS)
  } catch (error) {
    if (GONE.has(codeOf(error)) || codeOf(error) === 'ENXIO') return null
    throw unreadable(path, error)
  }
  const stats = fstatSync(descriptor)
  if (!stats.isFile()) {
    closeSync(descriptor)
    return null
  }
  const { size, mode, mtimeMs } = stats
  const read = (block: Buffer): number => {
    let filled = 0
    try {
      while (filled < block.length) {
        const count = readSync(descriptor, block, filled, block.length - filled, null)
        if (count === 0) break
        filled += count
      }
    } catch (error) {
      throw unreadable(path, error)
    }
    block.fill(0, filled)
    return filled
  }
  const hasChanged = (missing: number) => {
    const now = fstatSync(descriptor)
    return missing > 0 || now.size !== size || now.mtimeMs !== mtimeMs
  }

  function* blocks(): ReturnType<OpenFile['blocks']> {
    if (size <= BLOCK_BYTES) {
      // Most files: one call of the hash is cheaper than an object for it.
      const block = Buffer.allocUnsafe(size)
      const missing = size - read(block)
      if (size > 0) yield block
      return { sha256: hash('sha256', block), hasChanged: hasChanged(missing) }
    }
    const digest = createHash('sha256')
    let missing = 0
    for (let left = size; left > 0;) {
      const block = Buffer.allocUnsafe(Math.min(BLOCK_BYTES, left))
      missing += block.length - read(block)
      digest.update(block)
      left -= block.length
      yield block
    }
    return { sha256: digest.digest('hex'), hasChanged: hasChanged(missing) }
  }

  const close = () => {
    closeSync(descriptor)
  }
  return { size, mode: mode & 0o7777, blocks, close }
}
