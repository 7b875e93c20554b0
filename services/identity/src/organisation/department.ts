import { about, Code, UnitId, Version } from '@erp-steward/contracts/values'
import { entityOf, type RowOf } from '@erp-steward/service-kit/entity'
import { Type } from 'typebox'
import { EntryMembers } from './entry.ts'

/** A department of one unit; its code is unique within that. */
export const DepartmentView = Type.Object(
  {
    ...EntryMembers,
    unitId: UnitId,
    unitCode: about(Code, 'Code of that unit.'),
    version: Version,
  },
  { title: 'Department' },
)

export const DepartmentEntity = entityOf(DepartmentView, {
  table: 'department',
  derived: ['unitCode'],
  uniques: [{ name: 'department_code_key', columns: ['unitId', 'code'] }],
  foreignKeys: [
    {
      name: 'department_unit_id_fkey',
      target: 'unit',
      columnNames: ['unit_id'],
      referencedColumnNames: ['id'],
    },
  ],
})
export type Department = RowOf<typeof DepartmentEntity>
