import type { EntityManager } from 'typeorm'
import { UnitEntity } from './unit.ts'

/** Whether there is a unit with this id, active or not. */
export function unitExists(tx: EntityManager, unitId: string): Promise<boolean> {
  return tx.existsBy(UnitEntity, { id: unitId })
}
