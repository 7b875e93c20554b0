import { isDeepStrictEqual } from 'node:util'
import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { ChangeAmended } from '@erp-steward/contracts/change-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { EntityManager } from 'typeorm'
import { addChangeEntry } from './change-entry.ts'
import { assertPlan, type ChangePlan } from './change-plan.ts'
import { assertState, lockChange, updateChange, type Change } from './change.ts'
import { mayHarmData } from './rules/approval.ts'
import { settleStage } from './unfilled-stage.ts'
import { assertRequester } from './withdraw-change.ts'

/**
 * Edits the plan before it starts. What was approved is another plan then, so every approval is void and the change is
 * submitted anew; who gave one stays on record and cannot become the executor. An edit that differs in nothing is none.
 *
 * @throws Problem `change-not-found`, `version-stale`, `change-state`, `not-change-requester`, `person-unknown`,
 *   `same-person`, `validation-failed`
 */
export async function amendChange(
  tx: EntityManager,
  changeId: string,
  edit: Partial<ChangePlan>,
  expected: number,
  act: Act,
): Promise<Change> {
  const change = await lockChange(tx, changeId, expected)
  await assertRequester(tx, change, act)
  assertState(change, 'submitted', 'approved', 'held')
  const members = (Object.keys(edit) as (keyof ChangePlan)[]).filter(
    (member) => !isDeepStrictEqual(edit[member], change[member]),
  )
  if (members.length === 0) return change
  const voided = [change.unitApproverPersonId, change.companyApproverPersonId].filter(
    (personId) => personId !== null,
  )
  const plan: Change = { ...change, ...edit }
  await assertPlan(tx, change, plan, change, act.now)
  const amended = await updateChange(tx, change, {
    ...edit,
    needsBackup: mayHarmData(change.kind) || plan.systemCode !== null,
    state: 'submitted',
    unitApproverPersonId: null,
    unitApprovedAt: null,
    companyApproverPersonId: null,
    companyApprovedAt: null,
    voidedApproverPersonIds: [...new Set([...change.voidedApproverPersonIds, ...voided])],
    askId: null,
    askedAt: null,
    heldCause: null,
    heldReasons: [],
  })
  const words = said(`Differs now: ${members.join(', ')}.`, `已修改：${members.join('、')}。`)
  await addChangeEntry(tx, change.id, 'amended', words, act)
  if (voided.length > 0)
    await addChangeEntry(
      tx,
      change.id,
      'approvals-voided',
      voided.length === 1
        ? said('The edit voids the approval given before.', '修改使此前的审批作废。')
        : said('The edit voids both approvals given before.', '修改使此前的两项审批均作废。'),
      act,
    )
  await appendEvent(
    tx,
    'incident-tiering',
    ChangeAmended,
    change.id,
    {
      changeId: change.id,
      number: change.number,
      members,
      voidedApproverPersonIds: voided,
      amendedAt: act.now.toISOString(),
    },
    act,
  )
  return settleStage(tx, amended, act)
}
