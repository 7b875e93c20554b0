import { about, InstantOut, nullable, Uuid } from '@erp-steward/contracts/values'
import { Month } from '@erp-steward/contracts/assessment-events'
import { entityOf, type RowOf } from '@erp-steward/service-kit/entity'
import { Type } from 'typebox'

/** One message of the middleware with the entries that people made in a month, in one module or all together. */
export const BatchView = Type.Object(
  {
    id: about(Uuid, 'As the caller chose it, so that a batch sent twice counts once.'),
    month: Month,
    moduleCode: nullable(Type.String(), 'Null: not told apart by module.'),
    persons: Type.Integer({ description: 'People whose entries it counts.' }),
    entries: Type.Integer({ description: 'Sum over the people.' }),
    countedAt: about(InstantOut, 'When it was recorded.'),
    eventId: nullable(Uuid, 'The event that stated it.'),
  },
  { title: 'EntryBatch' },
)

export const EntryBatchEntity = entityOf(BatchView, {
  table: 'entry_batch',
  kept: {
    // A bigint, hence text.
    entries: Type.String(),
    countedBy: Type.String(),
    /** Digest of what was sent. */
    fingerprint: Type.String(),
  },
  columns: { entries: { type: 'bigint' } },
})
export type EntryBatch = RowOf<typeof EntryBatchEntity>
