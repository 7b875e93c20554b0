import { randomUUID } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { ChangeGateAsked } from '@erp-steward/contracts/change-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { enqueue } from '@erp-steward/service-kit/jobs'
import type { EntityManager } from 'typeorm'
import { addChangeEntry } from './change-entry.ts'
import { updateChange, type Change } from './change.ts'

/**
 * How long the gate may take, in milliseconds. An answer needs two relays and one transaction, about a second; a minute
 * also covers a restart of either side, and is what an executor waits for. Source: own choice, ADR 0023.
 */
export const GATE_ANSWER_WITHIN_MS = 60_000

/** Name of the task that looks whether the gate has answered. */
export const GATE_DUE = 'change-gate-due'

/** Until when an answer to the newest question counts; at this instant it still does. */
export function answerDueAt(change: Change): Date {
  return new Date((change.askedAt?.getTime() ?? 0) + GATE_ANSWER_WITHIN_MS)
}

/** Asks whether the system is freshly backed up. The caller holds the lock of the change. Source. */
export async function askGate(
  tx: EntityManager,
  change: Change,
  systemCode: string,
  act: Act,
): Promise<Change> {
  const askId = randomUUID()
  const asking = await updateChange(tx, change, {
    state: 'asking',
    askId,
    askedAt: act.now,
    heldCause: null,
    heldReasons: [],
  })
  await watchAnswer(tx, asking, act)
  const words = said(
    `Is ${systemCode} backed up? ${askId}`,
    `询问 ${systemCode} 是否已备份：${askId}`,
  )
  await addChangeEntry(tx, change.id, 'gate-asked', words, act)
  await appendEvent(
    tx,
    'incident-tiering',
    ChangeGateAsked,
    change.id,
    {
      changeId: change.id,
      number: change.number,
      askId,
      kind: change.kind,
      unitId: change.unitId,
      systemCode,
      executorPersonId: change.executorPersonId,
      askedAt: act.now.toISOString(),
    },
    act,
  )
  return asking
}

/** Has somebody look at the end of the time to answer; the job is in the database and outlives a restart. */
export async function watchAnswer(tx: EntityManager, change: Change, act: Act): Promise<void> {
  await enqueue(
    tx,
    'incident-tiering',
    GATE_DUE,
    { changeId: change.id, askId: change.askId },
    act,
    {
      runAt: answerDueAt(change),
      key: `gate:${change.id}`,
    },
  )
}
