import { EntitySchema } from 'typeorm'

/** One fact in the ledger. `seq` has no gaps; `hash` covers the fact and everything before it. */
export interface AuditRecord {
  /** Counts from 1; a bigint, which PostgreSQL hands over as text. */
  seq: string
  eventId: string
  type: string
  subject: string
  actor: string
  recordedAt: Date
  /** The CloudEvent as JSON text, member names sorted: the bytes the hash covers. */
  envelope: string
  previousHash: Buffer
  hash: Buffer
}

export const AuditRecordEntity = new EntitySchema<AuditRecord>({
  name: 'AuditRecord',
  tableName: 'audit_record',
  columns: {
    seq: { type: 'bigint', primary: true, primaryKeyConstraintName: 'audit_record_pkey' },
    eventId: { type: 'uuid', name: 'event_id' },
    type: { type: 'text' },
    subject: { type: 'text' },
    actor: { type: 'text' },
    recordedAt: { type: 'timestamptz', name: 'recorded_at', precision: 3 },
    envelope: { type: 'text' },
    previousHash: { type: 'bytea', name: 'previous_hash' },
    hash: { type: 'bytea' },
  },
  uniques: [{ name: 'audit_record_event_id_key', columns: ['eventId'] }],
  indices: [
    { name: 'audit_record_by_subject', columns: ['subject', 'seq'] },
    { name: 'audit_record_by_actor', columns: ['actor', 'seq'] },
    { name: 'audit_record_by_type', columns: ['type', 'seq'] },
    { name: 'audit_record_by_time', columns: ['recordedAt'] },
  ],
})

/** Where the chain ends: the one row that all recording waits for. */
export interface AuditHead {
  id: true
  seq: string
  hash: Buffer
}

export const AuditHeadEntity = new EntitySchema<AuditHead>({
  name: 'AuditHead',
  tableName: 'audit_head',
  columns: {
    id: { type: 'boolean', primary: true, primaryKeyConstraintName: 'audit_head_pkey' },
    seq: { type: 'bigint' },
    hash: { type: 'bytea' },
  },
  checks: [{ name: 'audit_head_one_check', expression: 'id' }],
})

/** The head at the end of a day, also published as an event: what lies outside cannot be rewritten here. */
export interface AuditAnchor {
  day: string
  seq: string
  hash: Buffer
  anchoredAt: Date
}

export const AuditAnchorEntity = new EntitySchema<AuditAnchor>({
  name: 'AuditAnchor',
  tableName: 'audit_anchor',
  columns: {
    day: { type: 'date', primary: true, primaryKeyConstraintName: 'audit_anchor_pkey' },
    seq: { type: 'bigint' },
    hash: { type: 'bytea' },
    anchoredAt: { type: 'timestamptz', name: 'anchored_at' },
  },
})
