import {
  about,
  Id,
  InstantOut,
  LocalDate,
  nullable,
  Uuid,
  Version,
} from '@erp-steward/contracts/values'
import { entityOf, type RowOf } from '@erp-steward/service-kit/entity'
import { Type, type Static } from 'typebox'

export const DepartureKind = Type.Enum(['leave', 'move'], {
  title: 'DepartureKind',
  description: '`leave`: the person leaves the company; `move`: the person gets another place.',
})
export type DepartureKind = Static<typeof DepartureKind>

export const DepartureVerdict = Type.Enum(['awaited', 'in-time', 'late', 'missing', 'withdrawn'], {
  title: 'DepartureVerdict',
  description:
    'Of the notice of the department. `awaited`: it has time until `dueAt`; `in-time`; `late`: it came after `dueAt`; `missing`: it has not come, and the time is over; `withdrawn`: nobody leaves.',
})
export type DepartureVerdict = Static<typeof DepartureVerdict>

/** Who tells: whoever runs the register, or the department itself. */
export type Teller = 'personnel' | 'department'

/** Somebody leaves a place: what the personnel system and the department each told of it, and when. Source. */
export const DepartureView = Type.Object(
  {
    id: Id,
    personId: about(Uuid, 'Who leaves or moves.'),
    kind: DepartureKind,
    unitId: about(Uuid, 'The unit that is left.'),
    departmentId: about(Uuid, 'The department that is left, and had to tell.'),
    effectiveOn: about(
      LocalDate,
      'First day without the old place: of the personnel system where it told, else of the department.',
    ),
    personnelToldAt: nullable(
      InstantOut,
      'When whoever runs the register told of it, by a list or a call; null: not yet.',
    ),
    departmentToldAt: nullable(InstantOut, 'When the department told of it; null: not yet.'),
    departmentToldBy: nullable(Type.String(), 'The account that told for the department.'),
    departmentSaid: nullable(LocalDate, 'The day that the department named.'),
    dueAt: nullable(
      InstantOut,
      'Until when the department has to tell, by `identity.leaver.notice_due`; null: the holidays of the year are not loaded.',
    ),
    parameterVersion: Type.Integer({
      minimum: 0,
      description: 'Version of `identity.leaver.notice_due` that set it; 0 is the shipped value.',
    }),
    verdict: DepartureVerdict,
    lagSeconds: nullable(
      Type.Integer({ minimum: 0 }),
      'From the start of the day to the notice of the department, in seconds; 0 when it came before; null: it has not come.',
    ),
    openedAt: about(InstantOut, 'When it was first told of.'),
    version: Version,
  },
  { title: 'Departure' },
)

export const DepartureEntity = entityOf(DepartureView, {
  table: 'departure',
  checks: [
    { name: 'departure_kind_check', expression: `kind in ('leave', 'move')` },
    {
      name: 'departure_verdict_check',
      expression: `verdict in ('awaited', 'in-time', 'late', 'missing', 'withdrawn')`,
    },
    {
      name: 'departure_told_check',
      expression: 'personnel_told_at is not null or department_told_at is not null',
    },
    {
      name: 'departure_department_check',
      expression:
        '(department_told_at is null) = (department_told_by is null) and (department_told_at is null) = (department_said is null)',
    },
  ],
  indices: [
    { name: 'departure_by_age', columns: ['openedAt', 'id'] },
    { name: 'departure_by_person', columns: ['personId', 'kind', 'effectiveOn'] },
    { name: 'departure_by_day', columns: ['effectiveOn'] },
    {
      name: 'departure_awaited',
      columns: ['dueAt'],
      where: `verdict = 'awaited'`,
    },
  ],
  foreignKeys: [
    {
      name: 'departure_person_id_fkey',
      target: 'person',
      columnNames: ['person_id'],
      referencedColumnNames: ['id'],
    },
  ],
})
export type Departure = RowOf<typeof DepartureEntity>
