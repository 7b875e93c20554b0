import type { ControlState } from '@erp-steward/contracts/assessment-events'
import { EntitySchema } from 'typeorm'

/** What a person saw of a clause that the software cannot see. Source: B-5.1, B-5.2. */
export interface ControlRecord {
  id: string
  clauseId: string
  personId: string | null
  actor: string
  statement: string
  /** Where the paper lies; `null` if there is none. */
  reference: string | null
  observedAt: Date
  validUntil: Date
  recordedAt: Date
}

/** A record with the word of a second person; without, it counts for nothing. */
export interface ConfirmedRecord extends ControlRecord {
  confirmedAt: Date | null
  confirmedByPersonId: string | null
}

export const ControlRecordEntity = new EntitySchema<ControlRecord>({
  name: 'ControlRecord',
  tableName: 'control_record',
  columns: {
    id: { type: 'uuid', primary: true, primaryKeyConstraintName: 'control_record_pkey' },
    clauseId: { type: 'text', name: 'clause_id' },
    personId: { type: 'uuid', name: 'person_id', nullable: true },
    actor: { type: 'text' },
    statement: { type: 'text' },
    reference: { type: 'text', nullable: true },
    observedAt: { type: 'timestamptz', name: 'observed_at' },
    validUntil: { type: 'timestamptz', name: 'valid_until' },
    recordedAt: { type: 'timestamptz', name: 'recorded_at' },
  },
  uniques: [{ name: 'control_record_observation_key', columns: ['clauseId', 'observedAt'] }],
  checks: [{ name: 'control_record_validity_check', expression: 'valid_until > observed_at' }],
})

/** The state of a clause as it was last made known. */
export interface ControlPublished {
  clauseId: string
  state: ControlState
  reason: string
  changedAt: Date
}

export const ControlPublishedEntity = new EntitySchema<ControlPublished>({
  name: 'ControlPublished',
  tableName: 'control_published',
  columns: {
    clauseId: {
      type: 'text',
      name: 'clause_id',
      primary: true,
      primaryKeyConstraintName: 'control_published_pkey',
    },
    state: { type: 'text' },
    reason: { type: 'text' },
    changedAt: { type: 'timestamptz', name: 'changed_at' },
  },
})

/** When a service last said that it runs. */
export interface ControlCollector {
  service: string
  heardAt: Date
}

export const ControlCollectorEntity = new EntitySchema<ControlCollector>({
  name: 'ControlCollector',
  tableName: 'control_collector',
  columns: {
    service: { type: 'text', primary: true, primaryKeyConstraintName: 'control_collector_pkey' },
    heardAt: { type: 'timestamptz', name: 'heard_at' },
  },
})

/** A version of a parameter of another service that says how fresh a proof must be; of the whole company only. */
export interface ControlParameter {
  key: string
  version: number
  value: unknown
  validFrom: Date
}

export const ControlParameterEntity = new EntitySchema<ControlParameter>({
  name: 'ControlParameter',
  tableName: 'control_parameter',
  columns: {
    key: { type: 'text', primary: true, primaryKeyConstraintName: 'control_parameter_pkey' },
    version: { type: 'integer', primary: true, primaryKeyConstraintName: 'control_parameter_pkey' },
    value: { type: 'json', nullable: true },
    validFrom: { type: 'timestamptz', name: 'valid_from' },
  },
})
