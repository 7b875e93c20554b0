import { closeSync, openSync, readFileSync, readSync, writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { SourceMap } from 'node:module'
import { ROOT, type StoredBundle } from './stored-bundle.ts'

/** Bytes of an entry: two unsigned numbers, which file and which of its lines, counted from 1; 0 for no file. */
const ENTRY = 4
const NONE = 0

/**
 * Writes for each line of the script from which line of which source it comes: for a trace a few bytes are read, where a
 * source map of some ten megabytes would be taken apart first.
 */
export function writeSourceLines(
  { folder }: StoredBundle,
  lines: readonly string[],
  map: SourceMap,
): void {
  const numbers = new Map<string, number>()
  const table = Buffer.alloc(lines.length * ENTRY)
  for (const [at, line] of lines.entries()) {
    const entry = map.findEntry(at, line.search(/\S|$/))
    if (!('originalSource' in entry) || entry.generatedLine !== at) continue
    const number = numbers.get(entry.originalSource) ?? numbers.size + 1
    numbers.set(entry.originalSource, number)
    table.writeUInt16LE(number, at * ENTRY)
    table.writeUInt16LE(Math.min(entry.originalLine + 1, 0xffff), at * ENTRY + 2)
  }
  writeFileSync(join(folder, 'lines.bin'), table)
  const sources = [...numbers.keys()].map((source) => relative(ROOT, resolve(folder, source)))
  writeFileSync(join(folder, 'sources.json'), JSON.stringify(sources))
}

/** A function that puts the sources in the place of the script in a text with the trace of an error. */
export function sourcesOf(bundle: StoredBundle): (text: string) => string {
  const script = bundle.script.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
  const place = new RegExp(`(?:file://)?${script}:(\\d+):\\d+`, 'g')
  return (text) =>
    // Nearly every line of a log names no script.
    text.includes(bundle.script)
      ? text.replace(place, (whole, line: string) => sourceOf(bundle, Number(line)) ?? whole)
      : text
}

function sourceOf({ folder }: StoredBundle, line: number): string | null {
  try {
    const table = openSync(join(folder, 'lines.bin'), 'r')
    const entry = Buffer.alloc(ENTRY)
    try {
      readSync(table, entry, 0, ENTRY, (line - 1) * ENTRY)
    } finally {
      closeSync(table)
    }
    const number = entry.readUInt16LE(0)
    if (number === NONE) return null
    const sources = JSON.parse(readFileSync(join(folder, 'sources.json'), 'utf8')) as string[]
    const source = join(ROOT, sources[number - 1] ?? '')
    return `${pathToFileURL(source).href}:${String(entry.readUInt16LE(2))}`
  } catch {
    // A newer bundle has taken its place.
    return null
  }
}
