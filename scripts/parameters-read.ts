import { glob, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parameters, type ParameterKey } from '@erp-steward/regulation/parameters'

/** Where code that acts on parameters lies; the tables that define them prove nothing. */
const SOURCES = ['services/*/src/**/*.ts', 'packages/*/src/**/*.ts', 'infra/*/src/**/*.ts']

/** A quoted text that starts like a key; `${…}` may stand for a part of it. */
const QUOTED =
  /(['`"])((?:identity|gateway|incident|monitoring|backup|assessment)\.(?:[a-z0-9_.]|\$\{[^}]*\})+)\1/g

/**
 * The parameters that code acts on: those whose key is written out in the source, or fits a template there.
 *
 * A template with a variable at its end counts only for the words that the file gives the variable as its type, such as
 * `clock: 'ack' | 'note'`; else one key that is read would vouch for all its neighbours.
 */
export async function parametersRead(root: string): Promise<ReadonlySet<ParameterKey>> {
  const forms: RegExp[] = []
  for await (const path of glob(SOURCES, { cwd: root })) {
    if (path.startsWith('packages/regulation/')) continue
    const source = await readFile(join(root, path), 'utf8')
    for (const [, , text = ''] of source.matchAll(QUOTED)) forms.push(formOf(text, source))
  }
  return new Set(
    parameters.map(({ key }) => key).filter((key) => forms.some((form) => form.test(key))),
  )
}

function formOf(text: string, source: string): RegExp {
  const parts = text.split(/(\$\{[^}]*\})/).filter((part) => part !== '')
  const pattern = parts.map((part, index) => {
    if (!part.startsWith('${')) return part.replaceAll('.', String.raw`\.`)
    if (index < parts.length - 1) return '[a-z0-9_]+'
    return `(?:${wordsOf(part.slice(2, -1), source).join('|') || '(?!)'})`
  })
  return new RegExp(`^${pattern.join('')}$`)
}

function wordsOf(variable: string, source: string): string[] {
  const typed = new RegExp(String.raw`\b${variable}: ('[a-z0-9_]+'(?:\s*\|\s*'[a-z0-9_]+')*)`).exec(
    source,
  )
  return (typed?.[1] ?? '').match(/[a-z0-9_]+/g) ?? []
}
