import type { Act } from '@erp-steward/contracts/act'
import {
  about,
  Id,
  InstantOut,
  LocalDate,
  nullable,
  Uuid,
  Version,
} from '@erp-steward/contracts/values'
import { personalDataOf } from '@erp-steward/service-kit/personal-data'
import { entityOf, type RowOf } from '@erp-steward/service-kit/entity'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'
import { PlaceCodes } from '../people/place.ts'

/** First day of a new place. */
export const EffectiveOn = about(
  LocalDate,
  'First day of the new place, from 00:00 in China; after today when it is planned.',
)

export const PlanKind = Type.Enum(['join', 'move'], {
  title: 'PersonPlanKind',
  description: 'Whether somebody joins or moves.',
})

export const PlanState = Type.Enum(['planned', 'done', 'withdrawn', 'failed'], {
  title: 'PersonPlanState',
  description: '`failed`: refused on its day, with the code in `problem`.',
})

/** A joiner or a mover of a later day, as whoever runs the register sees it. */
export const PlanView = Type.Object(
  {
    id: Id,
    kind: PlanKind,
    effectiveOn: EffectiveOn,
    state: PlanState,
    problem: nullable(Type.String(), 'Code of the problem for which it was refused on its day.'),
    problemMeaning: nullable(
      Type.String(),
      'What that means and what to do about it, in the language preferred.',
    ),
    personId: nullable(Uuid, 'Who moves; who has joined, once it took effect.'),
    employeeNumber: nullable(Type.String(), 'Of a joiner.'),
    name: nullable(Type.String(), 'Of a joiner.'),
    ...PlaceCodes,
    plannedBy: Type.String({ description: 'Account or client, as which it takes effect.' }),
    plannedAt: about(InstantOut, 'When it was planned.'),
    endedAt: nullable(InstantOut, 'When it was done, taken back or refused.'),
    version: Version,
  },
  { title: 'PersonPlan' },
)

export interface PlannedMove extends Readonly<PlaceCodes> {
  readonly kind: 'move'
}

export interface PlannedJoin extends Readonly<PlaceCodes> {
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

export const PersonPlanEntity = entityOf(PlanView, {
  table: 'person_plan',
  derived: [
    'problemMeaning',
    'employeeNumber',
    'name',
    'unitCode',
    'departmentCode',
    'positionCode',
    'plannedBy',
  ],
  kept: {
    /** The unit of the new place. */
    unitId: Uuid,
    /** The unit of a planner whose range is a unit; `null` for the company. */
    rangeId: nullable(Uuid),
    /** JSON of `PlannedJoin` or `PlannedMove`. */
    sealed: Type.String(),
    /** As whom it takes effect: who planned it. */
    act: Type.Unsafe<Omit<Act, 'now'>>({}),
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
export type PersonPlan = RowOf<typeof PersonPlanEntity>
