import type { Act } from '@erp-steward/contracts/act'
import { ChangeReviewed } from '@erp-steward/contracts/change-events'
import { said, together } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { EntityManager } from 'typeorm'
import { actingPerson } from './acting-person.ts'
import { settleDebt } from './change-debt.ts'
import { addChangeEntry } from './change-entry.ts'
import { assertState, lockChange, updateChange, type Change } from './change.ts'

export interface ReviewChange {
  readonly changeId: string
  readonly isSuccessful: boolean
  readonly findings: string
}

/**
 * Somebody who neither asked for nor carried it out looks back, which closes the change. Source.
 *
 * @throws Problem `change-not-found`, `version-stale`, `change-state`, `same-person`, `person-unknown`
 */
export async function reviewChange(
  tx: EntityManager,
  { changeId, isSuccessful, findings }: ReviewChange,
  expected: number,
  act: Act,
): Promise<Change> {
  const change = await lockChange(tx, changeId, expected)
  assertState(change, 'finished')
  const reviewerPersonId = await actingPerson(tx, act)
  if ([change.executorPersonId, change.finisherPersonId].includes(reviewerPersonId))
    throw new Problem(
      'same-person',
      said('Who carried a change out does not review it.', '变更的执行人不得评审该变更。'),
    )
  if (reviewerPersonId === change.requesterPersonId)
    throw new Problem(
      'same-person',
      said('Who asked for a change does not review it.', '变更的申请人不得评审该变更。'),
    )
  const closed = await updateChange(tx, change, {
    state: 'closed',
    reviewerPersonId,
    isSuccessful,
    findings,
    reviewedAt: act.now,
  })
  await settleDebt(tx, change, 'review', act)
  const verdict = isSuccessful ? said('Successful.', '成功。') : said('Not successful.', '未成功。')
  const entry = together([verdict, said(findings, findings)])
  await addChangeEntry(tx, change.id, 'reviewed', entry, act)
  await appendEvent(
    tx,
    'incident-tiering',
    ChangeReviewed,
    change.id,
    {
      changeId: change.id,
      number: change.number,
      reviewerPersonId,
      isSuccessful,
      findings,
      reviewedAt: act.now.toISOString(),
    },
    act,
  )
  return closed
}
