import type { HeldCause } from '@erp-steward/contracts/change-events'
import { heldPerson } from '@erp-steward/directory/directory'
import type { EntityManager } from 'typeorm'
import type { Change } from './change.ts'

/**
 * Whom the change has lost since it was approved: its executor or an approver. What they were asked for then, they could
 * not be asked for now. Nobody of them can leave before the transaction ends. Source: B-4.2.4, B-4.3.7.
 */
export async function lostPerson(
  tx: EntityManager,
  { executorPersonId, unitApproverPersonId, companyApproverPersonId }: Change,
): Promise<[cause: HeldCause, reasons: readonly string[]] | null> {
  if ((await heldPerson(tx, executorPersonId)) === null)
    return ['executor-left', ['The executor has left.']]
  for (const personId of [unitApproverPersonId, companyApproverPersonId])
    if (personId !== null && (await heldPerson(tx, personId)) === null)
      return ['approver-lost', ['An approver has left; have the change approved again.']]
  return null
}
