import type { Act } from '@erp-steward/contracts/act'
import { ChangeWithdrawn } from '@erp-steward/contracts/change-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { EntityManager } from 'typeorm'
import { actingPerson } from './acting-person.ts'
import { addChangeEntry } from './change-entry.ts'
import { assertState, lockChange, updateChange, type Change } from './change.ts'
import { settleStage } from './unfilled-stage.ts'

/**
 * The requester takes the change back before it starts; an answer of the gate that comes later starts nothing.
 *
 * @throws Problem `change-not-found`, `version-stale`, `change-state`, `not-change-requester`, `person-unknown`
 */
export async function withdrawChange(
  tx: EntityManager,
  changeId: string,
  reason: string,
  expected: number,
  act: Act,
): Promise<Change> {
  const change = await lockChange(tx, changeId, expected)
  await assertRequester(tx, change, act)
  assertState(change, 'submitted', 'approved', 'asking', 'held')
  const withdrawn = await updateChange(tx, change, { state: 'withdrawn' })
  await addChangeEntry(tx, change.id, 'withdrawn', reason, act)
  await appendEvent(
    tx,
    'incident-tiering',
    ChangeWithdrawn,
    change.id,
    {
      changeId: change.id,
      number: change.number,
      reason,
      withdrawnAt: act.now.toISOString(),
    },
    act,
  )
  return settleStage(tx, withdrawn, act)
}

/** @throws Problem `not-change-requester`, `person-unknown` if the requester has left */
export async function assertRequester(tx: EntityManager, change: Change, act: Act): Promise<void> {
  if (act.personId !== change.requesterPersonId)
    throw new Problem(
      'not-change-requester',
      said('Only the person who asked for the change does this.', '仅提出该变更的人员可以这样做。'),
    )
  await actingPerson(tx, act)
}
