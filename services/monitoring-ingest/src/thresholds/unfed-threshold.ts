import { EntitySchema } from 'typeorm'

/** Why a threshold in force judges nothing. */
export type UnfedReason = 'no-source' | 'no-source-of-module' | 'metric-unknown' | 'no-samples'

/** A threshold in force that judges nothing; the row ends with the condition. Source. */
export interface UnfedThreshold {
  thresholdId: string
  reason: UnfedReason
  unfedSince: Date
}

export const UnfedThresholdEntity = new EntitySchema<UnfedThreshold>({
  name: 'UnfedThreshold',
  tableName: 'threshold_unfed',
  columns: {
    thresholdId: {
      type: 'uuid',
      name: 'threshold_id',
      primary: true,
      primaryKeyConstraintName: 'threshold_unfed_pkey',
    },
    reason: { type: 'text' },
    unfedSince: { type: 'timestamptz', name: 'unfed_since' },
  },
})
