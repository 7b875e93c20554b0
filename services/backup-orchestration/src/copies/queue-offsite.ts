import type { Act } from '@erp-steward/contracts/act'
import { durationMs } from '@erp-steward/regulation/duration'
import { readParameter } from '@erp-steward/service-kit/parameters'
import type { EntityManager } from 'typeorm'
import { assign } from '../assignments/assignment.ts'
import type { Run } from '../runs/run.ts'
import { CopyEntity, newCopy } from './copy.ts'

/** Queues the copy of a good run for the other site; it is due a while after the end of the backup. Source. */
export async function queueOffsite(
  tx: EntityManager,
  run: Run,
  { siteCode, expiresAt }: { readonly siteCode: string; readonly expiresAt: Date },
  act: Act,
): Promise<void> {
  const { value } = await readParameter(tx, 'backup.offsite.within', run.unitId, act.now)
  const dueAt = new Date(act.now.getTime() + durationMs(value))
  const copy = newCopy(run, { role: 'offsite', siteCode, dueAt, expiresAt }, act.now)
  await tx.insert(CopyEntity, copy)
  await assign(tx, { kind: 'copy', targetId: run.targetId, runId: run.id, copyId: copy.id }, act)
}
