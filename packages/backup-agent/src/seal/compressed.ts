import { createZstdCompress, createZstdDecompress } from 'node:zlib'
import { pipeline } from 'node:stream/promises'
import { constants } from 'node:zlib'
import { seal, type NamedKey } from './seal.ts'
import type { Content } from './container.ts'

/** Compresses and seals a stream; every piece of the object goes to `write`. */
export async function sealInto(
  plain: AsyncIterable<Buffer>,
  key: NamedKey,
  content: Content,
  write: (bytes: Buffer) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const compressor = createZstdCompress({
    // Level 3 is the default of zstd: twice the level costs twice the time for a twentieth of the size.
    params: { [constants.ZSTD_c_compressionLevel]: 3 },
    chunkSize: CHUNK_BYTES,
  })
  await pipeline(
    inBlocks(plain),
    compressor,
    async (compressed: AsyncIterable<Buffer>) => {
      for await (const bytes of seal(compressed, key, content)) await write(bytes)
    },
    { signal },
  )
}

/** Gives what was sealed to `read`, decompressed. */
export async function readSealed(
  sealed: AsyncIterable<Buffer>,
  read: (plain: AsyncIterable<Buffer>) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  await pipeline(sealed, createZstdDecompress({ chunkSize: CHUNK_BYTES }), read, { signal })
}

const CHUNK_BYTES = 256 << 10

/** Small chunks put together: a compressor costs a change of threads per chunk, and a tar has three per file. */
async function* inBlocks(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, void> {
  let block = Buffer.allocUnsafeSlow(CHUNK_BYTES)
  let filled = 0
  for await (const chunk of chunks) {
    if (filled + chunk.length > CHUNK_BYTES) {
      if (filled > 0) yield block.subarray(0, filled)
      block = Buffer.allocUnsafeSlow(CHUNK_BYTES)
      filled = 0
      if (chunk.length >= CHUNK_BYTES) {
        yield chunk
        continue
      }
    }
    filled += chunk.copy(block, filled)
  }
  if (filled > 0) yield block.subarray(0, filled)
}
