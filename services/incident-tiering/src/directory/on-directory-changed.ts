import { ModuleChanged, PersonChanged, UnitChanged } from '@erp-steward/contracts/identity-events'
import { on } from '@erp-steward/messaging/consumer'
import { endDutiesOf } from '../key-users/end-duties.ts'
import { ModuleEntity, PersonEntity, UnitEntity } from './directory.ts'

export const onUnitChanged = on(UnitChanged, async (tx, { data }) => {
  const { unitId, code, name, kind, active } = data
  const usesErp = kind === 'USER_UNIT' || kind === 'HEADQUARTERS'
  await tx.upsert(UnitEntity, { id: unitId, code, name, usesErp, active }, ['id'])
})

export const onModuleChanged = on(ModuleChanged, async (tx, { data }) => {
  await tx.upsert(ModuleEntity, data, ['code'])
})

/** Whoever leaves keeps no key-user duty; a gap that this opens is announced. */
export const onPersonChanged = on(PersonChanged, async (tx, { data }, act) => {
  const { personId, name, unitId, email, active } = data
  await tx.upsert(PersonEntity, { id: personId, name, unitId, email, active }, ['id'])
  if (!active) await endDutiesOf(tx, personId, 'The person has left.', act)
})
