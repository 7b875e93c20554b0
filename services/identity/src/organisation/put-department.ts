import { randomUUID } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import { DepartmentChanged } from '@erp-steward/contracts/directory-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { EntityManager } from 'typeorm'
import { DepartmentEntity, type Department } from './department.ts'
import { assertNobodyIn, putEntry, type Put } from './put-entry.ts'

/** @throws Problem as `putEntry`, and `entry-in-use` for a department that still has active people */
export async function putDepartment(
  tx: EntityManager,
  { unitId, code, ...values }: Omit<Department, 'id' | 'version'>,
  expected: number | null,
  act: Act,
): Promise<Put<Department>> {
  const fresh = { id: randomUUID(), unitId, code, ...values, version: 1 }
  const put = await putEntry(tx, DepartmentEntity, { unitId, code }, fresh, values, expected)
  if (put.outcome === 'unchanged') return put
  const { id, name, active, version } = put.row
  if (!active) await assertNobodyIn(tx, 'department_id', id)
  const fact = { departmentId: id, unitId, code, name, active, version }
  await appendEvent(tx, 'identity', DepartmentChanged, id, fact, act)
  return put
}
