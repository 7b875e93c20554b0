import { EntitySchema } from 'typeorm'

export const leaveKinds = ['resignation', 'retirement', 'contract-end', 'dismissal'] as const
export type LeaveKind = (typeof leaveKinds)[number]

/**
 * A person of the directory: one row per employee number, kept after the person has left. Number, name, address and
 * birthday are sealed here as in the table; `openPerson` shows them.
 */
export interface Person {
  id: string
  /** Sealed: the key by which the personnel system and every import know the person. */
  employeeNumber: string
  /** Keyed hash of the number, unique whatever its case. */
  employeeNumberLookup: string
  /** Sealed. */
  name: string
  nameLookup: string
  unitId: string
  departmentId: string
  positionId: string
  /** Sealed. */
  email: string | null
  emailLookup: string | null
  /** Sealed calendar date; `null` when it is not known. */
  birthday: string | null
  /** Keyed hash of name and birthday, by which a twin is found; `null` without a birthday. */
  twinLookup: string | null
  active: boolean
  /** First day the person no longer belongs to the company, as noticed; `null` while nobody gave notice. */
  leaveOn: string | null
  leaveKind: LeaveKind | null
  /** When the notice came in. */
  noticedAt: Date | null
  /** Set when the leave took effect. */
  leftOn: string | null
  version: number
  createdAt: Date
}

const SEALED = `~ '^[0-9a-f]{8}\\.[A-Za-z0-9_-]{16}\\.'`

/** The table takes nothing in clear. */
const sealedCheck = `employee_number ${SEALED} and employee_number_lookup is not null
  and name ${SEALED} and name_lookup is not null
  and (email is null) = (email_lookup is null) and coalesce(email ${SEALED}, true)`

const birthdayCheck = `(birthday is null) = (twin_lookup is null) and coalesce(birthday ${SEALED}, true)`

/** The table keeps by itself when a row last changed. */
export const PersonEntity = new EntitySchema<Person & { readonly changedAt?: Date }>({
  name: 'Person',
  tableName: 'person',
  columns: {
    id: { type: 'uuid', primary: true },
    employeeNumber: { type: 'text', name: 'employee_number' },
    employeeNumberLookup: { type: 'text', name: 'employee_number_lookup', nullable: true },
    name: { type: 'text' },
    nameLookup: { type: 'text', name: 'name_lookup', nullable: true },
    unitId: { type: 'uuid', name: 'unit_id' },
    departmentId: { type: 'uuid', name: 'department_id' },
    positionId: { type: 'uuid', name: 'position_id' },
    email: { type: 'text', nullable: true },
    emailLookup: { type: 'text', name: 'email_lookup', nullable: true },
    birthday: { type: 'text', nullable: true },
    twinLookup: { type: 'text', name: 'twin_lookup', nullable: true },
    active: { type: 'boolean' },
    leaveOn: { type: 'date', name: 'leave_on', nullable: true },
    leaveKind: { type: 'text', name: 'leave_kind', nullable: true },
    noticedAt: { type: 'timestamptz', name: 'noticed_at', nullable: true },
    leftOn: { type: 'date', name: 'left_on', nullable: true },
    version: { type: 'integer' },
    createdAt: { type: 'timestamptz', name: 'created_at' },
    changedAt: {
      type: 'timestamptz',
      name: 'changed_at',
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
