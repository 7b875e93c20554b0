import type { Act } from '@erp-steward/contracts/act'
import {
  NotificationDelivered,
  TicketAcknowledged,
  TicketAlertRepeated,
  TicketOpened,
} from '@erp-steward/contracts/incident-events'
import { AlertAcknowledged, AlertNotified } from '@erp-steward/contracts/monitoring-events'
import { on } from '@erp-steward/messaging/consumer'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { durationMs } from '@erp-steward/regulation/duration'
import { readParameter } from '@erp-steward/service-kit/parameters'
import { In, IsNull, Not, type EntityManager } from 'typeorm'
import { AlertNoticeEntity } from './alert-notice.ts'
import { AlertTicketEntity } from './alert-ticket.ts'
import { AlertEpisodeEntity, confirmedFactOf, type AlertEpisode } from './episode.ts'
import type { AlertLevel } from './rules/alert-machine.ts'

/** Of which alert a ticket is. */
export const onTicketOpened = on(TicketOpened, async (tx, { data }, act) => {
  const { ticketId, alertEpisodeId: episodeId } = data
  if (episodeId === null) return
  const episode = await lockEpisode(tx, episodeId)
  if (episode !== null && (await tx.existsBy(AlertTicketEntity, { episodeId }))) {
    // Nobody works on the ticket before any more: whoever took that one has not taken this one.
    const untaken = { acknowledgedAt: null, ackOverdueAt: null }
    await tx.update(AlertEpisodeEntity, { id: episodeId }, untaken)
  }
  await note(tx, ticketId, { episodeId }, act)
})

/**
 * A message about an alert was accepted for a person in charge. What a system accepted has reached nobody yet.
 * Source.
 */
export const onNotificationDelivered = on(NotificationDelivered, async (tx, { data }, act) => {
  const { alert, channel: by, personId, ticketId, deliveredAt } = data
  if (!alert || !personId) return
  const episode = await lockEpisode(tx, alert.episodeId)
  if (episode === null) return
  const reached = { level: alert.level, at: new Date(deliveredAt), by, personId, ticketId }
  await told(tx, episode, reached, act)
})

/**
 * The alert came again while people work on its ticket: they were told of it a moment ago, and whoever took the ticket has
 * taken this too.
 */
export const onAlertRepeated = on(TicketAlertRepeated, async (tx, { data }, act) => {
  const { ticketId, alertEpisodeId, earlierEpisodeId, level, ownerPersonId, repeatedAt } = data
  const episode = await lockEpisode(tx, alertEpisodeId)
  if (episode === null) return
  await tx.query(
    `insert into alert_ticket (ticket_id, episode_id, heard_at) values ($1, $2, $3)
     on conflict (ticket_id) do update set episode_id = excluded.episode_id`,
    [ticketId, alertEpisodeId, act.now],
  )
  const [earlier] = await tx.find(AlertNoticeEntity, {
    where: {
      episodeId: earlierEpisodeId,
      level: level === 'critical' ? level : In(['warning', 'critical']),
      notifiedAt: Not(IsNull()),
    },
    order: { notifiedAt: 'desc' },
    take: 1,
  })
  const at = earlier?.notifiedAt ?? null
  if (at !== null) {
    const reached = { level, at, by: 'earlier-message' as const, personId: null, ticketId }
    await told(tx, episode, reached, act)
  }
  if (ownerPersonId !== null) {
    const owned = { ticketId, at: new Date(repeatedAt), personId: ownerPersonId }
    await taken(tx, episode, owned, act)
  }
})

/** A person took a ticket. */
export const onTicketTaken = on(TicketAcknowledged, async (tx, { data }, act) => {
  const { ticketId, ownerPersonId, acknowledgedAt, alertLevel } = data
  const taken = {
    acknowledgedAt: new Date(acknowledgedAt),
    acknowledgedBy: ownerPersonId,
    // A ticket that does not say it is not known to say the graver.
    acknowledgedLevel: alertLevel ?? ('warning' as const),
  }
  await note(tx, ticketId, taken, act)
})

function lockEpisode(tx: EntityManager, id: string): Promise<AlertEpisode | null> {
  return tx.findOne(AlertEpisodeEntity, { where: { id }, lock: { mode: 'pessimistic_write' } })
}

interface Noted {
  readonly episodeId?: string
  readonly acknowledgedAt?: Date
  readonly acknowledgedBy?: string
  readonly acknowledgedLevel?: AlertLevel
}

/** Keeps what was heard first, and tells of the alert as soon as it is known which one it is. */
async function note(tx: EntityManager, ticketId: string, heard: Noted, act: Act) {
  const { episodeId, acknowledgedAt, acknowledgedBy, acknowledgedLevel } = heard
  const [known]: {
    episodeId: string | null
    acknowledgedAt: Date | null
    acknowledgedBy: string | null
    acknowledgedLevel: AlertLevel | null
  }[] = await tx.query(
    `insert into alert_ticket as known
       (ticket_id, episode_id, acknowledged_at, acknowledged_by, acknowledged_level, heard_at)
     values ($1, $2, $3, $4, $5, $6)
     on conflict (ticket_id) do update
       set episode_id = coalesce(known.episode_id, excluded.episode_id),
           acknowledged_at = coalesce(known.acknowledged_at, excluded.acknowledged_at),
           acknowledged_by = coalesce(known.acknowledged_by, excluded.acknowledged_by),
           acknowledged_level = coalesce(known.acknowledged_level, excluded.acknowledged_level)
     returning episode_id as "episodeId", acknowledged_at as "acknowledgedAt",
               acknowledged_by as "acknowledgedBy", acknowledged_level as "acknowledgedLevel"`,
    [
      ...[ticketId, episodeId ?? null, acknowledgedAt ?? null],
      ...[acknowledgedBy ?? null, acknowledgedLevel ?? null, act.now],
    ],
  )
  if (known === undefined || known.episodeId === null) return
  const { acknowledgedAt: at, acknowledgedBy: personId, acknowledgedLevel: level } = known
  if (at === null || personId === null) return
  const episode = await lockEpisode(tx, known.episodeId)
  if (episode === null) return
  // Whoever took the ticket has read it.
  const reached = {
    level: level ?? 'warning',
    at,
    by: 'acknowledgement' as const,
    personId,
    ticketId,
  }
  await told(tx, episode, reached, act)
  await taken(tx, episode, { ticketId, at, personId }, act)
}

interface Reached {
  /** The level that was said. */
  readonly level: AlertLevel
  readonly at: Date
  readonly by: 'mail' | 'webhook' | 'acknowledgement' | 'earlier-message'
  /** `null` of an earlier message: who that reached is on record with it. */
  readonly personId: string | null
  readonly ticketId: string | null
}

/** A person in charge was reached: who heard of the graver level has heard of the milder one too. */
async function told(tx: EntityManager, episode: AlertEpisode, reached: Reached, act: Act) {
  const { id: episodeId, unitId } = episode
  const { level: said, at, by, personId, ticketId } = reached
  const levels: AlertLevel[] = said === 'critical' ? ['warning', 'critical'] : ['warning']
  const untold = await tx.find(AlertNoticeEntity, {
    where: { episodeId, level: In(levels), notifiedAt: IsNull() },
    order: { confirmedAt: 'asc', level: 'desc' },
  })
  for (const notice of untold) {
    const { level, confirmedAt } = notice
    const { value } = await readParameter(tx, 'monitoring.alert.notify_within', unitId, confirmedAt)
    const withinTarget = at.getTime() - confirmedAt.getTime() <= durationMs(value)
    await tx.update(AlertNoticeEntity, { episodeId, level }, { notifiedAt: at })
    await appendEvent(
      tx,
      'monitoring-ingest',
      AlertNotified,
      episodeId,
      {
        ...confirmedFactOf(episode, notice),
        ticketId,
        deliveredAt: at.toISOString(),
        personId,
        by,
        withinTarget,
      },
      act,
    )
  }
}

interface Taken {
  readonly ticketId: string
  readonly at: Date
  readonly personId: string
}

async function taken(
  tx: EntityManager,
  episode: AlertEpisode,
  { ticketId, at, personId }: Taken,
  act: Act,
) {
  const { id, level, confirmedAt } = episode
  if (confirmedAt === null || episode.acknowledgedAt !== null) return
  await tx.update(AlertEpisodeEntity, { id }, { acknowledgedAt: at })
  await appendEvent(
    tx,
    'monitoring-ingest',
    AlertAcknowledged,
    id,
    {
      ...confirmedFactOf(episode, { level, confirmedAt }),
      ticketId,
      acknowledgedByPersonId: personId,
      acknowledgedAt: at.toISOString(),
    },
    act,
  )
}
