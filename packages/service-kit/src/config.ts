import { Ajv } from 'ajv'
import formats from 'ajv-formats'
import type { Static, TObject } from 'typebox'

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

/**
 * Reads the members of `schema` from the environment: text is turned into numbers and booleans, defaults fill in.
 *
 * @throws ConfigurationError with every fault at once
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
  throw new ConfigurationError(
    (check.errors ?? []).map(({ instancePath, message, params }) => {
      const { missingProperty } = params as { missingProperty?: string }
      return missingProperty === undefined
        ? `${instancePath.slice(1)} ${message ?? 'is not valid'}`
        : `${missingProperty} is missing: ${describe(schema, missingProperty)}`
    }),
  )
}

function describe(schema: TObject, name: string): string {
  const member = schema.properties[name] as { description?: string } | undefined
  return member?.description ?? 'see the service README'
}
