import { said, type Bilingual } from '@erp-steward/contracts/bilingual'
import type { HeldCause } from '@erp-steward/contracts/change-events'
import { heldPerson, mayDo } from '@erp-steward/directory/directory'
import type { EntityManager } from 'typeorm'
import type { Change } from './change.ts'

/**
 * Whom the change has lost since it was approved: its executor or an approver, who has left, has no usable account or no
 * right to it any more. What they were asked for then, they could not be asked for now. Nobody of them can leave before
 * the transaction ends. Source: B-4.2.4, B-4.3.7.
 */
export async function lostPerson(
  tx: EntityManager,
  { executorPersonId, unitApproverPersonId, companyApproverPersonId }: Change,
): Promise<[cause: HeldCause, reasons: readonly Bilingual[]] | null> {
  const lost = await lostExecutor(tx, executorPersonId)
  if (lost !== null) return ['executor-left', [lost]]
  for (const personId of [unitApproverPersonId, companyApproverPersonId]) {
    if (personId === null) continue
    const approver = await heldPerson(tx, personId)
    if (approver === null || !mayDo(approver, 'change.approve'))
      return ['approver-lost', [LOST_APPROVER]]
  }
  return null
}

const LOST_APPROVER = said(
  'An approver has left or lost the right to approve.',
  '一名审批人已离职或失去审批权。',
)

/** Why the executor can carry nothing out any more, as a sentence; `null` while nothing keeps the person from it. */
export async function lostExecutor(
  tx: EntityManager,
  executorPersonId: string,
): Promise<Bilingual | null> {
  const executor = await heldPerson(tx, executorPersonId)
  if (executor === null) return said('The executor has left.', '执行人已离职。')
  return mayDo(executor, 'change.execute')
    ? null
    : said('The executor may not carry changes out any more.', '执行人已无权执行变更。')
}
