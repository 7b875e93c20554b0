import type { ControlState } from '@erp-steward/contracts/assessment-events'
import { about, Id, InstantOut, nullable, Uuid } from '@erp-steward/contracts/values'
import { ClauseId } from '@erp-steward/regulation/clause'
import { entityOf, type RowOf } from '@erp-steward/service-kit/entity'
import { Type, type Static } from 'typebox'
import { EntitySchema } from 'typeorm'

/** What a person saw of a clause that the software cannot see; it counts once a second person confirmed it. Source: B-5.1, B-5.2. */
export const RecordView = Type.Object(
  {
    id: Id,
    clauseId: about(ClauseId, 'The clause that it is about.'),
    personId: nullable(Uuid, 'Who recorded it; null in an old row that does not say.'),
    statement: Type.String({ description: 'What was seen.' }),
    reference: nullable(Type.String(), 'Where the paper lies; null: there is none.'),
    observedAt: about(InstantOut, 'When it was seen.'),
    validUntil: about(InstantOut, 'Until when it serves as a proof.'),
    recordedAt: about(InstantOut, 'When it was recorded.'),
    confirmedAt: nullable(
      InstantOut,
      'When a second person confirmed it; until then it counts for nothing.',
    ),
    confirmedByPersonId: nullable(Uuid, 'Who confirmed it.'),
  },
  { title: 'ControlRecord' },
)

export const ControlRecordEntity = entityOf(RecordView, {
  table: 'control_record',
  derived: ['confirmedAt', 'confirmedByPersonId'],
  kept: { actor: Type.String() },
  uniques: [{ name: 'control_record_observation_key', columns: ['clauseId', 'observedAt'] }],
  checks: [{ name: 'control_record_validity_check', expression: 'valid_until > observed_at' }],
})
export type ControlRecord = RowOf<typeof ControlRecordEntity>

/** A record with the word of a second person; without, it counts for nothing. */
export type ConfirmedRecord = Static<typeof RecordView>

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
