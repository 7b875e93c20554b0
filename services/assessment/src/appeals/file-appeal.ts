import { randomUUID } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import { AppealFiled } from '@erp-steward/contracts/assessment-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { PersonEntity } from '@erp-steward/directory/directory'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { isConstraintViolation } from '@erp-steward/service-kit/constraint'
import { settleWait } from '@erp-steward/service-kit/waits'
import type { EntityManager } from 'typeorm'
import { beginFacts } from '../facts/fact-order.ts'
import { lockObservation, type Observation } from '../observations/observation.ts'
import { ScoreSheetEntity } from '../scores/score-sheet.ts'
import { AppealEntity, type Appeal } from './appeal.ts'
import { waitOfAppeal } from './appeals-waiting.ts'

export interface FileAppeal {
  readonly observationId: string
  readonly reason: string
  /** Roles of the caller: a business owner speaks for the departments of the own unit. */
  readonly roles: readonly string[]
}

/**
 * Objects to a fact: the person it is held against, or for a department or unit a business owner of that unit. From the
 * record on, until the time for objections since its first publication is over. Sources, B-5.6.
 *
 * @throws Problem `person-required`, `observation-not-found`, `observation-state`, `not-concerned`, `appeal-too-late`,
 *   `appeal-exists`
 */
export async function fileAppeal(
  tx: EntityManager,
  { observationId, reason, roles }: FileAppeal,
  act: Act,
): Promise<Appeal> {
  if (act.personId === null)
    throw new Problem('person-required', said('Only a person appeals.', '只有人员可以申诉。'))
  await beginFacts(tx)
  const observation = await lockObservation(tx, observationId)
  await assertConcerned(tx, observation, { personId: act.personId, unitId: act.unitId, roles })
  if (observation.standing === 'voided')
    throw new Problem(
      'observation-state',
      said('The observation is voided already.', '该考核事项已经作废。'),
    )
  await assertInTime(tx, observation, act.now)
  const appeal: Appeal = {
    id: randomUUID(),
    observationId,
    month: observation.month,
    unitId: observation.unitId,
    appellantPersonId: act.personId,
    appellant: act.actor,
    reason,
    state: 'filed',
    filedAt: act.now,
    outcome: null,
    decisionReason: null,
    deciderPersonId: null,
    decidedBy: null,
    decidedAt: null,
    version: 1,
  }
  try {
    await tx.insert(AppealEntity, appeal)
  } catch (error) {
    if (isConstraintViolation(error, 'appeal_observation_key'))
      throw new Problem(
        'appeal-exists',
        said('There is an appeal against this observation already.', '针对该考核事项已有申诉。'),
      )
    throw error
  }
  await appendEvent(
    tx,
    'assessment',
    AppealFiled,
    appeal.id,
    {
      appealId: appeal.id,
      observationId,
      month: appeal.month,
      appellantPersonId: act.personId,
      reason,
      filedAt: act.now.toISOString(),
    },
    act,
  )
  await settleWait(tx, 'assessment', await waitOfAppeal(tx, appeal, act.now), act)
  return appeal
}

interface Caller {
  readonly personId: string
  readonly unitId: string | null
  readonly roles: readonly string[]
}

async function assertConcerned(
  tx: EntityManager,
  observation: Observation,
  { personId, unitId, roles }: Caller,
): Promise<void> {
  if (observation.personId !== null) {
    if (observation.personId === personId) return
    throw new Problem(
      'not-concerned',
      said('The observation is not held against you.', '该考核事项与您无关。'),
    )
  }
  const own = unitId ?? (await tx.findOneBy(PersonEntity, { id: personId }))?.unitId
  if (!roles.includes('BUSINESS_OWNER') || own !== observation.unitId)
    throw new Problem(
      'not-concerned',
      said(
        'A business owner of the unit appeals for a department or unit.',
        '部门或单位的申诉须由该单位的业务负责人提出。',
      ),
    )
}

/** The time runs from the first publication of a sheet that counted the observation; its last instant is in time. */
async function assertInTime(tx: EntityManager, { month, recordedOrder }: Observation, now: Date) {
  const sheet = await tx
    .createQueryBuilder(ScoreSheetEntity, 'sheet')
    .where('sheet.month = :month and sheet.publishedAt is not null', { month })
    .andWhere('sheet.cutOffOrder >= :recordedOrder', { recordedOrder })
    .orderBy('sheet.revision')
    .limit(1)
    .getOne()
  const until = sheet?.appealsUntil ?? null
  if (until !== null && now > until)
    throw new Problem(
      'appeal-too-late',
      said(
        `Appeals were possible until ${until.toISOString()}.`,
        `申诉截止时间为 ${until.toISOString()}。`,
      ),
    )
}
