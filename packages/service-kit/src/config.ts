import { Ajv } from 'ajv'
import formats from 'ajv-formats'
import type { Static, TObject } from 'typebox'
import { settingForms } from './setting-forms.ts'
import { lackOf, refusalOf, type Setting } from './setting.ts'

/** The environment does not fit the configuration schema; the message lists every fault. */
export class ConfigurationError extends Error {
  readonly faults: readonly string[]

  constructor(faults: readonly string[]) {
    super(`The configuration is not usable:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`)
    this.name = 'ConfigurationError'
    this.faults = faults
  }
}

const ajv = formats.default(
  new Ajv({ coerceTypes: true, useDefaults: true, removeAdditional: 'all', allErrors: true }),
)
for (const [name, { isHeldBy }] of Object.entries(settingForms)) ajv.addFormat(name, isHeldBy)

/**
 * Reads the members of `schema` from the environment: text is turned into numbers and booleans, defaults fill in.
 *
 * @throws ConfigurationError with every fault at once: the value, unless its schema says `writeOnly`, and what it may be
 */
export function readConfig<Schema extends TObject>(
  schema: Schema,
  environment: Readonly<Record<string, string | undefined>>,
): Static<Schema> {
  const values: Record<string, unknown> = Object.fromEntries(
    Object.keys(schema.properties)
      .filter((name) => environment[name] !== undefined && environment[name] !== '')
      .map((name) => [name, environment[name]]),
  )
  const check = ajv.compile<Static<Schema>>(schema)
  if (check(values)) return values
  const missing = new Set<string>()
  const refused = new Set<string>()
  // One fault a setting, however many rules it breaks: all of what it may be is said.
  for (const { instancePath, params } of check.errors ?? []) {
    const { missingProperty } = params as { missingProperty?: string }
    if (missingProperty === undefined) refused.add(instancePath.slice(1))
    else missing.add(missingProperty)
  }
  const settings = schema.properties as Readonly<Record<string, Setting>>
  throw new ConfigurationError([
    ...[...missing].map((name) => lackOf(name, settings[name] ?? {})),
    ...[...refused].map((name) => refusalOf(name, settings[name] ?? {}, environment[name] ?? '')),
  ])
}
