/** Largest request after decompression, in bytes: some 200,000 samples. */
export const MAX_UNCOMPRESSED_BYTES = 8 * 1_048_576

/** A three-byte copy yields at most 64 bytes; a claim beyond that is a lie. Source: Snappy format description. */
const MOST_BYTES_PER_BYTE = 64 / 3

/** What a Snappy block claims to hold: its length in bytes, or why it is not even tried. */
export type SnappyClaim =
  { readonly kind: 'length'; readonly bytes: number } | { readonly kind: 'malformed' | 'too-large' }

/** Reads the claimed length at the head of a Snappy block, before a byte of it is allocated. */
export function snappyClaim(block: Uint8Array): SnappyClaim {
  let bytes = 0
  for (let index = 0; index < 5; index += 1) {
    const byte = block[index]
    if (byte === undefined) return { kind: 'malformed' }
    bytes += (byte & 0x7f) * 2 ** (7 * index)
    if (byte >= 0x80) continue
    if (bytes > MAX_UNCOMPRESSED_BYTES) return { kind: 'too-large' }
    if (bytes > (block.length - index) * MOST_BYTES_PER_BYTE) return { kind: 'malformed' }
    return { kind: 'length', bytes }
  }
  return { kind: 'malformed' }
}
