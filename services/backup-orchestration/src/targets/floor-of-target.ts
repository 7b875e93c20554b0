import { durationMs, durationParts, nominalSeconds } from '@erp-steward/regulation/duration'
import { readParameters } from '@erp-steward/service-kit/parameters'
import type { EntityManager } from 'typeorm'
import type { Floor, ObjectKind } from './rules/floor.ts'

const DAY_MS = 86_400_000

/** What is not a database is saved often and kept for a time; no backup of it stands for a period. */
const NO_KINDS = { weekly: 0, monthly: 0, yearly: 0 }

const KEYS = [
  'backup.rpo',
  'backup.plan.database.incremental_keep',
  'backup.plan.database.weekly_keep',
  'backup.plan.database.monthly_keep',
  'backup.plan.database.yearly_keep',
  'backup.plan.redo.interval',
  'backup.plan.redo.keep',
  'backup.plan.apps.interval',
  'backup.plan.apps.keep',
  'backup.plan.configuration.interval',
  'backup.plan.configuration.keep',
  'backup.plan.own.interval',
  'backup.plan.own.keep',
] as const

/**
 * The floor of a kind of object in a unit. A database is saved each day, and between by its logs; where it is saved alone,
 * its policy must reach the recovery point itself. Elsewhere a day is added to the interval, for the run. Source: defaults
 * 2.5.
 */
export async function floorOf(
  tx: EntityManager,
  kind: ObjectKind,
  unitId: string,
  now: Date,
): Promise<Floor> {
  const values = await readParameters(tx, KEYS, unitId, now)
  const rpoMs = durationMs(values['backup.rpo'].value)
  if (kind === 'database')
    return {
      intervalMs: DAY_MS,
      rpoMs,
      keepMs: durationMs(values['backup.plan.database.incremental_keep'].value),
      kindsMs: {
        weekly: durationMs(values['backup.plan.database.weekly_keep'].value),
        monthly: nominalMs(values['backup.plan.database.monthly_keep'].value),
        yearly: nominalMs(values['backup.plan.database.yearly_keep'].value),
      },
    }
  if (kind === 'redo')
    return {
      intervalMs: durationMs(values['backup.plan.redo.interval'].value),
      rpoMs: Math.max(rpoMs, durationMs(values['backup.plan.redo.interval'].value)),
      keepMs: durationMs(values['backup.plan.redo.keep'].value),
      kindsMs: NO_KINDS,
    }
  const intervalMs = nominalMs(values[`backup.plan.${kind}.interval`].value)
  return {
    intervalMs,
    rpoMs: intervalMs + DAY_MS,
    keepMs: durationMs(values[`backup.plan.${kind}.keep`].value),
    kindsMs: NO_KINDS,
  }
}

/** The parameter's schema admits only periods. */
function nominalMs(period: string): number {
  const parts = durationParts(period)
  if (parts === undefined) throw new RangeError(`"${period}" is not an ISO 8601 duration`)
  return nominalSeconds(parts) * 1_000
}
