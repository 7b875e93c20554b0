import { ModuleChanged, PersonChanged, UnitChanged } from '@erp-steward/contracts/identity-events'
import { on } from '@erp-steward/messaging/consumer'
import { ModuleEntity, PersonEntity, UnitEntity } from './directory.ts'

/** Suppliers and service companies run no ERP of their own that we inspect. */
export const onUnitChanged = on(UnitChanged, async (tx, { data }) => {
  const { unitId, code, name, kind, active } = data
  const inspected = kind === 'HEADQUARTERS' || kind === 'USER_UNIT'
  await tx.upsert(UnitEntity, { id: unitId, code, name, inspected, active }, ['id'])
})

export const onModuleChanged = on(ModuleChanged, async (tx, { data }) => {
  const { code, name, active } = data
  await tx.upsert(ModuleEntity, { code, name, active }, ['code'])
})

export const onPersonChanged = on(PersonChanged, async (tx, { data }) => {
  const { personId, name, unitId, active } = data
  await tx.upsert(PersonEntity, { id: personId, name, unitId, active }, ['id'])
})
