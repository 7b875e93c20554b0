import type { Act } from '@erp-steward/contracts/act'
import { AlertAckOverdue, AlertNotifyOverdue } from '@erp-steward/contracts/monitoring-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { durationMs } from '@erp-steward/regulation/duration'
import { defineTask } from '@erp-steward/service-kit/jobs'
import { readParameter } from '@erp-steward/service-kit/parameters'
import { Type } from 'typebox'
import { IsNull, Not, type EntityManager } from 'typeorm'
import { AlertTicketEntity } from './alert-ticket.ts'
import { AlertEpisodeEntity, confirmedFactOf, type AlertEpisode } from './episode.ts'

/** How long a ticket is remembered whose alert, if it is of one, has not been heard of. */
const FORGET_MS = 7 * 86_400_000

/**
 * States the confirmed alerts that nobody was told of in time, and the firing ones that nobody took in time, once each.
 * An alert that ended before its time is asked for all the same: people should have heard of it. Source.
 */
export const checkAlertsTold = defineTask(
  'check-alerts-told',
  Type.Object({}),
  async (tx, _, act) => {
    const confirmed = { confirmedAt: Not(IsNull()) }
    const untold = await tx.find(AlertEpisodeEntity, {
      where: { ...confirmed, notifiedAt: IsNull(), notifyOverdueAt: IsNull() },
      order: { id: 'asc' },
      lock: { mode: 'pessimistic_write' },
    })
    for (const episode of untold) await checkTold(tx, episode, act)
    const untaken = await tx.find(AlertEpisodeEntity, {
      where: { ...confirmed, state: 'firing', acknowledgedAt: IsNull(), ackOverdueAt: IsNull() },
      order: { id: 'asc' },
      lock: { mode: 'pessimistic_write' },
    })
    for (const episode of untaken) await checkTaken(tx, episode, act)
    await tx.query('delete from alert_ticket where episode_id is null and heard_at < $1', [
      new Date(act.now.getTime() - FORGET_MS),
    ])
  },
)

async function checkTold(tx: EntityManager, episode: AlertEpisode, act: Act) {
  const { id, unitId, confirmedAt } = episode
  if (confirmedAt === null) return
  const { value } = await readParameter(tx, 'monitoring.alert.notify_within', unitId, confirmedAt)
  const dueAt = new Date(confirmedAt.getTime() + durationMs(value))
  if (act.now <= dueAt) return
  await tx.update(AlertEpisodeEntity, { id }, { notifyOverdueAt: act.now })
  const noticed = { dueAt: dueAt.toISOString(), noticedAt: act.now.toISOString() }
  const fact = { ...confirmedFactOf(episode, confirmedAt), ...noticed }
  await appendEvent(tx, 'monitoring-ingest', AlertNotifyOverdue, id, fact, act)
}

async function checkTaken(tx: EntityManager, episode: AlertEpisode, act: Act) {
  const { id, unitId, level, confirmedAt } = episode
  if (confirmedAt === null) return
  const key = `monitoring.alert.ack.${level}` as const
  const { value } = await readParameter(tx, key, unitId, confirmedAt)
  // Working time is what the ticket's own clocks count; here an alert is taken in so many minutes, day and night.
  if (value.clock !== 'continuous') return
  const dueAt = new Date(confirmedAt.getTime() + durationMs(value.within))
  if (act.now <= dueAt) return
  await tx.update(AlertEpisodeEntity, { id }, { ackOverdueAt: act.now })
  const ticket = await tx.findOneBy(AlertTicketEntity, { episodeId: id })
  await appendEvent(
    tx,
    'monitoring-ingest',
    AlertAckOverdue,
    id,
    {
      ...confirmedFactOf(episode, confirmedAt),
      ticketId: ticket?.ticketId ?? null,
      dueAt: dueAt.toISOString(),
      noticedAt: act.now.toISOString(),
    },
    act,
  )
}
