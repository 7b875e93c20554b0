import { randomUUID } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import { UnitChanged } from '@erp-steward/contracts/directory-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { EntityManager } from 'typeorm'
import { assertNobodyIn, putEntry, type Put } from './put-entry.ts'
import { UnitEntity, type Unit } from './unit.ts'

/** @throws Problem as `putEntry`, and `entry-in-use` for a unit that still has active people */
export async function putUnit(
  tx: EntityManager,
  { code, ...values }: Omit<Unit, 'id' | 'version'>,
  expected: number | null,
  act: Act,
): Promise<Put<Unit>> {
  const fresh = { id: randomUUID(), code, ...values, version: 1 }
  const put = await putEntry(tx, UnitEntity, { code }, fresh, values, expected)
  if (put.outcome === 'unchanged') return put
  const { id, name, kind, active, version } = put.row
  if (!active) await assertNobodyIn(tx, 'unit_id', id)
  const fact = { unitId: id, code, name, kind, active, version }
  await appendEvent(tx, 'identity', UnitChanged, id, fact, act)
  return put
}
