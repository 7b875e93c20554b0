import type { Act } from '@erp-steward/contracts/act'
import { ChangeFinished } from '@erp-steward/contracts/change-events'
import { said, together } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { EntityManager } from 'typeorm'
import { actingPerson } from './acting-person.ts'
import { addChangeEntry } from './change-entry.ts'
import { assertState, lockChange, updateChange, type Change } from './change.ts'
import { lostExecutor } from './lost-person.ts'
import { objectionToExecutor } from './rules/three-people.ts'

export interface FinishChange {
  readonly changeId: string
  readonly outcome: 'deployed' | 'rolled-back'
  readonly result: string
  /** Of who reports, as the token says. */
  readonly roles: readonly string[]
}

/**
 * The executor reports how it went, or, where the executor has left or lost the right to, the owner of the way back or
 * the O&M authority: what was begun is never without an end. Source, B-4.3.7.
 *
 * @throws Problem `change-not-found`, `version-stale`, `change-state`, `not-change-executor`, `person-unknown`,
 *   `same-person` of a stand-in who asked for the change or approved it
 */
export async function finishChange(
  tx: EntityManager,
  { changeId, outcome, result, roles }: FinishChange,
  expected: number,
  act: Act,
): Promise<Change> {
  const change = await lockChange(tx, changeId, expected)
  const finisherPersonId = await finisherOf(tx, change, roles, act)
  assertState(change, 'started')
  const finished = await updateChange(tx, change, {
    state: 'finished',
    outcome,
    result,
    finishedAt: act.now,
    finisherPersonId,
  })
  const words = [said(`${outcome}: ${result}`, `${outcome}：${result}`)]
  if (finisherPersonId !== change.executorPersonId)
    words.push(said('In place of the executor.', '（代执行人报告。）'))
  await addChangeEntry(tx, change.id, 'finished', together(words), act)
  await appendEvent(
    tx,
    'incident-tiering',
    ChangeFinished,
    change.id,
    {
      changeId: change.id,
      number: change.number,
      outcome,
      result,
      finishedAt: act.now.toISOString(),
    },
    act,
  )
  return finished
}

async function finisherOf(
  tx: EntityManager,
  change: Change,
  roles: readonly string[],
  act: Act,
): Promise<string> {
  const { executorPersonId, rollbackOwnerPersonId } = change
  if (act.personId === executorPersonId) return actingPerson(tx, act)
  const isInCharge = act.personId === rollbackOwnerPersonId || roles.includes('OM_AUTHORITY')
  if (!isInCharge || (await lostExecutor(tx, executorPersonId)) === null)
    throw new Problem(
      'not-change-executor',
      said('The executor named in the change does this.', '须由变更中指定的执行人办理。'),
    )
  const personId = await actingPerson(tx, act)
  const objection = objectionToExecutor(change, personId)
  if (objection !== null) throw new Problem('same-person', objection)
  return personId
}
