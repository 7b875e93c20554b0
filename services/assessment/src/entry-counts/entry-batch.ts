import { EntitySchema } from 'typeorm'

/** One message of the middleware with the entries that people made in a month, in one module or all together. */
export interface EntryBatch {
  /** The caller's, so that a batch sent twice counts once. */
  id: string
  month: string
  /** `null`: not told apart by module. */
  moduleCode: string | null
  persons: number
  /** Sum over the people; a bigint, so text. */
  entries: string
  countedAt: Date
  countedBy: string
  /** Digest of what was sent. */
  fingerprint: string
  eventId: string | null
}

export const EntryBatchEntity = new EntitySchema<EntryBatch>({
  name: 'EntryBatch',
  tableName: 'entry_batch',
  columns: {
    id: { type: 'uuid', primary: true, primaryKeyConstraintName: 'entry_batch_pkey' },
    month: { type: 'text' },
    moduleCode: { type: 'text', name: 'module_code', nullable: true },
    persons: { type: 'integer' },
    entries: { type: 'bigint' },
    countedAt: { type: 'timestamptz', name: 'counted_at' },
    countedBy: { type: 'text', name: 'counted_by' },
    fingerprint: { type: 'text' },
    eventId: { type: 'uuid', name: 'event_id', nullable: true },
  },
})
