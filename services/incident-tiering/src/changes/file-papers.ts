import type { Act } from '@erp-steward/contracts/act'
import { ChangePapersFiled } from '@erp-steward/contracts/change-events'
import { said, together } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { heldPerson, mayDo } from '@erp-steward/directory/directory'
import type { EntityManager } from 'typeorm'
import { actingPerson } from './acting-person.ts'
import { settleDebt } from './change-debt.ts'
import { addChangeEntry } from './change-entry.ts'
import { lockChange, updateChange, type Change } from './change.ts'
import type { Approver } from './decide-change.ts'

export interface FilePapers {
  readonly changeId: string
  readonly confirmation: string
  readonly testEvidence: string
  /** Who hands them in, as the token says. */
  readonly filer: Approver
}

/**
 * The requester hands in the written confirmation and the test result of an emergency that was started; once, also late.
 * Where the requester has left, or may ask for changes no more, the leader of the unit or the O&M authority does, but
 * nobody who carried it out: what is owed can be made up. Source: defaults 2.4, A-3.3.5, B-7.5.
 *
 * @throws Problem `change-not-found`, `version-stale`, `change-state`, `not-change-requester`, `person-unknown`,
 *   `same-person`
 */
export async function filePapers(
  tx: EntityManager,
  { changeId, confirmation, testEvidence, filer }: FilePapers,
  expected: number,
  act: Act,
): Promise<Change> {
  const change = await lockChange(tx, changeId, expected)
  await assertFiler(tx, change, filer, act)
  if (change.papersDueAt === null || change.papersFiledAt !== null)
    throw new Problem(
      'change-state',
      said('No papers are due for this change.', '该变更没有应补的资料。'),
    )
  const withinTarget = act.now <= change.papersDueAt
  const filed = await updateChange(tx, change, {
    papersConfirmation: confirmation,
    papersTestEvidence: testEvidence,
    papersFiledAt: act.now,
  })
  await settleDebt(tx, change, 'papers', act)
  const when = withinTarget ? said('In time.', '按时。') : said('Late.', '逾期。')
  const entry = together([when, said(confirmation, confirmation)])
  await addChangeEntry(tx, change.id, 'papers-filed', entry, act)
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

async function assertFiler(
  tx: EntityManager,
  { requesterPersonId, executorPersonId, finisherPersonId, unitId }: Change,
  { roles, unitId: ownUnitId }: Approver,
  act: Act,
): Promise<void> {
  const personId = act.personId
  if (personId !== requesterPersonId) {
    const requester = await heldPerson(tx, requesterPersonId)
    const isLost = requester === null || !mayDo(requester, 'change.submit')
    const leads = roles.includes('BUSINESS_OWNER') && ownUnitId === unitId
    if (!isLost || !(leads || roles.includes('OM_AUTHORITY')))
      throw new Problem(
        'not-change-requester',
        said(
          'Only the person who asked for the change does this.',
          '仅提出该变更的人员可以这样做。',
        ),
      )
    if (personId === executorPersonId || personId === finisherPersonId)
      throw new Problem(
        'same-person',
        said('Who carried a change out does not write its papers.', '变更的执行人不得编写其资料。'),
      )
  }
  await actingPerson(tx, act)
}
