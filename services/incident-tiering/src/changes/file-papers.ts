import type { Act } from '@erp-steward/contracts/act'
import { ChangePapersFiled } from '@erp-steward/contracts/change-events'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { EntityManager } from 'typeorm'
import { settleDebt } from './change-debt.ts'
import { addChangeEntry } from './change-entry.ts'
import { lockChange, updateChange, type Change } from './change.ts'
import { assertRequester } from './withdraw-change.ts'

export interface FilePapers {
  readonly changeId: string
  readonly confirmation: string
  readonly testEvidence: string
}

/**
 * The requester hands in the written confirmation and the test result of an emergency that was started; once, also late.
 * Source: defaults 2.4, A-3.3.5.
 *
 * @throws Problem `change-not-found`, `version-stale`, `change-state`, `not-change-requester`, `person-unknown`
 */
export async function filePapers(
  tx: EntityManager,
  { changeId, confirmation, testEvidence }: FilePapers,
  expected: number,
  act: Act,
): Promise<Change> {
  const change = await lockChange(tx, changeId, expected)
  await assertRequester(tx, change, act)
  if (change.papersDueAt === null || change.papersFiledAt !== null)
    throw new Problem('change-state', 'No papers are due for this change.')
  const withinTarget = act.now <= change.papersDueAt
  const filed = await updateChange(tx, change, {
    papersConfirmation: confirmation,
    papersTestEvidence: testEvidence,
    papersFiledAt: act.now,
  })
  await settleDebt(tx, change, 'papers', act)
  const when = withinTarget ? 'In time' : 'Late'
  await addChangeEntry(tx, change.id, 'papers-filed', `${when}. ${confirmation}`, act)
  await appendEvent(
    tx,
    'incident-tiering',
    ChangePapersFiled,
    change.id,
    {
      changeId: change.id,
      number: change.number,
      requesterPersonId: change.requesterPersonId,
      confirmation,
      testEvidence,
      withinTarget,
      filedAt: act.now.toISOString(),
    },
    act,
  )
  return filed
}
