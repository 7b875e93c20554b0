import { GatewayConfig } from '@erp-steward/gateway/config'
import { serviceNames } from '@erp-steward/contracts/services'
import { ProcessConfig } from '@erp-steward/service-kit/run-service'
import { CommonConfig } from '@erp-steward/service-kit/service'
import { rangeOf, type Setting } from '@erp-steward/service-kit/setting'
import { StandaloneConfig } from '@erp-steward/standalone/config'
import { MigrateConfig } from '@erp-steward/standalone/migrate-config'
import { registry } from '@erp-steward/standalone/registry'
import type { TObject } from 'typebox'

const BEGIN = '<!-- settings: written by `npm run generate` from the configuration schemas -->'
const END = '<!-- end of settings -->'

/** Where a setting is read, and the schema that says what it may be. */
const groups: readonly (readonly [string, TObject])[] = [
  ['The standalone host, `npm start`', StandaloneConfig],
  ['Every process of a site with one process per service', ProcessConfig],
  ['Every service', CommonConfig],
  ['gateway', GatewayConfig],
  ...serviceNames.map((name) => [name, registry[name].config] as const),
  ['The job that prepares a site, `npm run migrate`', MigrateConfig],
]

/**
 * A document with the tables of all settings between its two markers.
 *
 * @throws Error when the markers are not there
 */
export function withSettings(document: string): string {
  const begin = document.indexOf(BEGIN)
  const end = document.indexOf(END)
  if (begin < 0 || end < begin) throw new Error(`The document lacks ${BEGIN} or ${END}`)
  const tables = groups.map(([title, schema]) => tableOf(title, schema)).join('\n')
  return `${document.slice(0, begin + BEGIN.length)}\n\n${tables}\n${document.slice(end)}`
}

function tableOf(title: string, schema: TObject): string {
  const members = Object.entries(schema.properties) as [string, Setting][]
  if (members.length === 0) return `#### ${title}\n\nNothing of its own.\n`
  return [
    `#### ${title}`,
    '',
    '| setting | what | may be | default |',
    '|---|---|---|---|',
    ...members.map(
      ([name, member]) =>
        `| \`${name}\` | ${escaped(member.description ?? '')} | ${escaped(rangeOf(member, (word) => `\`${word}\``))} | ${defaultOf(name, member, schema)} |`,
    ),
    '',
  ].join('\n')
}

function defaultOf(name: string, member: Setting, schema: TObject): string {
  // Absent where every member is optional.
  const { required = [] } = schema as { required?: readonly string[] }
  if (member.default === '') return 'empty'
  if (member.default !== undefined) return `\`${String(member.default)}\``
  return required.includes(name) ? '**must be set**' : 'none'
}

function escaped(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;')
}
