import type { Act } from '@erp-steward/contracts/act'
import { AppealDecided } from '@erp-steward/contracts/assessment-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { assertAnotherPerson } from '@erp-steward/service-kit/another-person'
import type { EntityManager } from 'typeorm'
import { closeFacts } from '../facts/fact-order.ts'
import { interestOf } from '../facts/interest.ts'
import {
  lockObservation,
  ObservationEntity,
  voidObservation,
  type Observation,
} from '../observations/observation.ts'
import { computeSheet } from '../scores/compute-sheet.ts'
import { makeKnown } from '../scores/publish-sheet.ts'
import { newestSheet } from '../scores/score-sheet.ts'
import { TimeNodeEntity } from '../time-nodes/time-node.ts'
import { AppealEntity, lockAppeal, type Appeal } from './appeal.ts'

export interface DecideAppeal {
  readonly id: string
  readonly outcome: 'upheld' | 'voided'
  readonly reason: string
  /** Throws when the appeal is not in the caller's range. */
  readonly reaches: (appeal: Appeal) => void
}

/**
 * Decides an appeal: the fact stands (`upheld`) or is voided. A voided fact gives its month a new revision at once,
 * published where the one before was; the score itself is never edited. Sources, B-5.6.
 *
 * @throws Problem `person-required`, `appeal-not-found`, `appeal-decided`, `same-person` for whoever had a part in the
 *   fact, `observation-state` where a fact that was voided meanwhile would be let stand
 */
export async function decideAppeal(
  tx: EntityManager,
  { id, outcome, reason, reaches }: DecideAppeal,
  act: Act,
): Promise<Appeal> {
  if (act.personId === null)
    throw new Problem('person-required', said('Only a person decides.', '只有人员可以裁定。'))
  await closeFacts(tx)
  const appeal = await lockAppeal(tx, id)
  reaches(appeal)
  const observation = await lockObservation(tx, appeal.observationId)
  if (act.personId === appeal.appellantPersonId || act.actor === appeal.appellant)
    throw new Problem(
      'same-person',
      said('Nobody decides the own appeal.', '任何人不得裁定自己的申诉。'),
    )
  await assertNoPart(tx, observation, act)
  if (appeal.state === 'decided')
    throw new Problem(
      'appeal-decided',
      said(
        `The appeal was ${appeal.outcome ?? 'decided'}.`,
        `该申诉的结果为 ${appeal.outcome ?? 'decided'}。`,
      ),
    )
  if (outcome === 'upheld' && observation.standing === 'voided')
    throw new Problem(
      'observation-state',
      said(
        `The fact was voided meanwhile and cannot be let stand: ${observation.voidedReason ?? ''}`,
        `该事实在此期间已作废，不能维持：${observation.voidedReason ?? ''}`,
      ),
    )
  const decided: Appeal = {
    ...appeal,
    state: 'decided',
    outcome,
    decisionReason: reason,
    deciderPersonId: act.personId,
    decidedBy: act.actor,
    decidedAt: act.now,
    version: appeal.version + 1,
  }
  await tx.update(AppealEntity, { id }, decided)
  await appendEvent(
    tx,
    'assessment',
    AppealDecided,
    id,
    {
      appealId: id,
      observationId: observation.id,
      month: appeal.month,
      outcome,
      reason,
      deciderPersonId: act.personId,
      decidedAt: act.now.toISOString(),
    },
    act,
  )
  if (outcome === 'voided') {
    await voidObservation(tx, observation.id, reason, act)
    await recompute(tx, observation.month, act)
  } else if (observation.standing === 'recorded')
    await tx.update(ObservationEntity, { id: observation.id }, { standing: 'upheld' })
  return decided
}

/**
 * A part in a fact has who recorded it, or the error or time node that it follows from, and whoever is or lately was of
 * the unit that it is held for or against.
 *
 * @throws Problem `same-person`
 */
async function assertNoPart(
  tx: EntityManager,
  {
    originId,
    personId,
    recordedBy,
    recordedByPersonId,
    recordedByControllers,
    unitId,
  }: Observation,
  act: Act,
): Promise<void> {
  const origin = originId === null ? null : await tx.findOneBy(ObservationEntity, { id: originId })
  const node = originId === null ? null : await tx.findOneBy(TimeNodeEntity, { id: originId })
  const actors = [recordedBy, origin?.recordedBy, node?.plannedBy]
  const people = [
    ...[recordedByPersonId, ...recordedByControllers],
    ...[origin?.recordedByPersonId ?? null, ...(origin?.recordedByControllers ?? [])],
    ...(node?.plannedByPeople ?? []),
  ]
  const detail = said(
    'Who recorded the fact does not decide the appeal.',
    '事实登记人不得裁定申诉。',
  )
  if (actors.includes(act.actor)) throw new Problem('same-person', detail)
  assertAnotherPerson(act, people, detail)
  const hasInterest = await interestOf(tx, act, [personId])
  if (hasInterest({ personIds: [personId], unitIds: [unitId] }))
    throw new Problem(
      'same-person',
      said('Somebody of another unit decides.', '须由其他单位的人员裁定。'),
    )
}

/** A month that was never computed takes the voided fact into account when it is. */
async function recompute(tx: EntityManager, month: string, act: Act): Promise<void> {
  const before = await newestSheet(tx, month)
  if (before === null) return
  const sheet = await computeSheet(tx, month, act)
  if (before.state === 'published') await makeKnown(tx, sheet, act)
}
