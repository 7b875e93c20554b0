import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { ChangeStageFilled, ChangeStageUnfilled } from '@erp-steward/contracts/change-events'
import type { ApprovalStage } from '@erp-steward/contracts/change-events'
import { mayDo, PersonEntity, type Person } from '@erp-steward/directory/directory'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { defineTask } from '@erp-steward/service-kit/jobs'
import { Type } from 'typebox'
import { In, type EntityManager } from 'typeorm'
import { keyUsersOfCompany } from '../key-users/key-users-of-company.ts'
import { authorities } from '../key-users/people-in-charge.ts'
import { tellPeople } from '../notifications/notify.ts'
import { stageMessage } from '../notifications/rules/message.ts'
import { addChangeEntry } from './change-entry.ts'
import { ChangeEntity, lockedChange, type Change } from './change.ts'
import { isKeyUserOf } from './key-user-of-change.ts'
import { hasLeftSince } from './person-move.ts'
import { decidedByModule, pendingStage, STAGE_IN_CHINESE } from './rules/approval.ts'
import { objectionToApprover } from './rules/three-people.ts'

/**
 * States that nobody can give the stage a change waits for, and tells the O&M authority, or that somebody can again. The
 * stage is then nobody else's: who may name key users and leaders has to. The caller holds the lock of the change. Source: B-7.5, B-4.2.4.
 */
export async function settleStage(tx: EntityManager, change: Change, act: Act): Promise<Change> {
  const waitsFor = change.state === 'submitted' ? pendingStage(change) : null
  const unfilled = waitsFor !== null && !(await canBeGiven(tx, change, waitsFor)) ? waitsFor : null
  if (unfilled === change.unfilledStage) return change
  const at = act.now.toISOString()
  const { id, number, unitId, moduleCode, unfilledStage } = change
  if (unfilledStage !== null)
    await appendEvent(
      tx,
      'incident-tiering',
      ChangeStageFilled,
      id,
      { changeId: id, number, stage: unfilledStage, filledAt: at },
      act,
    )
  if (unfilled !== null) {
    const words = said(
      `Nobody can give the stage ${unfilled}.`,
      `${STAGE_IN_CHINESE[unfilled]}无人可任。`,
    )
    await addChangeEntry(tx, id, 'stage-unfilled', words, act)
    await appendEvent(
      tx,
      'incident-tiering',
      ChangeStageUnfilled,
      id,
      { changeId: id, number, stage: unfilled, unitId, moduleCode, foundAt: at },
      act,
    )
    const message = stageMessage(number, unfilled)
    const recipients = await authorities(tx)
    await tellPeople(tx, { occasion: 'stage-unfilled', message, recipients, key: id }, act)
  }
  // Not of what people edit: the version stays, so that nobody's approval is refused for it.
  await tx.update(ChangeEntity, { id }, { unfilledStage: unfilled })
  return { ...change, unfilledStage: unfilled }
}

/** Each minute: people come, go and change their rights while changes wait. */
export const watchStages = defineTask(
  'watch-change-stages',
  Type.Object({}),
  async (tx, _, act) => {
    const waiting = await tx.find(ChangeEntity, {
      where: { state: 'submitted' },
      select: { id: true },
      order: { id: 'asc' },
      take: 1_000,
    })
    for (const { id } of waiting) {
      const change = await lockedChange(tx, id)
      if (change !== null) await settleStage(tx, change, act)
    }
  },
)

async function canBeGiven(
  tx: EntityManager,
  change: Change,
  stage: ApprovalStage,
): Promise<boolean> {
  const candidates = stage === 'unit' ? ofUnit(tx, change) : ofCompany(tx, change)
  for (const person of await candidates) {
    if (!mayDo(person, 'change.approve')) continue
    if (objectionToApprover(change, person.id) !== null) continue
    if (stage === 'unit') {
      if (person.roles.includes('BUSINESS_OWNER')) return true
      if (person.roles.includes('KEY_USER') && (await isKeyUserOf(tx, change, person.id)))
        return true
    } else if (
      person.unitId !== change.unitId &&
      !(await hasLeftSince(tx, person.id, change.unitId, change.submittedAt))
    )
      return true
  }
  return false
}

/** Leaders and key users of the unit. */
function ofUnit(tx: EntityManager, { unitId }: Change): Promise<Person[]> {
  return tx
    .createQueryBuilder(PersonEntity, 'p')
    .where('p.active and p.unit_id = :unitId', { unitId })
    .andWhere(`p.roles && array['BUSINESS_OWNER', 'KEY_USER']`)
    .getMany()
}

async function ofCompany(tx: EntityManager, change: Change): Promise<Person[]> {
  if (!decidedByModule(change))
    return tx
      .createQueryBuilder(PersonEntity, 'p')
      .where(`p.active and p.roles && array['OM_AUTHORITY']`)
      .getMany()
  return tx.findBy(PersonEntity, { id: In(await keyUsersOfCompany(tx, change)) })
}
