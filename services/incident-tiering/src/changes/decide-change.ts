import type { Act } from '@erp-steward/contracts/act'
import {
  ChangeApproved,
  ChangeRejected,
  type ApprovalStage,
} from '@erp-steward/contracts/change-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { EntityManager } from 'typeorm'
import { keyUsersOfCompany } from '../key-users/key-users-of-company.ts'
import { heldPerson } from '@erp-steward/directory/directory'
import { actingPerson } from './acting-person.ts'
import { addChangeEntry } from './change-entry.ts'
import { settleDebt } from './change-debt.ts'
import { assertState, lockChange, updateChange, type Change } from './change.ts'
import { isKeyUserOf } from './key-user-of-change.ts'
import { hasLeftSince } from './person-move.ts'
import { decidedByModule, pendingStage, STAGE_IN_CHINESE } from './rules/approval.ts'
import { settleStage } from './unfilled-stage.ts'
import { objectionToApprover } from './rules/three-people.ts'

/** Who decides, as the token says. */
export interface Approver {
  readonly roles: readonly string[]
  readonly unitId: string | null
}

export interface DecideChange {
  readonly changeId: string
  readonly stage: ApprovalStage
  readonly approver: Approver
}

/**
 * Gives the stage that is next, or makes up that of the unit, which an emergency had skipped. Sources: B-4.2.4, B-6.2,
 * B-7.5.
 *
 * @throws Problem `change-not-found`, `version-stale`, `change-state` (also: not this stage's turn),
 *   `not-change-approver`, `same-person`, `person-unknown`
 */
export async function approveChange(
  tx: EntityManager,
  command: DecideChange & { readonly comment: string | null },
  expected: number,
  act: Act,
): Promise<Change> {
  const { stage, comment } = command
  const { change, approverPersonId } = await decidable(tx, command, expected, act)
  const given: Partial<Change> =
    stage === 'unit'
      ? { unitApproverPersonId: approverPersonId, unitApprovedAt: act.now }
      : { companyApproverPersonId: approverPersonId, companyApprovedAt: act.now }
  const isComplete = pendingStage({ ...change, ...given }) === null
  const approved = await updateChange(tx, change, {
    ...given,
    ...(isComplete && change.state === 'submitted' && { state: 'approved' }),
  })
  if (stage === 'unit') await settleDebt(tx, change, 'unit-approval', act)
  const entry = said(
    `Stage ${stage}.${comment === null ? '' : ` ${comment}`}`,
    `${STAGE_IN_CHINESE[stage]}。${comment ?? ''}`,
  )
  await addChangeEntry(tx, change.id, 'approved', entry, act)
  await appendEvent(
    tx,
    'incident-tiering',
    ChangeApproved,
    change.id,
    {
      changeId: change.id,
      number: change.number,
      stage,
      approverPersonId,
      comment,
      isComplete,
      approvedAt: act.now.toISOString(),
    },
    act,
  )
  return settleStage(tx, approved, act)
}

/**
 * Refuses the stage that is next, which ends the change: no other approval outweighs it.
 *
 * @throws Problem as `approveChange`
 */
export async function rejectChange(
  tx: EntityManager,
  command: DecideChange & { readonly reason: string },
  expected: number,
  act: Act,
): Promise<Change> {
  const { stage, reason } = command
  const { change, approverPersonId } = await decidable(tx, command, expected, act)
  assertState(change, 'submitted')
  const rejected = await updateChange(tx, change, { state: 'rejected' })
  const entry = said(`Stage ${stage}. ${reason}`, `${STAGE_IN_CHINESE[stage]}。${reason}`)
  await addChangeEntry(tx, change.id, 'rejected', entry, act)
  await appendEvent(
    tx,
    'incident-tiering',
    ChangeRejected,
    change.id,
    {
      changeId: change.id,
      number: change.number,
      stage,
      approverPersonId,
      reason,
      rejectedAt: act.now.toISOString(),
    },
    act,
  )
  return settleStage(tx, rejected, act)
}

async function decidable(
  tx: EntityManager,
  { changeId, stage, approver }: DecideChange,
  expected: number,
  act: Act,
) {
  const change = await lockChange(tx, changeId, expected)
  const isMadeUp = stage === 'unit' && isUnitOwed(change)
  if (!isMadeUp) assertState(change, 'submitted')
  const approverPersonId = await actingPerson(tx, act)
  const objection = objectionToApprover(change, approverPersonId)
  if (objection !== null) throw new Problem('same-person', objection)
  if (!(await mayDecide(tx, change, stage, approverPersonId, approver)))
    throw new Problem(
      'not-change-approver',
      said(
        `You do not decide the stage ${stage} of this change.`,
        `您不负责决定该变更的阶段 ${stage}。`,
      ),
    )
  const pending = isMadeUp ? 'unit' : pendingStage(change)
  if (pending !== stage)
    throw new Problem(
      'change-state',
      said(`The stage that is next is ${pending ?? 'none'}.`, `下一阶段为 ${pending ?? 'none'}。`),
    )
  return { change, approverPersonId }
}

/** Whether the unit's stage, which an emergency skips, can still be made up: while it waits, runs, or is over. */
function isUnitOwed({ class: changeClass, unitApproverPersonId, state }: Change): boolean {
  return (
    changeClass === 'emergency' &&
    unitApproverPersonId === null &&
    ['approved', 'held', 'started', 'finished', 'closed'].includes(state)
  )
}

async function mayDecide(
  tx: EntityManager,
  change: Change,
  stage: ApprovalStage,
  personId: string,
  approver: Approver,
): Promise<boolean> {
  return stage === 'unit'
    ? maySpeakForUnit(tx, change, personId, approver)
    : maySpeakForCompany(tx, change, personId, approver)
}

/** The unit's stage belongs to its people: its leader, or its key user. Source: B-7.5. */
async function maySpeakForUnit(
  tx: EntityManager,
  change: Change,
  personId: string,
  { roles, unitId }: Approver,
): Promise<boolean> {
  const person = await heldPerson(tx, personId)
  if (person?.unitId !== change.unitId || unitId !== change.unitId) return false
  if (roles.includes('BUSINESS_OWNER')) return true
  return roles.includes('KEY_USER') && (await isKeyUserOf(tx, change, personId))
}

/**
 * The company's stage is for the module's key user of tier 2, else the O&M authority, and never for people of the unit
 * that asks, nor for one who left it since, nor for a key user whom one of them nominated. Source: B-4.2.4, B-7.5.
 */
async function maySpeakForCompany(
  tx: EntityManager,
  change: Change,
  personId: string,
  { roles, unitId }: Approver,
): Promise<boolean> {
  const person = await heldPerson(tx, personId)
  if (person === null || person.unitId === change.unitId || unitId === change.unitId) return false
  if (await hasLeftSince(tx, personId, change.unitId, change.submittedAt)) return false
  if (!decidedByModule(change)) return roles.includes('OM_AUTHORITY')
  return (await keyUsersOfCompany(tx, change)).includes(personId)
}
