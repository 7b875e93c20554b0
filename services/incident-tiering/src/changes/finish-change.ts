import type { Act } from '@erp-steward/contracts/act'
import { ChangeFinished } from '@erp-steward/contracts/change-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { EntityManager } from 'typeorm'
import { addChangeEntry } from './change-entry.ts'
import { assertState, lockChange, updateChange, type Change } from './change.ts'
import { assertExecutor } from './start-change.ts'

export interface FinishChange {
  readonly changeId: string
  readonly outcome: 'deployed' | 'rolled-back'
  readonly result: string
}

/**
 * The executor reports how it went. Source, B-4.3.7.
 *
 * @throws Problem `change-not-found`, `version-stale`, `change-state`, `not-change-executor`, `person-unknown`
 */
export async function finishChange(
  tx: EntityManager,
  { changeId, outcome, result }: FinishChange,
  expected: number,
  act: Act,
): Promise<Change> {
  const change = await lockChange(tx, changeId, expected)
  await assertExecutor(tx, change, act)
  assertState(change, 'started')
  const finished = await updateChange(tx, change, {
    state: 'finished',
    outcome,
    result,
    finishedAt: act.now,
  })
  await addChangeEntry(tx, change.id, 'finished', `${outcome}: ${result}`, act)
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
