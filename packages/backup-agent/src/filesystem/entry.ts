import { isUtf8 } from 'node:buffer'

/** One line of the list of what a backup holds. Paths are relative; their bytes are whatever the host had. */
export type Entry =
  | { readonly type: 'folder'; readonly path: Buffer; readonly mode: number }
  | {
      readonly type: 'file'
      readonly path: Buffer
      readonly mode: number
      readonly size: number
      readonly sha256: string
    }
  | { readonly type: 'symlink'; readonly path: Buffer; readonly target: Buffer }
  /** Another name of a file that came before. */
  | { readonly type: 'hardlink'; readonly path: Buffer; readonly target: Buffer }

/** A path as people read it; bytes that are no UTF-8 show as replacement characters. */
export const shown = (path: Buffer) => path.toString('utf8')

/** A key for maps: the bytes one to one. */
export const pathKey = (path: Buffer) => path.toString('latin1')

/**
 * The canonical list: a JSON line per entry in the order of the path bytes, members in a fixed order. A name that is
 * no UTF-8 stands in base64 under another member, so that two names never look alike.
 */
export function listText(entries: readonly Entry[]): string {
  return entries
    .toSorted((a, b) => Buffer.compare(a.path, b.path))
    .map((entry) => `${JSON.stringify(lineOf(entry))}\n`)
    .join('')
}

/** The entries of a canonical list by their paths as text, each as its line. */
export function linesByPath(list: string): Map<string, string> {
  const lines = new Map<string, string>()
  for (const line of list.split('\n')) {
    if (line === '') continue
    const { path, pathBytes } = JSON.parse(line) as { path?: string; pathBytes?: string }
    const name = path ?? `${shown(Buffer.from(pathBytes ?? '', 'base64'))} (${pathBytes ?? ''})`
    lines.set(name, line)
  }
  return lines
}

function lineOf(entry: Entry): object {
  switch (entry.type) {
    case 'folder':
      return { ...named('path', entry.path), type: entry.type, mode: octal(entry.mode) }
    case 'file':
      return {
        ...named('path', entry.path),
        type: entry.type,
        mode: octal(entry.mode),
        size: entry.size,
        sha256: entry.sha256,
      }
    case 'symlink':
    case 'hardlink':
      return {
        ...named('path', entry.path),
        type: entry.type,
        ...named('target', entry.target),
      }
  }
}

function named(member: string, bytes: Buffer): object {
  return isUtf8(bytes)
    ? { [member]: bytes.toString('utf8') }
    : { [`${member}Bytes`]: bytes.toString('base64') }
}

const octal = (mode: number) => mode.toString(8).padStart(4, '0')
