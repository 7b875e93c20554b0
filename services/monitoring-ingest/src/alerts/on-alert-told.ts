import type { Act } from '@erp-steward/contracts/act'
import {
  NotificationDelivered,
  TicketAcknowledged,
  TicketOpened,
} from '@erp-steward/contracts/incident-events'
import { AlertAcknowledged, AlertNotified } from '@erp-steward/contracts/monitoring-events'
import { on } from '@erp-steward/messaging/consumer'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { durationMs } from '@erp-steward/regulation/duration'
import { readParameter } from '@erp-steward/service-kit/parameters'
import type { EntityManager } from 'typeorm'
import { AlertEpisodeEntity, confirmedFactOf, type AlertEpisode } from './episode.ts'

/** Of which alert a ticket is. */
export const onTicketOpened = on(TicketOpened, async (tx, { data }, act) => {
  const { ticketId, alertEpisodeId } = data
  if (alertEpisodeId !== null) await note(tx, ticketId, { episodeId: alertEpisodeId }, act)
})

/** A message about a ticket was accepted by a receiver. */
export const onNotificationDelivered = on(NotificationDelivered, async (tx, { data }, act) => {
  const { ticketId, deliveredAt } = data
  // A message about no ticket is about no alert.
  if (ticketId !== null) await note(tx, ticketId, { deliveredAt: new Date(deliveredAt) }, act)
})

/** A person took a ticket. */
export const onTicketTaken = on(TicketAcknowledged, async (tx, { data }, act) => {
  const { ticketId, ownerPersonId, acknowledgedAt } = data
  const taken = { acknowledgedAt: new Date(acknowledgedAt), acknowledgedBy: ownerPersonId }
  await note(tx, ticketId, taken, act)
})

interface Noted {
  readonly episodeId?: string
  readonly deliveredAt?: Date
  readonly acknowledgedAt?: Date
  readonly acknowledgedBy?: string
}

/** Keeps what was heard first, and tells of the alert as soon as it is known which one it is. */
async function note(tx: EntityManager, ticketId: string, heard: Noted, act: Act) {
  const { episodeId, deliveredAt, acknowledgedAt, acknowledgedBy } = heard
  const [known]: {
    episodeId: string | null
    deliveredAt: Date | null
    acknowledgedAt: Date | null
    acknowledgedBy: string | null
  }[] = await tx.query(
    `insert into alert_ticket as known
       (ticket_id, episode_id, delivered_at, acknowledged_at, acknowledged_by, heard_at)
     values ($1, $2, $3, $4, $5, $6)
     on conflict (ticket_id) do update
       set episode_id = coalesce(known.episode_id, excluded.episode_id),
           delivered_at = least(known.delivered_at, excluded.delivered_at),
           acknowledged_at = coalesce(known.acknowledged_at, excluded.acknowledged_at),
           acknowledged_by = coalesce(known.acknowledged_by, excluded.acknowledged_by)
     returning episode_id as "episodeId", delivered_at as "deliveredAt",
               acknowledged_at as "acknowledgedAt", acknowledged_by as "acknowledgedBy"`,
    [
      ...[ticketId, episodeId ?? null, deliveredAt ?? null],
      ...[acknowledgedAt ?? null, acknowledgedBy ?? null, act.now],
    ],
  )
  if (known === undefined || known.episodeId === null) return
  const episode = await tx.findOne(AlertEpisodeEntity, {
    where: { id: known.episodeId },
    lock: { mode: 'pessimistic_write' },
  })
  if (episode === null) return
  if (known.deliveredAt !== null) await told(tx, episode, ticketId, known.deliveredAt, act)
  if (known.acknowledgedAt !== null && known.acknowledgedBy !== null)
    await taken(tx, episode, ticketId, known.acknowledgedAt, known.acknowledgedBy, act)
}

async function told(
  tx: EntityManager,
  episode: AlertEpisode,
  ticketId: string,
  deliveredAt: Date,
  act: Act,
) {
  const { id, confirmedAt, notifiedAt, unitId } = episode
  if (confirmedAt === null || notifiedAt !== null) return
  const { value } = await readParameter(tx, 'monitoring.alert.notify_within', unitId, confirmedAt)
  const withinTarget = deliveredAt.getTime() - confirmedAt.getTime() <= durationMs(value)
  await tx.update(AlertEpisodeEntity, { id }, { notifiedAt: deliveredAt })
  await appendEvent(
    tx,
    'monitoring-ingest',
    AlertNotified,
    id,
    {
      ...confirmedFactOf(episode, confirmedAt),
      ticketId,
      deliveredAt: deliveredAt.toISOString(),
      withinTarget,
    },
    act,
  )
}

async function taken(
  tx: EntityManager,
  episode: AlertEpisode,
  ticketId: string,
  acknowledgedAt: Date,
  acknowledgedByPersonId: string,
  act: Act,
) {
  const { id, confirmedAt } = episode
  if (confirmedAt === null || episode.acknowledgedAt !== null) return
  await tx.update(AlertEpisodeEntity, { id }, { acknowledgedAt })
  await appendEvent(
    tx,
    'monitoring-ingest',
    AlertAcknowledged,
    id,
    {
      ...confirmedFactOf(episode, confirmedAt),
      ticketId,
      acknowledgedByPersonId,
      acknowledgedAt: acknowledgedAt.toISOString(),
    },
    act,
  )
}
