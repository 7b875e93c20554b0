import type { FileHandle } from 'node:fs/promises'
import {
  FRAME_BYTES,
  isHeaderOf,
  LONGEST_HEADER_BYTES,
  objectKey,
  openFrame,
  readHeader,
  TAG_BYTES,
  type Header,
} from './container.ts'

/** Keys of the agent by their ids, 32 bytes each. */
export type Keys = ReadonlyMap<string, Buffer>

/** A piece of a stored object as it lies there. */
export interface Piece {
  readonly bytes: Buffer
  /** What it holds, opened; `null` for the header, without a key, and when it does not open. */
  readonly plain: Buffer | null
  /** Why it does not open; `null` when it does or when there is no key to try. */
  readonly damage: string | null
}

/** A stored object that is being read. */
export interface StoredObject {
  /** `null` when the object does not begin with one. */
  readonly header: Header | null
  /** Whether the frames can be tried: the header names a key that is here. */
  readonly hasKey: boolean
  /** Header first, then each frame, to the end of the file. */
  pieces(): AsyncGenerator<Piece, void, void>
}

/** Reads an object piece by piece, in one pass; a piece that does not open does not stop it. */
export async function openStored(file: FileHandle, keys: Keys): Promise<StoredObject> {
  const { size } = await file.stat()
  const start = await readAt(file, 0, Math.min(size, LONGEST_HEADER_BYTES))
  const read = readHeader(start)
  const named = read === null ? undefined : keys.get(read.header.keyId)
  const key = read === null || named === undefined ? null : objectKey(named, read.header)
  const headerBytes = read === null ? 0 : read.header.bytes.length + TAG_BYTES

  async function* pieces(): AsyncGenerator<Piece, void, void> {
    if (read === null) {
      yield { bytes: Buffer.alloc(0), plain: null, damage: 'it does not begin with a known header' }
    } else {
      const isWhole = key === null || isHeaderOf(key, read.header, read.tag)
      const damage = `the header (bytes 0-${headerBytes - 1}) does not open: it was changed, or key ${read.header.keyId} is another one here`
      yield { bytes: start.subarray(0, headerBytes), plain: null, damage: isWhole ? null : damage }
    }
    let at = headerBytes
    for (let index = 0; at < size; index++) {
      const bytes = await readAt(file, at, Math.min(FRAME_BYTES + TAG_BYTES, size - at))
      if (bytes.length === 0) return
      const end = at + bytes.length
      const plain = key === null ? null : openFrame(key, index, end === size, bytes)
      const place = `frame ${index} (bytes ${at}-${end - 1})`
      yield {
        bytes,
        plain,
        damage:
          key === null || plain !== null ? null : damageOf(place, key, index, end === size, bytes),
      }
      at = end
    }
    if (at === headerBytes && read !== null)
      yield { bytes: Buffer.alloc(0), plain: null, damage: 'it ends before its first frame' }
  }

  return { header: read?.header ?? null, hasKey: key !== null, pieces }
}

// A frame that opens as one in the middle but stands at the end tells that the rest is gone.
function damageOf(
  place: string,
  key: Buffer,
  index: number,
  isLast: boolean,
  bytes: Buffer,
): string {
  if (openFrame(key, index, !isLast, bytes) === null)
    return `${place} does not open: it was changed${isLast ? ' or cut off' : ''}`
  return isLast
    ? `the object ends with ${place}, which is not its last: it was cut off`
    : `${place} is the last one, but more follows: something was added`
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length)
  let filled = 0
  while (filled < length) {
    const { bytesRead } = await file.read(buffer, filled, length - filled, position + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return buffer.subarray(0, filled)
}
