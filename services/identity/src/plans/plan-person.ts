import { randomUUID } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { isConstraintViolation } from '@erp-steward/service-kit/constraint'
import { enqueue } from '@erp-steward/service-kit/jobs'
import { personalDataOf } from '@erp-steward/service-kit/personal-data'
import type { EntityManager } from 'typeorm'
import { assertNotAbout } from '../accounts/another-hand.ts'
import { lockPerson } from '../people/lock-person.ts'
import { PersonEntity } from '../people/person.ts'
import { findPlace } from '../people/place.ts'
import { assertBorn } from '../people/rules/assert-born.ts'
import { chinaDay, startOfChinaDay } from '../people/rules/china-day.ts'
import { PersonPlanEntity, sealPlanned, type Planned, type PersonPlan } from './person-plan.ts'
import { statePlan } from './state-plan.ts'
import { TAKE_PLAN } from './take-plan.ts'

export interface PlanPerson {
  readonly planned: Planned
  /** Who moves; `null` for a joiner. */
  readonly personId: string | null
  readonly effectiveOn: string
  /** The unit of a caller whose range is a unit; `null` for the company. */
  readonly rangeId: string | null
}

/**
 * Plans a joiner or a mover of a later day: until then nothing changes, and it can be taken back. What can be refused today
 * is refused today; the rest is decided on the day, by the rules and the register of then.
 *
 * Source.
 *
 * @throws Problem `validation-failed` for a day that is not after today, `unit-unknown` and its like, `outside-unit`,
 *   `not-found`, `person-left`, `same-person`, `employee-number-taken`, `plan-state` for a second move of the day
 */
export async function planPerson(
  tx: EntityManager,
  { planned, personId, effectiveOn, rangeId }: PlanPerson,
  act: Act,
): Promise<PersonPlan> {
  if (effectiveOn <= chinaDay(act.now)) {
    const detail = said(
      'The day must be after today in China; what is of today is done at once.',
      '日期须晚于北京时间今日；当日事项应直接办理。',
    )
    throw new Problem('validation-failed', detail, {
      errors: [{ pointer: '#/effectiveOn', detail }],
    })
  }
  const { unit } = await findPlace(tx, planned)
  if (rangeId !== null && unit.id !== rangeId)
    throw new Problem('outside-unit', said('Your range is your own unit.', '您的范围仅限本单位。'))
  if (planned.kind === 'join') await assertMayJoin(tx, planned, act)
  else await assertMayMove(tx, String(personId), rangeId, act)
  const { now, ...provenance } = act
  const id = randomUUID()
  const plan: PersonPlan = {
    id,
    kind: planned.kind,
    personId,
    unitId: unit.id,
    rangeId,
    effectiveOn,
    sealed: sealPlanned(tx, id, planned),
    act: provenance,
    state: 'planned',
    problem: null,
    plannedAt: now,
    endedAt: null,
    version: 1,
  }
  try {
    await tx.insert(PersonPlanEntity, plan)
  } catch (error) {
    if (isConstraintViolation(error, 'person_plan_move_key')) throw anotherMove()
    throw error
  }
  await statePlan(tx, plan, act)
  await enqueue(tx, 'identity', TAKE_PLAN, { planId: id }, act, {
    runAt: startOfChinaDay(effectiveOn),
  })
  return plan
}

async function assertMayJoin(
  tx: EntityManager,
  { employeeNumber, birthday }: Planned & { kind: 'join' },
  { now }: Act,
): Promise<void> {
  assertBorn(birthday, now)
  const employeeNumberLookup = personalDataOf(tx).lookup('employee-number', employeeNumber)
  if (await tx.existsBy(PersonEntity, { employeeNumberLookup }))
    throw new Problem(
      'employee-number-taken',
      said('The employee number is in the register.', '该工号已登记。'),
    )
}

async function assertMayMove(
  tx: EntityManager,
  personId: string,
  rangeId: string | null,
  act: Act,
): Promise<void> {
  const person = await lockPerson(tx, personId)
  if (person === null || (rangeId !== null && person.unitId !== rangeId))
    throw new Problem(
      'not-found',
      said(`There is no person ${personId}.`, `没有人员 ${personId}。`),
    )
  if (!person.active)
    throw new Problem('person-left', said('The person has left.', '该人员已离开。'))
  await assertNotAbout(
    tx,
    act,
    personId,
    said('Nobody moves or changes himself.', '不得调动或更改本人。'),
  )
}

/**
 * Takes a plan back before its day, or one that failed, because it is done otherwise.
 *
 * The caller holds the plan's row.
 *
 * @throws Problem `plan-state` when it took effect or was taken back, `same-person`
 */
export async function withdrawPlan(
  tx: EntityManager,
  before: PersonPlan,
  act: Act,
): Promise<PersonPlan> {
  if (before.state !== 'planned' && before.state !== 'failed') throw planState(before)
  if (before.personId !== null)
    await assertNotAbout(
      tx,
      act,
      before.personId,
      said('Nobody takes a plan about himself back.', '不得撤回涉及本人的计划。'),
    )
  const version = before.version + 1
  const plan: PersonPlan = { ...before, state: 'withdrawn', endedAt: act.now, version }
  await tx.save(PersonPlanEntity, plan)
  await statePlan(tx, plan, act)
  return plan
}

/**
 * Has a plan that failed take effect now: still as whoever planned it, who must still be allowed to, and by the rules of
 * now, which may refuse it again.
 *
 * The caller holds the plan's row.
 *
 * @throws Problem `plan-state` when it has not failed, or the person has another plan of that day by now; `same-person`
 */
export async function retryPlan(
  tx: EntityManager,
  before: PersonPlan,
  act: Act,
): Promise<PersonPlan> {
  if (before.state !== 'failed') throw planState(before)
  if (before.personId !== null)
    await assertNotAbout(
      tx,
      act,
      before.personId,
      said('Nobody retries a plan about himself.', '不得重试涉及本人的计划。'),
    )
  const version = before.version + 1
  const again = { state: 'planned', problem: null, endedAt: null, version } as const
  const plan: PersonPlan = { ...before, ...again }
  try {
    await tx.save(PersonPlanEntity, plan)
  } catch (error) {
    if (isConstraintViolation(error, 'person_plan_move_key')) throw anotherMove()
    throw error
  }
  await statePlan(tx, plan, act)
  await enqueue(tx, 'identity', TAKE_PLAN, { planId: plan.id }, act)
  return plan
}

const planState = ({ state }: PersonPlan) =>
  new Problem('plan-state', said(`The plan is ${state}.`, `该计划的状态为 ${state}。`))

const anotherMove = () =>
  new Problem(
    'plan-state',
    said('Another move of this person is planned for the day.', '该人员当日已有另一项调动计划。'),
  )
