import { Version } from '@erp-steward/contracts/values'
import { entityOf, type RowOf } from '@erp-steward/service-kit/entity'
import { Type } from 'typebox'
import { EntryMembers } from './entry.ts'

/** An EBS module, for example `GL`: what key users and business owners answer for. */
export const ModuleView = Type.Object({ ...EntryMembers, version: Version }, { title: 'Module' })

export const ModuleEntity = entityOf(ModuleView, {
  table: 'module',
  uniques: [{ name: 'module_code_key', columns: ['code'] }],
})
export type Module = RowOf<typeof ModuleEntity>
