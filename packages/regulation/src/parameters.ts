import { assessmentParameters } from './assessment-parameters.ts'
import { backupParameters } from './backup-parameters.ts'
import { changeParameters } from './change-parameters.ts'
import { emergencyParameters } from './emergency-parameters.ts'
import { gatewayParameters } from './gateway-parameters.ts'
import { identityParameters } from './identity-parameters.ts'
import { monitoringParameters } from './monitoring-parameters.ts'
import { ticketParameters } from './ticket-parameters.ts'
import type { Parameter, Target } from './parameter.ts'
import { hasForm, valueFaults, type Fault } from './value.ts'

const table = [
  ...identityParameters,
  ...gatewayParameters,
  ...ticketParameters,
  ...emergencyParameters,
  ...changeParameters,
  ...monitoringParameters,
  ...backupParameters,
  ...assessmentParameters,
] as const

type Row = (typeof table)[number]

/** Key of a shipped parameter. */
export type ParameterKey = Row['key']

/** Type of the values of a parameter; a choice is the union of its options. */
export type ParameterValue<K extends ParameterKey> =
  Extract<Row, { key: K }> extends { type: infer Type; default: infer Default }
    ? Type extends 'target'
      ? Target
      : Type extends 'string-list'
        ? readonly string[]
        : Default
    : never

/** Every shipped parameter, grouped by owner. */
export const parameters: readonly (Parameter & { readonly key: ParameterKey })[] = table

const byKey = new Map<string, Row>(table.map((row) => [row.key, row]))

/** Whether a parameter with this key is shipped. */
export function isParameterKey(key: string): key is ParameterKey {
  return byKey.has(key)
}

/**
 * The parameter with this key.
 *
 * @throws RangeError if no such parameter is shipped, which only an unchecked key can cause
 */
export function parameterByKey<K extends ParameterKey>(key: K): Extract<Row, { key: K }> {
  const found = byKey.get(key)
  if (!found || !hasKey(found, key)) throw new RangeError(`There is no parameter ${key}`)
  return found
}

function hasKey<K extends ParameterKey>(row: Row, key: K): row is Extract<Row, { key: K }> {
  return row.key === key
}

/** Everything wrong with `value` as a new value of the parameter; empty when it may be set. */
export function checkParameterValue(key: ParameterKey, value: unknown): readonly Fault[] {
  return valueFaults(parameterByKey(key), value)
}

/** Whether `value` has the type of the parameter's values; says nothing about its bounds. */
export function isParameterValue<K extends ParameterKey>(
  key: K,
  value: unknown,
): value is ParameterValue<K> {
  return hasForm(parameterByKey(key), value)
}
