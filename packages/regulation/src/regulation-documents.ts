import { glossary } from './glossary.ts'
import { isGuarded, stricterOf } from './guards.ts'
import type { Parameter } from './parameter.ts'
import { parameters, type ParameterKey } from './parameters.ts'

/** A Markdown table; cells must not hold line breaks. */
export function markdownTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

/** Text of docs/regulation/glossary.md. */
export function glossaryDocument(): string {
  const rows = glossary.map(({ zh, terms, note }) => [zh, terms.map(code).join(', '), note])
  return `# Glossary

Written from \`packages/regulation/src/glossary.ts\` by \`npm run generate\`. One word per concept across
code, API, database and documents.

${markdownTable(['Chinese', 'Term in code', 'Note'], rows)}
`
}

/**
 * Text of docs/regulation/parameters.md.
 *
 * @param notInEffect keys that no code acts on yet
 */
export function parametersDocument(notInEffect: ReadonlySet<string>): string {
  const services = [...new Set(parameters.map(({ service }) => service))]
  const sections = services.map((service) => {
    const rows = parameters
      .filter((parameter) => parameter.service === service)
      .map((parameter) => [
        code(parameter.key),
        parameter.title['zh-CN'],
        `${parameter.title.en}. ${parameter.description.en}`,
        code(JSON.stringify(parameter.default)),
        boundsText(parameter),
        secondPerson(parameter.key),
        notInEffect.has(parameter.key) ? 'not yet 尚未生效' : 'yes',
        parameter.source,
        parameter.clauses.join(', '),
      ])
    const head = [
      'Key',
      '名称',
      'Meaning',
      'Default',
      'Bounds',
      'Second person',
      'In effect',
      'Source',
      'Clauses',
    ]
    return `## ${service}\n\n${markdownTable(head, rows)}\n`
  })
  return `# Parameters

Written from the tables in \`packages/regulation/src\` by \`npm run generate\`. "Defaults 2.x" and the source
ids are explained in [defaults.md](defaults.md). Bounds are inclusive.

"Second person" says when a new value waits for one who is not concerned: *always*; *if higher* or *if lower*, which is
where it asks less; or *no*. "In effect" says whether code acts on the parameter: one that is *not yet* 尚未生效 can be
set and changes nothing until its part is built. That is read from the sources, not promised.

${sections.join('\n')}`
}

function secondPerson(key: ParameterKey): string {
  if (!isGuarded(key)) return 'no'
  const stricter = stricterOf(key)
  if (stricter === null) return 'always'
  return stricter === 'lower' ? 'if higher' : 'if lower'
}

function code(text: string): string {
  return `\`${text}\``
}

function boundsText(parameter: Parameter): string {
  switch (parameter.type) {
    case 'integer':
    case 'number':
      return `${parameter.bounds.minimum} to ${parameter.bounds.maximum} ${parameter.unit}`
    case 'duration':
    case 'period':
    case 'time-of-day':
      return `${parameter.bounds.minimum} to ${parameter.bounds.maximum}`
    case 'choice':
      return parameter.bounds.options.join(', ')
    case 'string-list':
      return [
        `${parameter.bounds.minItems} to ${parameter.bounds.maxItems} × ${parameter.unit}`,
        ...(parameter.bounds.required ?? []).map((item) => `always \`${item}\``),
      ].join('; ')
    case 'target':
      if (parameter.bounds.maximumWorkingDays === 0)
        return `${parameter.bounds.minimum} to ${parameter.bounds.maximum}`
      return `${parameter.bounds.minimum} to ${parameter.bounds.maximum}, or 1 to ${parameter.bounds.maximumWorkingDays} working days`
  }
}
