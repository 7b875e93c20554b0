import type { Act } from '@erp-steward/contracts/act'
import { personalDataOf } from '@erp-steward/service-kit/personal-data'
import { EntitySchema, type EntityManager } from 'typeorm'
import type { PlaceCodes } from '../people/place.ts'

export const planStates = ['planned', 'done', 'withdrawn', 'failed'] as const
export type PlanState = (typeof planStates)[number]

/** A joiner or a mover of a later day. */
export interface PersonPlan {
  id: string
  kind: 'join' | 'move'
  /** Who moves; who has joined, once it took effect. */
  personId: string | null
  /** The unit of the new place. */
  unitId: string
  /** The unit of a planner whose range is a unit; `null` for the company. */
  rangeId: string | null
  /** First day of the new place, in China. */
  effectiveOn: string
  /** JSON of `PlannedJoin` or `PlannedMove`. */
  sealed: string
  /** As whom it takes effect: who planned it. */
  act: Omit<Act, 'now'>
  /** `failed`: refused on its day, with the code in `problem`. */
  state: PlanState
  problem: string | null
  plannedAt: Date
  endedAt: Date | null
  version: number
}

export interface PlannedMove extends PlaceCodes {
  readonly kind: 'move'
}

export interface PlannedJoin extends PlaceCodes {
  readonly kind: 'join'
  readonly employeeNumber: string
  readonly name: string
  readonly email: string | null
  readonly birthday: string | null
  readonly userName: string | null
  readonly withAccount: boolean
}

export type Planned = PlannedMove | PlannedJoin

/** What is planned, as it is stored: it says who joins. Source. */
export const sealPlanned = (tx: EntityManager, id: string, planned: Planned): string =>
  personalDataOf(tx).seal(id, 'plan', JSON.stringify(planned))

export const openPlanned = (tx: EntityManager, { id, sealed }: PersonPlan): Planned =>
  JSON.parse(personalDataOf(tx).open(id, 'plan', sealed)) as Planned

export const PersonPlanEntity = new EntitySchema<PersonPlan>({
  name: 'PersonPlan',
  tableName: 'person_plan',
  columns: {
    id: { type: 'uuid', primary: true, primaryKeyConstraintName: 'person_plan_pkey' },
    kind: { type: 'text' },
    personId: { type: 'uuid', name: 'person_id', nullable: true },
    unitId: { type: 'uuid', name: 'unit_id' },
    rangeId: { type: 'uuid', name: 'range_id', nullable: true },
    effectiveOn: { type: 'date', name: 'effective_on' },
    sealed: { type: 'text' },
    act: { type: 'jsonb' },
    state: { type: 'text' },
    problem: { type: 'text', nullable: true },
    plannedAt: { type: 'timestamptz', name: 'planned_at' },
    endedAt: { type: 'timestamptz', name: 'ended_at', nullable: true },
    version: { type: 'integer' },
  },
  checks: [
    { name: 'person_plan_kind_check', expression: `kind in ('join', 'move')` },
    {
      name: 'person_plan_state_check',
      expression: `state in ('planned', 'done', 'withdrawn', 'failed')`,
    },
    {
      name: 'person_plan_sealed_check',
      expression: `sealed ~ '^[0-9a-f]{8}\\.[A-Za-z0-9_-]{16}\\.'`,
    },
  ],
  indices: [
    { name: 'person_plan_by_age', columns: ['plannedAt', 'id'] },
    { name: 'person_plan_failed', columns: ['endedAt'], where: `(state = 'failed'::text)` },
    {
      name: 'person_plan_move_key',
      columns: ['personId', 'effectiveOn'],
      unique: true,
      where: `state = 'planned' and kind = 'move'`,
    },
  ],
  foreignKeys: [
    {
      name: 'person_plan_person_id_fkey',
      target: 'person',
      columnNames: ['person_id'],
      referencedColumnNames: ['id'],
    },
    {
      name: 'person_plan_unit_id_fkey',
      target: 'unit',
      columnNames: ['unit_id'],
      referencedColumnNames: ['id'],
    },
  ],
})
