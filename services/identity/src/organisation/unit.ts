import { EntitySchema } from 'typeorm'

export const unitKinds = [
  'HEADQUARTERS',
  'USER_UNIT',
  'OM_PROVIDER',
  'INFORMATION_COMPANY',
  'SUPPLIER',
] as const

/** A unit of the company or one that works for it; the range of what most people may see. */
export interface Unit {
  id: string
  /** Unique in the company. */
  code: string
  name: string
  kind: (typeof unitKinds)[number]
  /** Nobody joins a unit that is not active. */
  active: boolean
  version: number
}

export const UnitEntity = new EntitySchema<Unit>({
  name: 'Unit',
  tableName: 'unit',
  columns: {
    id: { type: 'uuid', primary: true },
    code: { type: 'text' },
    name: { type: 'text' },
    kind: { type: 'text' },
    active: { type: 'boolean' },
    version: { type: 'integer' },
  },
  uniques: [{ name: 'unit_code_key', columns: ['code'] }],
  checks: [
    {
      name: 'unit_kind_check',
      expression:
        "kind in ('HEADQUARTERS', 'USER_UNIT', 'OM_PROVIDER', 'INFORMATION_COMPANY', 'SUPPLIER')",
    },
  ],
})
