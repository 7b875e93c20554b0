import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readlinkSync } from 'node:fs'
import { pack, type Header, type Pack } from 'tar-stream'
import { codeOf } from '../work-failed.ts'
import { listText, shown, type Entry } from './entry.ts'
import { openFound, type OpenFile } from './read-file.ts'
import { GONE, unreadable, walk, type Found } from './walk.ts'

/** What was packed, known when the tar stream has ended. */
export interface Packed {
  /** SHA-256 of the canonical list. */
  readonly manifestDigest: string
  /** Files, links included; folders are listed, but not counted. */
  readonly items: number
  readonly sourceBytes: number
  /** Files that changed while they were read: what was read is stored and listed. */
  readonly changed: readonly string[]
  /** What was gone before it could be read. */
  readonly vanished: readonly string[]
  /** Sockets, pipes and devices, which hold no data. */
  readonly special: readonly string[]
}

/** Folder of the tar that holds the data. */
export const DATA = 'data/'
/** The last entry of the tar: the canonical list of all others. */
export const MANIFEST = 'manifest.jsonl'
/** What the list cannot say: what changed, vanished or is special. */
export const REMARKS = 'remarks.json'
/** PAX member that carries a name whose bytes are no UTF-8, in base64. */
export const RAW_PATH = 'STEWARD.path'
/** As `RAW_PATH`, for the target of a link. */
export const RAW_TARGET = 'STEWARD.linkpath'

/** What an entry is made with. */
type EntryHeader = Pick<Header, 'name'> & Partial<Header>

/** A folder as a tar stream; `packed` rejects and the stream breaks when something in it cannot be read. */
export function packFolder(
  root: string,
  exclude: readonly string[],
): { readonly stream: AsyncIterable<Buffer>; readonly packed: Promise<Packed> } {
  const stream = pack({ highWaterMark: 1 << 20 })
  const packed = fill(stream, root, exclude).catch((error: unknown) => {
    stream.destroy(error instanceof Error ? error : new Error(String(error)))
    throw error
  })
  // The stream carries the error as well; whoever waits for it first must not leave this one unheard.
  packed.catch(() => undefined)
  // It is typed as a stream of anything; a pack gives bytes.
  return { stream: stream as AsyncIterable<Buffer>, packed }
}

async function fill(stream: Pack, root: string, exclude: readonly string[]): Promise<Packed> {
  const entries: Entry[] = []
  const changed: string[] = []
  const vanished: string[] = []
  const special: string[] = []
  const firstNames = new Map<string, Buffer>()
  let sourceBytes = 0
  const onVanished = (path: Buffer) => vanished.push(shown(path))

  for (const found of walk(root, { exclude, onVanished })) {
    const { path, stats } = found
    if (stats.isDirectory()) {
      const mode = Number(stats.mode) & 0o7777
      await add(stream, { ...headerOf(found, path), type: 'directory', mode })
      entries.push({ type: 'folder', path, mode })
    } else if (stats.isSymbolicLink()) {
      const target = targetOf(found)
      if (target === null) onVanished(path)
      else {
        await add(stream, { ...headerOf(found, path, target), type: 'symlink', mode: 0o777 })
        entries.push({ type: 'symlink', path, target })
      }
    } else if (!stats.isFile()) special.push(shown(path))
    else {
      const identity = stats.nlink > 1n ? `${stats.dev}:${stats.ino}` : null
      const first = identity === null ? undefined : firstNames.get(identity)
      if (first !== undefined) {
        const target = Buffer.concat([Buffer.from(DATA), first])
        await add(stream, { ...headerOf(found, path, target), type: 'link' })
        entries.push({ type: 'hardlink', path, target: first })
        continue
      }
      const file = openFound(found)
      if (file === null) {
        onVanished(path)
        continue
      }
      try {
        const { sha256, hasChanged } = await addFile(stream, headerOf(found, path), file)
        entries.push({ type: 'file', path, mode: file.mode, size: file.size, sha256 })
        if (hasChanged) changed.push(shown(path))
      } finally {
        file.close()
      }
      sourceBytes += file.size
      if (identity !== null) firstNames.set(identity, path)
    }
  }

  const list = listText(entries)
  const remarks = `${JSON.stringify({ changed, vanished, special })}\n`
  await add(stream, { name: REMARKS, mode: 0o600 }, Buffer.from(remarks))
  await add(stream, { name: MANIFEST, mode: 0o600 }, Buffer.from(list))
  stream.finalize()
  return {
    manifestDigest: createHash('sha256').update(list).digest('hex'),
    items: entries.filter(({ type }) => type !== 'folder').length,
    sourceBytes,
    changed,
    vanished,
    special,
  }
}

function headerOf({ stats }: Found, path: Buffer, target?: Buffer): EntryHeader {
  const name = shown(path)
  const linkname = target === undefined ? null : shown(target)
  const pax: Record<string, string> = {}
  if (!Buffer.from(name).equals(path)) pax[RAW_PATH] = path.toString('base64')
  if (target !== undefined && linkname !== null && !Buffer.from(linkname).equals(target))
    pax[RAW_TARGET] = target.toString('base64')
  return {
    name: DATA + name,
    ...(linkname === null ? {} : { linkname }),
    mtime: new Date(Number(stats.mtimeMs)),
    uid: Number(stats.uid),
    gid: Number(stats.gid),
    ...(Object.keys(pax).length > 0 ? { pax } : {}),
  }
}

function targetOf({ path, access }: Found): Buffer | null {
  try {
    return readlinkSync(access, { encoding: 'buffer' })
  } catch (error) {
    if (GONE.has(codeOf(error)) || codeOf(error) === 'EINVAL') return null
    throw unreadable(path, error)
  }
}

function add(stream: Pack, header: EntryHeader, bytes?: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (error?: Error | null) => {
      if (error) reject(error)
      else resolve()
    }
    if (bytes === undefined) stream.entry(header, done)
    else stream.entry(header, bytes, done)
  })
}

async function addFile(
  stream: Pack,
  header: EntryHeader,
  file: OpenFile,
): Promise<{ readonly sha256: string; readonly hasChanged: boolean }> {
  const named = { ...header, size: file.size, mode: file.mode }
  const blocks = file.blocks()
  const first = blocks.next()
  if (first.done === true) {
    await add(stream, named, Buffer.alloc(0))
    return first.value
  }
  if (first.value.length === file.size) {
    await add(stream, named, first.value)
    const end = blocks.next()
    if (end.done === true) return end.value
  }
  let outcome: { readonly sha256: string; readonly hasChanged: boolean } | undefined
  const done = new Promise<void>((resolve, reject) => {
    const sink = stream.entry(named, (error) => {
      if (error) reject(error)
      else resolve()
    })
    const feed = async () => {
      for (let block: ReturnType<typeof blocks.next> = first; ; block = blocks.next()) {
        if (block.done === true) {
          outcome = block.value
          break
        }
        if (!sink.write(block.value)) await once(sink, 'drain')
      }
      sink.end(null)
    }
    feed().catch(reject)
  })
  await done
  if (outcome === undefined) throw new Error('A file ended before its last block.')
  return outcome
}
