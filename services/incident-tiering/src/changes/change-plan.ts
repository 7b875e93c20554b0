import type { ChangeKind } from '@erp-steward/contracts/change-events'
import { said, together } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { activePerson } from '@erp-steward/directory/directory'
import type { EntityManager } from 'typeorm'
import type { Change, changePlan } from './change.ts'
import { objectionToLength } from './planned-time-of-change.ts'
import { isTestedFirst, mayHarmData } from './rules/approval.ts'
import { objectionToExecutor, type PeopleOfChange } from './rules/three-people.ts'

/** What of a change its requester may still edit. Source. */
export type ChangePlan = Readonly<Pick<Change, keyof typeof changePlan>>

/**
 * Refuses a plan that lacks what its kind needs, or that names the wrong people.
 *
 * @throws Problem `validation-failed`, `same-person`, `person-unknown` (executor or owner of the way back has left)
 */
export async function assertPlan(
  tx: EntityManager,
  { kind, unitId }: { readonly kind: ChangeKind; readonly unitId: string },
  plan: ChangePlan,
  people: Omit<PeopleOfChange, 'executorPersonId'>,
  now: Date,
): Promise<void> {
  const { plannedStart, plannedEnd } = plan
  const tooLong = await objectionToLength(tx, { unitId, plannedStart, plannedEnd }, now)
  const errors = [
    ...(mayHarmData(kind) && plan.systemCode === null
      ? [
          {
            pointer: '#/systemCode',
            detail: said(
              `A change of kind ${kind} may harm data; it names the system whose backup it waits for.`,
              `类型为 ${kind} 的变更可能损害数据；须指明其等待备份的系统。`,
            ),
          },
        ]
      : []),
    ...(isTestedFirst(kind) && plan.testEvidence === null
      ? [
          {
            pointer: '#/testEvidence',
            detail: said(
              `A change of kind ${kind} is tested before it is asked for.`,
              `类型为 ${kind} 的变更须先测试再申请。`,
            ),
          },
        ]
      : []),
    ...(plannedEnd <= plannedStart
      ? [
          {
            pointer: '#/plannedEnd',
            detail: said('The end lies after the start.', '结束时间须晚于开始时间。'),
          },
        ]
      : []),
    ...(plannedEnd <= now
      ? [
          {
            pointer: '#/plannedEnd',
            detail: said('The planned time is over; plan another.', '计划时间已过；请另行计划。'),
          },
        ]
      : []),
    ...(tooLong === null ? [] : [{ pointer: '#/plannedEnd', detail: tooLong }]),
  ]
  if (errors.length > 0)
    throw new Problem('validation-failed', together(errors.map(({ detail }) => detail)), { errors })
  const objection = objectionToExecutor(people, plan.executorPersonId)
  if (objection !== null) throw new Problem('same-person', objection)
  if (plan.rollbackOwnerPersonId === plan.executorPersonId)
    throw new Problem(
      'same-person',
      said(
        'Who carries a change out does not answer for its way back.',
        '变更的执行人不得负责其回退。',
      ),
    )
  await activePerson(tx, plan.executorPersonId)
  await activePerson(tx, plan.rollbackOwnerPersonId)
}
