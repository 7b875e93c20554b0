import { InstantOut, Uuid } from '@erp-steward/contracts/values'
import { entityOf } from '@erp-steward/service-kit/entity'
import { Type, type Static } from 'typebox'

export const UnfedReason = Type.Enum(
  ['no-source', 'no-source-of-module', 'metric-unknown', 'no-samples'],
  { title: 'UnfedReason', description: 'Why a threshold in force judges nothing.' },
)
export type UnfedReason = Static<typeof UnfedReason>

/** A threshold in force that judges nothing; the row ends with the condition. Source. */
export const UnfedThresholdEntity = entityOf(
  Type.Object({ thresholdId: Uuid, reason: UnfedReason, unfedSince: InstantOut }),
  { table: 'threshold_unfed', key: ['thresholdId'] },
)
