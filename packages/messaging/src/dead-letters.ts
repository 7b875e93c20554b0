import type { Act } from '@erp-steward/contracts/act'
import type { Envelope } from '@erp-steward/contracts/event'
import { DeadLetterHandled } from '@erp-steward/contracts/platform-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import type { ServiceName } from '@erp-steward/contracts/services'
import type { EntityManager } from 'typeorm'
import type { Consumer } from './consumer.ts'
import { appendEvent } from './outbox.ts'

export interface DeadLetter {
  eventId: string
  type: string
  subject: string
  envelope: Envelope
  reason: string
  attempts: number
  parkedAt: Date
  state: 'parked' | 'replayed' | 'discarded'
  handledAt: Date | null
  handledBy: string | null
  handlingReason: string | null
}

const COLUMNS = `event_id as "eventId", type, subject, envelope, reason, attempts, parked_at as "parkedAt", state,
  handled_at as "handledAt", handled_by as "handledBy", handling_reason as "handlingReason"`

/** Parked events in the order they were parked; `after` is the id of the last row of the page before. */
export async function listDeadLetters(
  tx: EntityManager,
  { state, after, limit }: { state: DeadLetter['state']; after: string | null; limit: number },
): Promise<DeadLetter[]> {
  return tx.query(
    `select ${COLUMNS} from dead_letter
      where state = $1 and ($2::uuid is null or (parked_at, event_id) >
        (select parked_at, event_id from dead_letter where event_id = $2))
      order by parked_at, event_id limit $3`,
    [state, after, limit],
  )
}

/**
 * Handles a parked event again, in one transaction with the note that it was replayed.
 *
 * @throws Problem `not-found`, `dead-letter-not-parked`, `dead-letter-not-taken` if no subscription takes it any more;
 * whatever the handler throws. Then it stays parked.
 */
export async function replayDeadLetter(
  tx: EntityManager,
  service: ServiceName,
  consumer: Consumer,
  { eventId, reason }: { eventId: string; reason: string },
  act: Act,
): Promise<DeadLetter> {
  const letter = await lockParked(tx, eventId)
  const outcome = await consumer.handleOnce(tx, letter.envelope)
  if (outcome === 'ignored')
    throw new Problem(
      'dead-letter-not-taken',
      said(`Nothing here takes ${letter.type} any more.`, `此处已不再处理 ${letter.type}。`),
    )
  return markHandled(tx, service, letter, 'replayed', reason, act)
}

/**
 * Gives a parked event up: a delivery that comes late has no effect any more.
 *
 * @throws Problem `not-found`, `dead-letter-not-parked`
 */
export async function discardDeadLetter(
  tx: EntityManager,
  service: ServiceName,
  { eventId, reason }: { eventId: string; reason: string },
  act: Act,
): Promise<DeadLetter> {
  const letter = await lockParked(tx, eventId)
  await tx.query('insert into inbox (event_id) values ($1) on conflict do nothing', [eventId])
  return markHandled(tx, service, letter, 'discarded', reason, act)
}

/** @throws Problem `not-found`, `dead-letter-not-parked` */
export async function assertParked(tx: EntityManager, eventId: string): Promise<void> {
  await lockParked(tx, eventId)
}

async function lockParked(tx: EntityManager, eventId: string): Promise<DeadLetter> {
  const rows: DeadLetter[] = await tx.query(
    `select ${COLUMNS} from dead_letter where event_id = $1 for update`,
    [eventId],
  )
  const letter = rows[0]
  if (letter === undefined)
    throw new Problem(
      'not-found',
      said(`There is no dead letter ${eventId}.`, `没有死信 ${eventId}。`),
    )
  if (letter.state !== 'parked')
    throw new Problem(
      'dead-letter-not-parked',
      said(
        `Dead letter ${eventId} is ${letter.state}.`,
        `死信 ${eventId} 的状态为 ${letter.state}。`,
      ),
    )
  return letter
}

async function markHandled(
  tx: EntityManager,
  service: ServiceName,
  letter: DeadLetter,
  state: 'replayed' | 'discarded',
  reason: string,
  act: Act,
): Promise<DeadLetter> {
  await tx.query(
    `update dead_letter set state = $2, handled_at = $3, handled_by = $4, handling_reason = $5
      where event_id = $1`,
    [letter.eventId, state, act.now, act.actor, reason],
  )
  await appendEvent(
    tx,
    service,
    DeadLetterHandled,
    letter.eventId,
    { service, eventId: letter.eventId, eventType: letter.type, decision: state, reason },
    act,
  )
  return { ...letter, state, handledAt: act.now, handledBy: act.actor, handlingReason: reason }
}
