import {
  chmodSync,
  closeSync,
  fchmodSync,
  fchownSync,
  futimesSync,
  lchownSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  openSync,
  symlinkSync,
  writeSync,
} from 'node:fs'
import { extract, type Header } from 'tar-stream'
import { WorkFailed } from '../work-failed.ts'
import { pathKey, shown } from './entry.ts'
import { DATA, MANIFEST, RAW_PATH, RAW_TARGET, REMARKS } from './pack-folder.ts'

/**
 * Lays the data of a tar stream below `root`, an empty folder of ours, and answers with the list that the stream holds.
 *
 * Every entry needs a parent that this very restore has made as a real folder, so neither `..` nor a link can lead out.
 * Owners come back when the agent runs as root; modes and times always.
 *
 * @throws WorkFailed `refused` for an entry that would leave `root`, `digest` when the list is missing
 */
export async function unpackFolder(root: string, plain: AsyncIterable<Buffer>): Promise<string> {
  const base = Buffer.from(`${root}/`)
  const folders = new Map<string, Header | null>([['', null]])
  const files = new Set<string>()
  const ownsAll = process.getuid?.() === 0
  let list: string | null = null

  const target = (path: Buffer): Buffer => {
    const parent = path.subarray(0, Math.max(0, path.lastIndexOf(0x2f)))
    if (!isPlain(path) || !folders.has(pathKey(parent)))
      throw new WorkFailed('refused', `the entry ${shown(path)} would leave the scratch folder`)
    return Buffer.concat([base, path])
  }

  const place = async (header: Header, content: AsyncIterable<Buffer>): Promise<void> => {
    const path = dataPath(header)
    const at = target(path)
    switch (header.type) {
      case 'directory':
        mkdirSync(at, { mode: 0o700 })
        folders.set(pathKey(path), header)
        return
      case 'file':
        await writeFile(at, header, content, ownsAll)
        files.add(pathKey(path))
        return
      case 'symlink':
        symlinkSync(linkTarget(header), at)
        if (ownsAll) lchownSync(at, header.uid, header.gid)
        lutimesSync(at, header.mtime, header.mtime)
        return
      case 'link': {
        const first = withoutData(linkTarget(header), header)
        if (!files.has(pathKey(first)))
          throw new WorkFailed('refused', `the link ${shown(path)} names no file of this backup`)
        linkSync(target(first), at)
        files.add(pathKey(path))
        return
      }
      default:
        throw new WorkFailed(
          'refused',
          `the entry ${shown(path)} is of a kind that no backup makes`,
        )
    }
  }

  const entries = extract()
  const feed = async () => {
    for await (const chunk of plain) {
      if (!entries.write(chunk)) await drained(entries)
    }
    entries.end(null)
  }
  const fed = feed().catch((error: unknown) => {
    entries.destroy(error instanceof Error ? error : new Error(String(error)))
    throw error
  })
  fed.catch(() => undefined)
  for await (const entry of entries) {
    const { header } = entry
    // It is typed as a stream of anything; an entry gives bytes.
    const content = entry as AsyncIterable<Buffer>
    if (header.name === MANIFEST) list = await textOf(content)
    else if (header.name === REMARKS) await textOf(content)
    else await place(header, content)
    entry.resume()
  }
  await fed
  if (list === null) throw new WorkFailed('digest', 'the backup ends before its list of contents')

  // Innermost first: a folder that may not be written must be filled before, and filling changes its time.
  for (const [key, header] of [...folders].reverse()) {
    if (header === null) continue
    const at = Buffer.concat([base, Buffer.from(key, 'latin1')])
    if (ownsAll) lchownSync(at, header.uid, header.gid)
    chmodSync(at, header.mode & 0o7777)
    lutimesSync(at, header.mtime, header.mtime)
  }
  return list
}

async function writeFile(
  at: Buffer,
  header: Header,
  content: AsyncIterable<Buffer>,
  ownsAll: boolean,
): Promise<void> {
  const descriptor = openSync(at, 'wx', 0o600)
  try {
    for await (const chunk of content) {
      for (let done = 0; done < chunk.length;) done += writeSync(descriptor, chunk, done)
    }
    // The owner first: changing it takes the set-user bit away.
    if (ownsAll) fchownSync(descriptor, header.uid, header.gid)
    fchmodSync(descriptor, header.mode & 0o7777)
    futimesSync(descriptor, header.mtime, header.mtime)
  } finally {
    closeSync(descriptor)
  }
}

function dataPath(header: Header): Buffer {
  const raw = rawOf(header, RAW_PATH)
  if (raw !== undefined) return Buffer.from(raw, 'base64')
  const path = withoutData(Buffer.from(header.name), header)
  return header.type === 'directory' && path.at(-1) === 0x2f ? path.subarray(0, -1) : path
}

function linkTarget(header: Header): Buffer {
  const raw = rawOf(header, RAW_TARGET)
  return raw === undefined ? Buffer.from(header.linkname) : Buffer.from(raw, 'base64')
}

function rawOf({ pax }: Header, member: string): string | undefined {
  const value = (pax as Readonly<Record<string, unknown>> | null | undefined)?.[member]
  return typeof value === 'string' ? value : undefined
}

function withoutData(path: Buffer, { name }: Header): Buffer {
  if (path.subarray(0, DATA.length).toString('latin1') !== DATA)
    throw new WorkFailed('refused', `the entry ${name} would leave the scratch folder`)
  return path.subarray(DATA.length)
}

function isPlain(path: Buffer): boolean {
  return pathKey(path)
    .split('/')
    .every((part) => part !== '' && part !== '.' && part !== '..' && !part.includes('\0'))
}

async function textOf(content: AsyncIterable<Buffer>): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of content) parts.push(part)
  return Buffer.concat(parts).toString('utf8')
}

function drained(stream: NodeJS.EventEmitter): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = () => {
      stream.off('drain', settle)
      stream.off('close', closed)
      resolve()
    }
    const closed = () => {
      stream.off('drain', settle)
      reject(new Error('The tar stream was closed.'))
    }
    stream.once('drain', settle)
    stream.once('close', closed)
  })
}
