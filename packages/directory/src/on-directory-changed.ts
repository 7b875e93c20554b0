import { ModuleChanged, PersonChanged, UnitChanged } from '@erp-steward/contracts/identity-events'
import { on, type Subscription } from '@erp-steward/messaging/consumer'
import { ModuleEntity, PersonEntity, UnitEntity } from './directory.ts'

/** Suppliers and service companies have people and accounts, but no ERP of their own. */
const WITH_ERP: readonly string[] = ['HEADQUARTERS', 'USER_UNIT']

/**
 * Keep a service's copy of the directory. Each event carries the whole state, so the newest one is all that counts.
 *
 * A service that must do more when a person leaves subscribes to `PersonChanged` besides, after these.
 */
export const directorySubscriptions: readonly Subscription[] = [
  on(UnitChanged, async (tx, { data }) => {
    const { unitId, code, name, kind, active } = data
    await tx.upsert(
      UnitEntity,
      { id: unitId, code, name, usesErp: WITH_ERP.includes(kind), active },
      ['id'],
    )
  }),
  on(ModuleChanged, async (tx, { data }) => {
    const { code, name, active } = data
    await tx.upsert(ModuleEntity, { code, name, active }, ['code'])
  }),
  on(PersonChanged, async (tx, { data }) => {
    const { personId, name, unitId, email, active } = data
    await tx.upsert(PersonEntity, { id: personId, name, unitId, email, active }, ['id'])
  }),
]
