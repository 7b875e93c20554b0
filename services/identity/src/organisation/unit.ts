import { Version } from '@erp-steward/contracts/values'
import { entityOf, type RowOf } from '@erp-steward/service-kit/entity'
import { Type } from 'typebox'
import { EntryMembers } from './entry.ts'

export const UnitKind = Type.Enum(
  ['HEADQUARTERS', 'USER_UNIT', 'OM_PROVIDER', 'INFORMATION_COMPANY', 'SUPPLIER'],
  {
    title: 'UnitKind',
    description:
      '`HEADQUARTERS` and `USER_UNIT` use the ERP and owe key users and daily inspections. Sources: B-4.1.2, A-3.1.1.',
  },
)

/** A unit of the company or one that works for it; the range of what most people may see. */
export const UnitView = Type.Object(
  { ...EntryMembers, kind: UnitKind, version: Version },
  { title: 'Unit' },
)

export const UnitEntity = entityOf(UnitView, {
  table: 'unit',
  uniques: [{ name: 'unit_code_key', columns: ['code'] }],
  checks: [
    {
      name: 'unit_kind_check',
      expression:
        "kind in ('HEADQUARTERS', 'USER_UNIT', 'OM_PROVIDER', 'INFORMATION_COMPANY', 'SUPPLIER')",
    },
  ],
})
export type Unit = RowOf<typeof UnitEntity>
