import { EntitySchema } from 'typeorm'

export const leaveKinds = ['resignation', 'retirement', 'contract-end', 'dismissal'] as const
export type LeaveKind = (typeof leaveKinds)[number]

/** A person of the directory: one row per employee number, kept after the person has left. */
export interface Person {
  id: string
  /** The key by which the personnel system and every import know the person. */
  employeeNumber: string
  name: string
  unitId: string
  departmentId: string
  positionId: string
  email: string | null
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

export const PersonEntity = new EntitySchema<Person>({
  name: 'Person',
  tableName: 'person',
  columns: {
    id: { type: 'uuid', primary: true },
    employeeNumber: { type: 'text', name: 'employee_number' },
    name: { type: 'text' },
    unitId: { type: 'uuid', name: 'unit_id' },
    departmentId: { type: 'uuid', name: 'department_id' },
    positionId: { type: 'uuid', name: 'position_id' },
    email: { type: 'text', nullable: true },
    active: { type: 'boolean' },
    leaveOn: { type: 'date', name: 'leave_on', nullable: true },
    leaveKind: { type: 'text', name: 'leave_kind', nullable: true },
    noticedAt: { type: 'timestamptz', name: 'noticed_at', nullable: true },
    leftOn: { type: 'date', name: 'left_on', nullable: true },
    version: { type: 'integer' },
    createdAt: { type: 'timestamptz', name: 'created_at' },
  },
  uniques: [{ name: 'person_employee_number_key', columns: ['employeeNumber'] }],
  checks: [{ name: 'person_left_on_check', expression: 'active = (left_on is null)' }],
  indices: [
    { name: 'person_by_unit', columns: ['unitId', 'employeeNumber'] },
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
