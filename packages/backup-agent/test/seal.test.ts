import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { FRAME_BYTES, TAG_BYTES } from '../src/seal/container.ts'
import { examine } from '../src/seal/examine.ts'
import { seal } from '../src/seal/seal.ts'
import { unseal } from '../src/seal/unseal.ts'

const key = { id: 'K1', bytes: randomBytes(32) }
const keys = new Map([[key.id, key.bytes]])
const plain = randomBytes(3 * FRAME_BYTES + 12_345)
const HEADER = 26 + 2 + TAG_BYTES
const FRAME = FRAME_BYTES + TAG_BYTES
const frame = (index: number) => HEADER + index * FRAME

let folder: string
let object: Buffer
let sha256: string
let end: number

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'erp-steward-seal-'))
  object = await sealed(plain)
  sha256 = digestOf(object)
  end = object.length
})
afterAll(() => {
  rmSync(folder, { recursive: true })
})

test('a sealed object opens to what went in, and examining it finds nothing', async () => {
  expect(end).toBe(HEADER + 3 * FRAME + 12_345 + TAG_BYTES)
  expect(await found(object)).toEqual({ storedBytes: end, digest: sha256, finding: null })
  expect((await opened(object)).equals(plain)).toBe(true)
})

test.each([0, 1, FRAME_BYTES - 1, FRAME_BYTES, FRAME_BYTES + 1, 2 * FRAME_BYTES])(
  'an object of %d bytes ends with a frame that says so',
  async (size) => {
    const small = randomBytes(size)
    const stored = await sealed(small)
    expect(await found(stored, digestOf(stored))).toMatchObject({ finding: null })
    expect((await opened(stored, digestOf(stored))).equals(small)).toBe(true)
  },
)

test('the same bytes sealed twice have nothing in common', async () => {
  const again = await sealed(plain)
  expect(again.subarray(HEADER, HEADER + 64).equals(object.subarray(HEADER, HEADER + 64))).toBe(
    false,
  )
})

const frameFinding = (index: number, length = FRAME) =>
  `frame ${index} (bytes ${frame(index)}-${frame(index) + length - 1}) does not open: it was changed`
const lastFinding = () => `${frameFinding(3, end - frame(3))} or cut off`
const headerAlone = `the header (bytes 0-${HEADER - 1}) does not open: it was changed, or key K1 is another one here`
const headerFinding = `${headerAlone}; 4 more after it`
const unknown = 'it does not begin with a known header'

test.each<[string, () => number, () => string]>([
  ['the magic', () => 0, () => unknown],
  ['the kind of content', () => 8, () => headerAlone],
  ['the length of the key id', () => 9, () => 'the SHA-256 is another one; key'],
  ['the salt', () => 12, () => headerFinding],
  ['the key id', () => 27, () => 'the SHA-256 is another one; key K0 is not here'],
  ['the tag of the header', () => HEADER - 1, () => headerAlone],
  ['the first byte of the first frame', () => HEADER, () => frameFinding(0)],
  ['a byte inside a frame', () => frame(2) + 500_000, () => frameFinding(2)],
  ['the tag of a frame', () => frame(2) - 3, () => frameFinding(1)],
  ['the first byte of the last frame', () => frame(3), lastFinding],
  ['the very last byte', () => end - 1, lastFinding],
])('[A-2.4.2] one bit of %s is found and named', async (_what, at, finding) => {
  const changed = Buffer.from(object)
  changed[at()] = (changed[at()] ?? 0) ^ 1
  const result = await found(changed)
  expect(result.finding).toContain(finding())
  expect(result.digest).toBe(digestOf(changed))
  await expect(opened(changed)).rejects.toThrow()
})

test.each<[string, () => Buffer, () => string]>([
  ['cut inside its last frame', () => object.subarray(0, end - 100), () => 'frame 3 (bytes'],
  [
    'cut between frames',
    () => object.subarray(0, frame(2)),
    () =>
      `the object ends with frame 1 (bytes ${frame(1)}-${frame(2) - 1}), which is not its last: it was cut off`,
  ],
  [
    'cut after its header',
    () => object.subarray(0, HEADER),
    () => 'it ends before its first frame',
  ],
  ['emptied', () => Buffer.alloc(0), () => unknown],
  ['lengthened', () => Buffer.concat([object, Buffer.from('x')]), () => 'frame 3 (bytes'],
  [
    'given a frame twice',
    () => Buffer.concat([object.subarray(0, frame(1)), object.subarray(HEADER)]),
    () => frameFinding(1),
  ],
  [
    'robbed of a frame',
    () => Buffer.concat([object.subarray(0, frame(1)), object.subarray(frame(2))]),
    () => frameFinding(1),
  ],
  [
    'reordered',
    () =>
      Buffer.concat([
        object.subarray(0, frame(1)),
        object.subarray(frame(2), frame(3)),
        object.subarray(frame(1), frame(2)),
        object.subarray(frame(3)),
      ]),
    () => `${frameFinding(1)}; 1 more after it`,
  ],
])('[A-2.4.2] an object that was %s is found and named', async (_what, change, finding) => {
  expect((await found(change())).finding).toContain(finding())
  await expect(opened(change())).rejects.toThrow()
})

test('[A-2.4.2] a frame of another object under the same key does not open', async () => {
  const other = await sealed(plain)
  const spliced = Buffer.concat([
    object.subarray(0, frame(1)),
    other.subarray(frame(1), frame(2)),
    object.subarray(frame(2)),
  ])
  expect((await found(spliced)).finding).toBe(frameFinding(1))
})

test('[A-2.4.2] a whole other object in the place is found by its SHA-256', async () => {
  const other = await sealed(plain)
  expect((await found(other)).finding).toBe(
    'every frame opens, but the SHA-256 is another one: it is another object',
  )
  await expect(opened(other)).rejects.toThrow('it is another object')
})

test('another key under the same name opens nothing', async () => {
  const wrong = new Map([['K1', randomBytes(32)]])
  expect((await found(object, sha256, wrong)).finding).toBe(headerFinding)
  await expect(opened(object, sha256, wrong)).rejects.toThrow('does not open')
})

test('a site without the key proves the digest and says that it cannot tell the place', async () => {
  expect((await found(object, sha256, new Map())).finding).toBeNull()
  const changed = Buffer.from(object)
  changed[frame(1)] = (changed[frame(1)] ?? 0) ^ 1
  expect((await found(changed, sha256, new Map())).finding).toBe(
    'the SHA-256 is another one; key K1 is not here, so the place cannot be told',
  )
  await expect(opened(object, sha256, new Map())).rejects.toThrow('key K1 is not in the settings')
})

test('[A-2.4.2] an object that is gone is found', async () => {
  expect(await examine(join(folder, 'gone'), keys, sha256, watch)).toEqual({
    storedBytes: 0,
    digest: null,
    finding: 'the object is not there',
  })
})

const watch = { signal: new AbortController().signal, onBytes: () => undefined }
const digestOf = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

async function sealed(bytes: Buffer): Promise<Buffer> {
  async function* inParts() {
    for (let at = 0; at < bytes.length; at += 100_000)
      yield await Promise.resolve(bytes.subarray(at, at + 100_000))
  }
  const parts: Buffer[] = []
  // A frame's buffer is used again for the next one: the store writes each piece before it asks for more.
  for await (const part of seal(inParts(), key, 'tar')) parts.push(Buffer.from(part))
  return Buffer.concat(parts)
}

function stored(bytes: Buffer): string {
  const path = join(folder, 'object')
  writeFileSync(path, bytes)
  return path
}

const found = (bytes: Buffer, expected = sha256, known: ReadonlyMap<string, Buffer> = keys) =>
  examine(stored(bytes), known, expected, watch)

async function opened(
  bytes: Buffer,
  digest = sha256,
  known: ReadonlyMap<string, Buffer> = keys,
): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of unseal(stored(bytes), known, { content: 'tar', digest }, watch))
    parts.push(part)
  return Buffer.concat(parts)
}
