import {
  createCipheriv,
  createDecipheriv,
  hkdfSync,
  randomBytes,
  type CipherGCM,
  type DecipherGCM,
} from 'node:crypto'

/** Plain bytes of a frame; only the last one may hold fewer. */
export const FRAME_BYTES = 1 << 20
/** Bytes of an AES-GCM tag. */
export const TAG_BYTES = 16
/** Bytes of the longest header: fixed part, key id of 40 characters, tag. */
export const LONGEST_HEADER_BYTES = 26 + 40 + TAG_BYTES

const MAGIC = Buffer.from('STWSEAL1')
const SALT_BYTES = 16
const FIXED_BYTES = MAGIC.length + 2 + SALT_BYTES
const KEY_BYTES = 32

/** What the compressed stream inside is. */
export type Content = 'tar' | 'pg_dump'

const contents: readonly Content[] = ['tar', 'pg_dump']

/** What stands before the frames: which key seals them, and the salt that makes the key of this object. */
export interface Header {
  readonly content: Content
  readonly keyId: string
  readonly salt: Buffer
  /** All bytes before the tag. */
  readonly bytes: Buffer
}

/** A header with a fresh salt. */
export function newHeader(content: Content, keyId: string): Header {
  const salt = randomBytes(SALT_BYTES)
  const id = Buffer.from(keyId, 'latin1')
  const kind = Buffer.from([contents.indexOf(content), id.length])
  return { content, keyId, salt, bytes: Buffer.concat([MAGIC, kind, salt, id]) }
}

/** The header that an object begins with and its tag; `null` when these are not the bytes of one. */
export function readHeader(start: Buffer): { header: Header; tag: Buffer } | null {
  const content = contents[start[MAGIC.length] ?? -1]
  const idLength = start[MAGIC.length + 1] ?? 0
  const length = FIXED_BYTES + idLength
  if (content === undefined || idLength === 0 || start.length < length + TAG_BYTES) return null
  if (!start.subarray(0, MAGIC.length).equals(MAGIC)) return null
  const header = {
    content,
    keyId: start.toString('latin1', FIXED_BYTES, length),
    salt: start.subarray(MAGIC.length + 2, FIXED_BYTES),
    bytes: start.subarray(0, length),
  }
  return { header, tag: start.subarray(length, length + TAG_BYTES) }
}

/** The key of one object. The salt is its own, so that counter nonces never repeat under one key. */
export function objectKey(key: Buffer, { salt, keyId }: Header): Buffer {
  return Buffer.from(hkdfSync('sha256', key, salt, `erp-steward backup ${keyId}`, KEY_BYTES))
}

/** Proves the header: nothing is encrypted, its bytes are associated data. */
export function headerTag(key: Buffer, header: Header): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key, HEADER_NONCE).setAAD(header.bytes)
  cipher.final()
  return cipher.getAuthTag()
}

/** Whether this key made this tag for this header. */
export function isHeaderOf(key: Buffer, header: Header, tag: Buffer): boolean {
  const decipher = createDecipheriv('aes-256-gcm', key, HEADER_NONCE)
  return opens(decipher.setAAD(header.bytes).setAuthTag(tag), Buffer.alloc(0)) !== null
}

/** One frame: the encrypted bytes and the tag. Index and last-flag are bound, so none can move, go or come. */
export function sealFrame(key: Buffer, index: number, isLast: boolean, plain: Buffer): Buffer[] {
  const cipher: CipherGCM = createCipheriv('aes-256-gcm', key, nonceOf(index))
  cipher.setAAD(placeOf(index, isLast))
  const encrypted = cipher.update(plain)
  cipher.final()
  return [encrypted, cipher.getAuthTag()]
}

/** The plain bytes of a frame with its tag at the end; `null` when it was not sealed so, there and by this key. */
export function openFrame(
  key: Buffer,
  index: number,
  isLast: boolean,
  frame: Buffer,
): Buffer | null {
  if (frame.length < TAG_BYTES) return null
  const end = frame.length - TAG_BYTES
  const decipher = createDecipheriv('aes-256-gcm', key, nonceOf(index))
    .setAAD(placeOf(index, isLast))
    .setAuthTag(frame.subarray(end))
  return opens(decipher, frame.subarray(0, end))
}

// A counter never comes so far: 2^64 frames.
const HEADER_NONCE = Buffer.alloc(12, 0xff)

function nonceOf(index: number): Buffer {
  const nonce = Buffer.alloc(12)
  nonce.writeBigUInt64BE(BigInt(index), 4)
  return nonce
}

function placeOf(index: number, isLast: boolean): Buffer {
  const place = Buffer.alloc(9)
  place.writeBigUInt64BE(BigInt(index))
  place[8] = isLast ? 1 : 0
  return place
}

function opens(decipher: DecipherGCM, encrypted: Buffer): Buffer | null {
  const plain = decipher.update(encrypted)
  try {
    decipher.final()
    return plain
  } catch {
    // The only way of node:crypto to say that the tag is another one.
    return null
  }
}
