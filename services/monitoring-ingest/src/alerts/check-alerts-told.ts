import type { Act } from '@erp-steward/contracts/act'
import { AlertAckOverdue, AlertNotifyOverdue } from '@erp-steward/contracts/monitoring-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { durationMs } from '@erp-steward/regulation/duration'
import { defineTask } from '@erp-steward/service-kit/jobs'
import { readParameter } from '@erp-steward/service-kit/parameters'
import { Type } from 'typebox'
import { IsNull, Not, type EntityManager } from 'typeorm'
import { AlertNoticeEntity, type AlertNotice } from './alert-notice.ts'
import { AlertTicketEntity } from './alert-ticket.ts'
import {
  AlertEpisodeEntity,
  confirmedFactOf,
  EPISODE_COLUMNS,
  type AlertEpisode,
} from './episode.ts'

/** The parameters with the time in which an alert of a level is to be taken. */
const TAKEN_WITHIN = {
  warning: 'monitoring.alert.ack.warning',
  critical: 'monitoring.alert.ack.critical',
} as const

/** How long a ticket is remembered whose alert, if it is of one, has not been heard of. */
const FORGET_MS = 7 * 86_400_000

/**
 * States the levels of confirmed alerts that nobody in charge was told of in time, and the firing ones that nobody took in time, once each.
 * An alert that ended before its time is asked for all the same: people should have heard of it. Source.
 */
export const checkAlertsTold = defineTask(
  'check-alerts-told',
  Type.Object({}),
  async (tx, _, act) => {
    const confirmed = { confirmedAt: Not(IsNull()) }
    // Whoever writes notices holds their episode, so that a message is not overdue and delivered at once.
    const untold: AlertEpisode[] = await tx.query(
      `select ${EPISODE_COLUMNS} from alert_episode
        where id in (select episode_id from alert_notice where notified_at is null and overdue_at is null)
        order by id for update`,
    )
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
  const { id, unitId } = episode
  const untold = await tx.find(AlertNoticeEntity, {
    where: { episodeId: id, notifiedAt: IsNull(), overdueAt: IsNull() },
    order: { confirmedAt: 'asc', level: 'desc' },
  })
  for (const notice of untold) {
    const { level, confirmedAt } = notice
    const { value } = await readParameter(tx, 'monitoring.alert.notify_within', unitId, confirmedAt)
    const dueAt = new Date(confirmedAt.getTime() + durationMs(value))
    if (act.now <= dueAt) continue
    await tx.update(AlertNoticeEntity, { episodeId: id, level }, { overdueAt: act.now })
    const noticed = { dueAt: dueAt.toISOString(), noticedAt: act.now.toISOString() }
    const fact = { ...confirmedFactOf(episode, notice), ...noticed }
    await appendEvent(tx, 'monitoring-ingest', AlertNotifyOverdue, id, fact, act)
  }
}

async function checkTaken(tx: EntityManager, episode: AlertEpisode, act: Act) {
  const { id, level } = episode
  const notices = await tx.findBy(AlertNoticeEntity, { episodeId: id })
  const notice = notices.find((each) => each.level === level)
  if (notice === undefined) return
  const dueAt = await takenBy(tx, notices, episode.unitId)
  if (dueAt === null || act.now <= dueAt) return
  await tx.update(AlertEpisodeEntity, { id }, { ackOverdueAt: act.now })
  const [ticket] = await tx.find(AlertTicketEntity, {
    where: { episodeId: id },
    order: { heardAt: 'desc' },
    take: 1,
  })
  await appendEvent(
    tx,
    'monitoring-ingest',
    AlertAckOverdue,
    id,
    {
      ...confirmedFactOf(episode, notice),
      ticketId: ticket?.ticketId ?? null,
      dueAt: dueAt.toISOString(),
      noticedAt: act.now.toISOString(),
    },
    act,
  )
}

/**
 * When an alert must be taken: by the earliest of its levels, so that one that gets graver is not given more time;
 * `null` where no level has a time that runs day and night.
 */
async function takenBy(
  tx: EntityManager,
  notices: readonly AlertNotice[],
  unitId: string,
): Promise<Date | null> {
  const dueMs: number[] = []
  for (const { level, confirmedAt } of notices) {
    const { value } = await readParameter(tx, TAKEN_WITHIN[level], unitId, confirmedAt)
    // Working time is what the ticket's own clocks count; here an alert is taken in so many minutes, day and night.
    if (value.clock === 'continuous') dueMs.push(confirmedAt.getTime() + durationMs(value.within))
  }
  return dueMs.length === 0 ? null : new Date(Math.min(...dueMs))
}
