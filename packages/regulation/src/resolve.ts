import {
  isParameterValue,
  parameterByKey,
  type ParameterKey,
  type ParameterValue,
} from './parameters.ts'

/** One dated decision about a parameter; rows are only ever added. */
export interface ParameterVersion {
  readonly key: string
  /** The unit it holds for, null for the whole company. */
  readonly unitId: string | null
  /** The value as stored; null ends this level's say, so that the next level answers again. */
  readonly value: unknown
  /** Counts from 1 within key and unit. */
  readonly version: number
  /** First instant at which it holds, inclusive. */
  readonly validFrom: Date
  readonly author: string
  readonly reason: string
}

/** The value in force, with the version a decision must store beside its result. */
export interface ResolvedParameter<K extends ParameterKey> {
  readonly value: ParameterValue<K>
  /** Version of the row that answered; 0 is the shipped default. */
  readonly version: number
  readonly source: 'unit' | 'company' | 'shipped'
}

/**
 * Which value of a parameter holds for a unit at an instant: the unit's, else the company's, else the shipped one.
 * Within a level the latest `validFrom` not after `at` counts; of equals the higher version.
 *
 * @throws RangeError if the row that answers holds a value of another type
 */
export function resolveParameter<K extends ParameterKey>(
  versions: readonly ParameterVersion[],
  key: K,
  unitId: string | null,
  at: Date,
): ResolvedParameter<K> {
  const unit = unitId === null ? undefined : inForce(versions, key, unitId, at)
  if (unit) return { value: stored(key, unit), version: unit.version, source: 'unit' }
  const company = inForce(versions, key, null, at)
  if (company) return { value: stored(key, company), version: company.version, source: 'company' }
  return { value: shippedValue(key), version: 0, source: 'shipped' }
}

/** The shipped default of a parameter. */
export function shippedValue<K extends ParameterKey>(key: K): ParameterValue<K> {
  const value: unknown = parameterByKey(key).default
  if (!isParameterValue(key, value))
    throw new RangeError(`The shipped default of ${key} is no value of it`)
  return value
}

function inForce(
  versions: readonly ParameterVersion[],
  key: string,
  unitId: string | null,
  at: Date,
): ParameterVersion | undefined {
  let best: ParameterVersion | undefined
  for (const row of versions) {
    if (row.key !== key || row.unitId !== unitId || row.validFrom > at) continue
    if (!best || supersedes(row, best)) best = row
  }
  return best?.value === null ? undefined : best
}

function supersedes(row: ParameterVersion, other: ParameterVersion): boolean {
  const later = row.validFrom.getTime() - other.validFrom.getTime()
  return later > 0 || (later === 0 && row.version > other.version)
}

function stored<K extends ParameterKey>(key: K, { value, version }: ParameterVersion) {
  if (!isParameterValue(key, value))
    throw new RangeError(`Version ${version} of parameter ${key} holds a value of another type`)
  return value
}
