import { randomUUID } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import { ModuleChanged } from '@erp-steward/contracts/directory-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { EntityManager } from 'typeorm'
import { ModuleEntity, type Module } from './module.ts'
import { putEntry, type Put } from './put-entry.ts'

/** @throws Problem as `putEntry` */
export async function putModule(
  tx: EntityManager,
  { code, ...values }: Omit<Module, 'id' | 'version'>,
  expected: number | null,
  act: Act,
): Promise<Put<Module>> {
  const fresh = { id: randomUUID(), code, ...values, version: 1 }
  const put = await putEntry(tx, ModuleEntity, { code }, fresh, values, expected)
  if (put.outcome === 'unchanged') return put
  const { id, name, active, version } = put.row
  await appendEvent(tx, 'identity', ModuleChanged, id, { code, name, active, version }, act)
  return put
}
