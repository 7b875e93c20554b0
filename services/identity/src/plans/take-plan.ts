import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { permissions } from '@erp-steward/contracts/permissions'
import { Problem } from '@erp-steward/contracts/problem'
import { Uuid } from '@erp-steward/contracts/values'
import { defineTask } from '@erp-steward/service-kit/jobs'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'
import { AccountEntity } from '../accounts/account.ts'
import { rolesOfAccount } from '../accounts/roles-of-account.ts'
import { ClientEntity } from '../clients/client.ts'
import { changePerson } from '../people/change-person.ts'
import { joinPerson } from '../people/join-person.ts'
import { lockPerson } from '../people/lock-person.ts'
import { findPlace } from '../people/place.ts'
import { openPlanned, PersonPlanEntity, type PersonPlan } from './person-plan.ts'
import { statePlan } from './state-plan.ts'

export const TAKE_PLAN = 'take-person-plan'

/**
 * The job of the day: does what was planned as whoever planned it, by the rules of today. A plan that was taken back finds
 * nothing to do; one that is refused today, or whose planner may no longer run the register, has failed and says why.
 *
 * Source.
 */
export const takePlan = defineTask(
  TAKE_PLAN,
  Type.Object({ planId: Uuid }),
  async (tx, { planId }, { now }) => {
    const plan = await lockPlan(tx, planId)
    if (plan?.state !== 'planned') return
    const act: Act = { ...plan.act, now }
    const end = { endedAt: now, version: plan.version + 1 }
    let ended: PersonPlan
    try {
      // A savepoint: what a refused plan has written is gone.
      const personId = await tx.transaction((part) => takeEffect(part, plan, act))
      ended = { ...plan, ...end, state: 'done', personId }
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      ended = { ...plan, ...end, state: 'failed', problem: error.code }
    }
    await tx.save(PersonPlanEntity, ended)
    await statePlan(tx, ended, act)
  },
)

/** The plan, held until the end of the transaction; `null` when there is none. */
export function lockPlan(tx: EntityManager, id: string): Promise<PersonPlan | null> {
  return tx.findOne(PersonPlanEntity, { where: { id }, lock: { mode: 'pessimistic_write' } })
}

async function takeEffect(tx: EntityManager, plan: PersonPlan, act: Act): Promise<string> {
  await assertStillMay(tx, act)
  const planned = openPlanned(tx, plan)
  const place = await findPlace(tx, planned)
  if (planned.kind === 'join') {
    const { employeeNumber, name, email, birthday, userName, withAccount } = planned
    const joiner = { employeeNumber, name, email, birthday, place, userName, withAccount }
    return (await joinPerson(tx, joiner, act)).person.id
  }
  const person = await lockPerson(tx, String(plan.personId))
  if (person === null)
    throw new Problem('person-unknown', said('There is no such person.', '没有此人员。'))
  if (plan.rangeId !== null && person.unitId !== plan.rangeId)
    throw new Problem(
      'outside-unit',
      said('The person is of another unit by now.', '该人员现已属于其他单位。'),
    )
  await changePerson(tx, person, { place }, act)
  return person.id
}

/** @throws Problem `permission-missing` when the actor is shut or may no longer run the register */
async function assertStillMay(tx: EntityManager, { actor, now: at }: Act): Promise<void> {
  const account = await tx.findOneBy(AccountEntity, { id: actor, status: 'active' })
  const client = await tx.findOneBy(ClientEntity, { id: actor, status: 'active' })
  const roles: readonly string[] =
    account !== null
      ? (await rolesOfAccount(tx, account, at)).roles
      : client !== null
        ? [client.role]
        : []
  if (!permissions['person.manage'].some((role) => roles.includes(role)))
    throw new Problem(
      'permission-missing',
      said('Who planned it may no longer run the register.', '计划人已无权维护人员登记。'),
    )
}
