import type { ThresholdSet } from '@erp-steward/contracts/monitoring-events'
import { Problem } from '@erp-steward/contracts/problem'
import type { Static } from 'typebox'
import { EntitySchema, type EntityManager } from 'typeorm'
import type { Matcher } from '../metrics/rules/matchers.ts'

export const categories = ['SERVER', 'DATABASE', 'APPLICATION', 'NETWORK', 'SECURITY'] as const
export type Category = (typeof categories)[number]

/** What a threshold says; a change replaces all of it and keeps the version before. Source. */
export interface ThresholdDefinition {
  readonly name: string
  readonly moduleCode: string | null
  readonly category: Category
  readonly metric: string
  readonly matchers: Matcher[]
  readonly comparison: 'above' | 'below'
  readonly transform: 'value' | 'rate-per-second'
  readonly warning: number | null
  readonly critical: number | null
  readonly recoverLevel: number | null
}

/** A threshold as it stands: its definition, who set it and why. */
export interface Threshold extends ThresholdDefinition {
  readonly id: string
  readonly unitId: string
  readonly forSeconds: number
  /** Version of `monitoring.for` that gave `forSeconds`; `null` when it was set by hand. */
  readonly forVersion: number | null
  readonly active: boolean
  readonly version: number
  readonly author: string
  readonly reason: string
  readonly setAt: Date
}

const definition = {
  name: { type: 'text' },
  moduleCode: { type: 'text', name: 'module_code', nullable: true },
  category: { type: 'text' },
  metric: { type: 'text' },
  matchers: { type: 'jsonb' },
  comparison: { type: 'text' },
  transform: { type: 'text' },
  warning: { type: 'double precision', nullable: true },
  critical: { type: 'double precision', nullable: true },
  recoverLevel: { type: 'double precision', name: 'recover_level', nullable: true },
  unitId: { type: 'uuid', name: 'unit_id' },
  forSeconds: { type: 'integer', name: 'for_seconds' },
  forVersion: { type: 'integer', name: 'for_version', nullable: true },
  active: { type: 'boolean' },
  author: { type: 'text' },
  reason: { type: 'text' },
  setAt: { type: 'timestamptz', name: 'set_at' },
} as const

export const ThresholdEntity = new EntitySchema<Threshold>({
  name: 'Threshold',
  tableName: 'threshold',
  columns: {
    id: { type: 'uuid', primary: true, primaryKeyConstraintName: 'threshold_pkey' },
    ...definition,
    version: { type: 'integer' },
  },
  indices: [
    {
      name: 'threshold_name_key',
      columns: ['unitId', 'name'],
      unique: true,
      where: 'active',
    },
  ],
})

/** Every version there ever was, the one in force included. */
export const ThresholdVersionEntity = new EntitySchema<Threshold>({
  name: 'ThresholdVersion',
  tableName: 'threshold_version',
  columns: {
    id: {
      type: 'uuid',
      primary: true,
      name: 'threshold_id',
      primaryKeyConstraintName: 'threshold_version_pkey',
    },
    version: {
      type: 'integer',
      primary: true,
      primaryKeyConstraintName: 'threshold_version_pkey',
    },
    ...definition,
  },
})

/** @throws Problem `threshold-not-found` */
export async function thresholdById(tx: EntityManager, id: string): Promise<Threshold> {
  const threshold = await tx.findOneBy(ThresholdEntity, { id })
  if (threshold === null) throw new Problem('threshold-not-found', `There is no threshold ${id}.`)
  return threshold
}

/** What the event says of a version. */
export function factOf(threshold: Threshold): Omit<Static<typeof ThresholdSet.payload>, 'change'> {
  const { id, version, unitId, moduleCode, name, category, metric, comparison } = threshold
  const { warning, critical, forSeconds, reason } = threshold
  return {
    thresholdId: id,
    version,
    unitId,
    moduleCode,
    name,
    category,
    metric,
    comparison,
    warning,
    critical,
    forSeconds,
    reason,
  }
}
