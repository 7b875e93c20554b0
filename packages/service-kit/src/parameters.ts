import type { Act } from '@erp-steward/contracts/act'
import { ParameterVersionSet } from '@erp-steward/contracts/platform-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import type { ServiceName } from '@erp-steward/contracts/services'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { ask, type Statement } from '@erp-steward/messaging/statement'
import { checkParameterValue, type ParameterKey } from '@erp-steward/regulation/parameters'
import { resolveParameter, type ResolvedParameter } from '@erp-steward/regulation/resolve'
import type { EntityManager } from 'typeorm'
import { assertVersion } from './commit.ts'
import { isConstraintViolation } from './constraint.ts'

/** One version of a parameter as it is stored. */
export interface ParameterVersion {
  key: string
  unitId: string | null
  version: number
  value: unknown
  validFrom: Date
  author: string
  /** The account of the second person; `null` where one was enough. */
  approvedBy: string | null
  reason: string
  createdAt: Date
}

const COLUMNS = `key, unit_id as "unitId", version, value, valid_from as "validFrom", author,
  approved_by as "approvedBy", reason, created_at as "createdAt"`

const IN_FORCE = {
  name: 'parameters in force',
  text: `select ${COLUMNS} from parameter_version
          where key = any($1) and (unit_id is null or unit_id = $2) and valid_from <= $3`,
  reads: ['parameter_version'],
}

/**
 * The value in force at `at`: of the unit, else of the company, else as shipped. Decisions store the version.
 *
 * Source: architecture, "Parameters: the words without a number".
 */
export async function readParameter<Key extends ParameterKey>(
  tx: Statement,
  key: Key,
  unitId: string | null,
  at: Date,
): Promise<ResolvedParameter<Key>> {
  return (await readParameters(tx, [key], unitId, at))[key]
}

/** As `readParameter`, for several keys in one statement. */
export async function readParameters<Key extends ParameterKey>(
  tx: Statement,
  keys: readonly Key[],
  unitId: string | null,
  at: Date,
): Promise<{ readonly [Each in Key]: ResolvedParameter<Each> }> {
  const versions = await ask<ParameterVersion>(tx, IN_FORCE, [keys, unitId, at])
  // Each key is there, with the value of its own type: `fromEntries` cannot say so.
  const resolved: object = Object.fromEntries(
    keys.map((key) => [key, resolveParameter(versions, key, unitId, at)]),
  )
  return resolved as { readonly [Each in Key]: ResolvedParameter<Each> }
}

/** Every version of a parameter for one unit or (`null`) the company, newest first. */
export async function parameterHistory(
  tx: EntityManager,
  key: ParameterKey,
  unitId: string | null,
): Promise<ParameterVersion[]> {
  return tx.query(
    `select ${COLUMNS} from parameter_version where key = $1 and unit_id is not distinct from $2
      order by version desc`,
    [key, unitId],
  )
}

export interface SetParameter {
  readonly key: ParameterKey
  readonly unitId: string | null
  /** `null` ends this level's say, so that the next level answers again. */
  readonly value: unknown
  /** Default: now. */
  readonly validFrom?: string
  readonly reason: string
  /** The account that proposed it; default: who acts. */
  readonly author?: string
  /** The account that approved it. */
  readonly approvedBy?: string
}

/**
 * Checks a value before anything is done with it.
 *
 * @throws Problem `parameter-refused` with the faults
 */
export function assertFits({ key, value }: Pick<SetParameter, 'key' | 'value'>): void {
  const faults = value === null ? [] : checkParameterValue(key, value)
  if (faults.length > 0)
    throw new Problem(
      'parameter-refused',
      said(
        `${key}: ${faults.map(({ detail }) => detail.en).join('; ')}`,
        `${key} ${faults.map(({ detail }) => detail['zh-CN']).join('；')}。`,
      ),
      {
        errors: faults.map(({ pointer, detail }) => ({ pointer: `#/value${pointer}`, detail })),
      },
    )
}

/**
 * Adds a version; earlier ones stay, so that what was decided under them stays explicable.
 *
 * @throws Problem `parameter-refused` with the faults, `version-stale`
 */
export async function setParameter(
  tx: EntityManager,
  service: ServiceName,
  { key, unitId, value, validFrom, reason, author, approvedBy }: SetParameter,
  expected: number,
  act: Act,
): Promise<ParameterVersion> {
  assertFits({ key, value })
  const [newest] = await parameterHistory(tx, key, unitId)
  assertVersion(newest?.version ?? 0, expected)
  const row: ParameterVersion = {
    key,
    unitId,
    version: expected + 1,
    value,
    validFrom: validFrom === undefined ? act.now : new Date(validFrom),
    author: author ?? act.actor,
    approvedBy: approvedBy ?? null,
    reason,
    createdAt: act.now,
  }
  try {
    await tx.query(
      `insert into parameter_version (key, unit_id, version, value, valid_from, author, approved_by, reason, created_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
      [
        ...[key, unitId, row.version, JSON.stringify(value), row.validFrom],
        ...[row.author, row.approvedBy, reason, act.now],
      ],
    )
  } catch (error) {
    if (isConstraintViolation(error, 'parameter_version_key'))
      throw new Problem(
        'version-stale',
        said('Somebody set this parameter at the same moment.', '同一时刻他人设置了此参数。'),
      )
    throw error
  }
  const { version } = row
  await appendEvent(
    tx,
    service,
    ParameterVersionSet,
    key,
    { key, unitId, version, value, validFrom: row.validFrom.toISOString(), reason },
    act,
  )
  return row
}
