import { EntitySchema } from 'typeorm'
import { effects } from './rules/control.ts'
import type { ControlFact } from './rules/touched-by.ts'

const columns = {
  clauseId: { type: 'text', name: 'clause_id', primary: true },
  key: { type: 'text', primary: true },
  effect: { type: 'text', primary: true },
  at: { type: 'timestamptz' },
  service: { type: 'text' },
  unitId: { type: 'uuid', name: 'unit_id', nullable: true },
  eventType: { type: 'text', name: 'event_type' },
  subject: { type: 'text' },
  receivedAt: { type: 'timestamptz', name: 'received_at' },
} as const

/** The newest fact of each clause, key and effect: all that a state is computed from. */
export const ControlFactEntity = new EntitySchema<ControlFact>({
  name: 'ControlFact',
  tableName: 'control_fact',
  columns: {
    ...columns,
    clauseId: { ...columns.clauseId, primaryKeyConstraintName: 'control_fact_pkey' },
    key: { ...columns.key, primaryKeyConstraintName: 'control_fact_pkey' },
    effect: { ...columns.effect, primaryKeyConstraintName: 'control_fact_pkey' },
    endsAt: { type: 'timestamptz', name: 'ends_at', nullable: true },
    eventId: { type: 'uuid', name: 'event_id' },
  },
  checks: [
    {
      name: 'control_fact_effect_check',
      expression: `effect in (${effects.map((effect) => `'${effect}'`).join(', ')})`,
    },
  ],
  indices: [{ name: 'control_fact_service', columns: ['service', 'at'] }],
})

/** A fact as an auditor finds it: with the id under which the audit ledger has the event. */
export type ControlEvidence = Omit<ControlFact, 'endsAt'>

/** The newest facts of each clause; older ones are in the audit ledger only. */
export const ControlEvidenceEntity = new EntitySchema<ControlEvidence>({
  name: 'ControlEvidence',
  tableName: 'control_evidence',
  columns: {
    ...columns,
    clauseId: { ...columns.clauseId, primaryKeyConstraintName: 'control_evidence_pkey' },
    key: { ...columns.key, primaryKeyConstraintName: 'control_evidence_pkey' },
    effect: { ...columns.effect, primaryKeyConstraintName: 'control_evidence_pkey' },
    eventId: {
      type: 'uuid',
      name: 'event_id',
      primary: true,
      primaryKeyConstraintName: 'control_evidence_pkey',
    },
  },
  indices: [{ name: 'control_evidence_newest', columns: ['clauseId', 'at', 'eventId'] }],
})
