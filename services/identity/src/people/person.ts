import {
  about,
  Code,
  Id,
  InstantOut,
  LocalDate,
  nullable,
  Uuid,
  Version,
} from '@erp-steward/contracts/values'
import { entityOf, type RowOf } from '@erp-steward/service-kit/entity'
import { Type, type Static } from 'typebox'

export const LeaveKind = Type.Enum(['resignation', 'retirement', 'contract-end', 'dismissal'], {
  title: 'LeaveKind',
  description: 'Why a person leaves; a `dismissal` takes effect at once. Source: A-2.1.3.',
})
export type LeaveKind = Static<typeof LeaveKind>

/** A person of the directory, as callers see it: what they may not see is masked. Source. */
export const PersonView = Type.Object(
  {
    id: Id,
    employeeNumber: Type.String({
      description: 'The number by which the personnel system knows the person; may be masked.',
    }),
    name: Type.String({ description: 'As it is written; may be masked.' }),
    unitId: about(Uuid, 'The unit that the person belongs to, or last belonged to.'),
    unitCode: about(Code, 'Code of that unit.'),
    departmentId: about(Uuid, 'The department, of that unit.'),
    departmentCode: about(Code, 'Code of that department.'),
    positionId: about(Uuid, 'The position, whose rights the account has.'),
    positionCode: about(Code, 'Code of that position.'),
    email: nullable(Type.String(), 'Where notices are sent; may be masked. Null: no address.'),
    birthday: nullable(
      Type.String(),
      'A calendar date, or `****-**-**` for whoever may not read it. Null: not known.',
    ),
    active: Type.Boolean({ description: 'False once a leave has taken effect.' }),
    leaveOn: nullable(
      LocalDate,
      'First day the person no longer belongs to the company, as noticed; null: nobody gave notice.',
    ),
    leaveKind: nullable(LeaveKind, 'Of the notice.'),
    leftOn: nullable(LocalDate, 'Local date on which the leave took effect; null: it did not yet.'),
    accountId: nullable(Uuid, 'The account of the person; null: there is none.'),
    userName: nullable(
      Type.String(),
      'Its user name, here and in EBS; masked where the name or the number would be.',
    ),
    createdAt: about(InstantOut, 'When the person was taken in.'),
    changedAt: about(InstantOut, 'When the person last changed.'),
    version: Version,
  },
  { title: 'Person' },
)

const SEALED = `~ '^[0-9a-f]{8}\\.[A-Za-z0-9_-]{16}\\.'`

/** The table takes nothing in clear. */
const sealedCheck = `employee_number ${SEALED} and employee_number_lookup is not null
  and name ${SEALED} and name_lookup is not null
  and (email is null) = (email_lookup is null) and coalesce(email ${SEALED}, true)`

const birthdayCheck = `(birthday is null) = (twin_lookup is null) and coalesce(birthday ${SEALED}, true)`

/**
 * One row per employee number, kept after the person has left. Number, name, address and birthday are sealed here as in
 * the table; `openPerson` shows them. The table keeps by itself when a row last changed.
 */
export const PersonEntity = entityOf(PersonView, {
  table: 'person',
  derived: ['unitCode', 'departmentCode', 'positionCode', 'accountId', 'userName'],
  kept: {
    /** Keyed hash of the number, unique whatever its case. */
    employeeNumberLookup: Type.String(),
    nameLookup: Type.String(),
    emailLookup: nullable(Type.String()),
    /** Keyed hash of name and birthday, by which a twin is found; `null` without a birthday. */
    twinLookup: nullable(Type.String()),
    /** When the notice of the leave came in. */
    noticedAt: nullable(InstantOut),
    changedAt: Type.Optional(InstantOut),
  },
  columns: {
    employeeNumberLookup: { nullable: true },
    nameLookup: { nullable: true },
    changedAt: {
      precision: 3,
      default: () => 'clock_timestamp()',
      insert: false,
      update: false,
      select: false,
    },
  },
  uniques: [{ name: 'person_employee_number_key', columns: ['employeeNumberLookup'] }],
  checks: [
    { name: 'person_left_on_check', expression: 'active = (left_on is null)' },
    { name: 'person_sealed_check', expression: sealedCheck },
    { name: 'person_birthday_sealed_check', expression: birthdayCheck },
  ],
  indices: [
    { name: 'person_by_unit', columns: ['unitId', 'createdAt', 'id'] },
    { name: 'person_by_age', columns: ['createdAt', 'id'] },
    { name: 'person_by_change', columns: ['changedAt', 'id'] },
    { name: 'person_by_department', columns: ['departmentId', 'createdAt', 'id'] },
    { name: 'person_by_name', columns: ['nameLookup'] },
    { name: 'person_by_email', columns: ['emailLookup'], where: 'email_lookup is not null' },
    { name: 'person_by_twin', columns: ['twinLookup'], where: 'twin_lookup is not null' },
    { name: 'person_by_position', columns: ['positionId'] },
  ],
  foreignKeys: [
    {
      name: 'person_unit_id_fkey',
      target: 'unit',
      columnNames: ['unit_id'],
      referencedColumnNames: ['id'],
    },
    {
      name: 'person_department_id_fkey',
      target: 'department',
      columnNames: ['department_id'],
      referencedColumnNames: ['id'],
    },
    {
      name: 'person_position_id_fkey',
      target: 'position',
      columnNames: ['position_id'],
      referencedColumnNames: ['id'],
    },
  ],
})
export type Person = RowOf<typeof PersonEntity>
