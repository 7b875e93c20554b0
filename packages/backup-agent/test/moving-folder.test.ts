import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createHash } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { listText } from '../src/filesystem/entry.ts'
import { listFolder } from '../src/filesystem/list-folder.ts'
import { packFolder, type Packed } from '../src/filesystem/pack-folder.ts'
import { unpackFolder } from '../src/filesystem/unpack-folder.ts'

const MIB = 1 << 20
let folder: string
let source: string
let target: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'erp-steward-moving-'))
  source = join(folder, 'source')
  target = join(folder, 'target')
  mkdirSync(source)
  mkdirSync(target)
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

/** Packs and unpacks at once; `meddle` is called when the first bytes are on their way. */
async function pass(
  meddle: () => void,
): Promise<Packed & { readonly listed: string; readonly digest: string }> {
  const { stream, packed } = packFolder(source, [])
  let isFirst = true
  async function* meddled() {
    for await (const chunk of stream) {
      if (isFirst) meddle()
      isFirst = false
      yield chunk
    }
  }
  const listed = await unpackFolder(target, meddled())
  const entries = await listFolder(target, () => undefined, new AbortController().signal)
  const digest = createHash('sha256').update(listText(entries)).digest('hex')
  return { ...(await packed), listed, digest }
}

test.each<[string, (path: string) => void]>([
  [
    'grows',
    (path) => {
      appendFileSync(path, 'more')
    },
  ],
  [
    'shrinks',
    (path) => {
      truncateSync(path, 5 * MIB)
    },
  ],
  [
    'is written in its middle',
    (path) => {
      writeFileSync(path, 'x', { flag: 'r+' })
    },
  ],
])(
  'a file that %s while it is read is stored with its first size, listed as it was stored, and named',
  async (_what, change) => {
    const path = join(source, 'file')
    writeFileSync(path, Buffer.alloc(8 * MIB, 'a'))
    const result = await pass(() => {
      change(path)
    })
    expect(result).toMatchObject({
      changed: ['file'],
      vanished: [],
      items: 1,
      sourceBytes: 8 * MIB,
    })
    expect(result.digest).toBe(result.manifestDigest)
  },
)

test('what vanishes before it is read is left out, counted and named', async () => {
  writeFileSync(join(source, 'a'), Buffer.alloc(8 * MIB, 'a'))
  writeFileSync(join(source, 'b'), 'b')
  mkdirSync(join(source, 'c'))
  const result = await pass(() => {
    unlinkSync(join(source, 'b'))
    rmSync(join(source, 'c'), { recursive: true })
  })
  expect(result).toMatchObject({ vanished: ['b', 'c'], items: 1 })
  expect(result.digest).toBe(result.manifestDigest)
})

test('a folder that becomes a link to elsewhere is not followed', async () => {
  mkdirSync(join(folder, 'secret'))
  writeFileSync(join(folder, 'secret', 'password'), 'x')
  writeFileSync(join(source, 'a'), Buffer.alloc(8 * MIB, 'a'))
  mkdirSync(join(source, 'b'))
  const result = await pass(() => {
    renameSync(join(source, 'b'), join(folder, 'moved'))
    symlinkSync(join(folder, 'secret'), join(source, 'b'))
  })
  expect(result.listed).toContain('"path":"b","type":"symlink"')
  expect(result.listed).not.toContain('password')
})

test('an empty folder is a backup of nothing', async () => {
  const result = await pass(() => undefined)
  expect(result).toMatchObject({ items: 0, listed: '', sourceBytes: 0 })
  expect(result.digest).toBe(result.manifestDigest)
})

test('what cannot be read ends the backup with its path', async () => {
  chmodSync(folder, 0o755)
  mkdirSync(join(source, 'open'), { mode: 0o755 })
  writeFileSync(join(source, 'open', 'closed'), 'x', { mode: 0o000 })
  // root reads everything: for a moment this process is nobody.
  const isRoot = process.getuid?.() === 0
  if (isRoot) process.seteuid?.(65534)
  try {
    const { stream, packed } = packFolder(source, [])
    const read = async () => {
      for await (const _chunk of stream);
    }
    await expect(read()).rejects.toThrow('cannot read open/closed: EACCES')
    await expect(packed).rejects.toThrow('cannot read open/closed: EACCES')
  } finally {
    if (isRoot) process.seteuid?.(0)
  }
})
