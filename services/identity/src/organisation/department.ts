import { EntitySchema } from 'typeorm'

/** A department of one unit. */
export interface Department {
  id: string
  unitId: string
  /** Unique within the unit. */
  code: string
  name: string
  active: boolean
  version: number
}

export const DepartmentEntity = new EntitySchema<Department>({
  name: 'Department',
  tableName: 'department',
  columns: {
    id: { type: 'uuid', primary: true },
    unitId: { type: 'uuid', name: 'unit_id' },
    code: { type: 'text' },
    name: { type: 'text' },
    active: { type: 'boolean' },
    version: { type: 'integer' },
  },
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
