import type { Act } from '@erp-steward/contracts/act'
import { TicketAlertEnded } from '@erp-steward/contracts/incident-events'
import {
  AlertFiring,
  AlertResolved,
  InspectionFindingRaised,
} from '@erp-steward/contracts/monitoring-events'
import type { Priority } from '@erp-steward/contracts/values'
import { ModuleEntity } from '@erp-steward/directory/directory'
import { said } from '@erp-steward/contracts/bilingual'
import { on } from '@erp-steward/messaging/consumer'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { readParameter } from '@erp-steward/service-kit/parameters'
import { IsNull, type EntityManager } from 'typeorm'
import { NotificationEntity } from '../notifications/notification.ts'
import { openTicket } from './open-ticket.ts'
import { raiseAlertLevel } from './raise-alert-level.ts'
import { repeatAlert } from './repeat-alert.ts'
import { addEntry } from './ticket-entry.ts'
import { lockTicket, TicketEntity, updateTicket, type Ticket } from './ticket.ts'

/**
 * One ticket per alert episode; a level that rises within the episode raises the ticket and is told anew, or opens
 * another when nobody works on that one any more. A level that is known, or milder, is told to nobody again; an alert
 * that comes again a moment after people were told of it goes to their ticket while they work on it.
 * Source.
 */
export const onAlertFiring = on(AlertFiring, async (tx, { data }, act) => {
  const { episodeId, name, metric, labels, unitId, moduleCode, level, value, limit, since } = data
  const { repeats = null } = data
  const priority = await priorityOf(tx, level, unitId, act)
  const known = await newestOf(tx, episodeId)
  if (known !== undefined) {
    const ticket = await lockTicket(tx, known.id)
    if (ticket.alertLevel === 'critical' || level === 'warning') return
    if (isWorkedOn(ticket)) {
      // What was told on another ticket, which is closed since, was not told to those who work on this one.
      const said = { ticketId: ticket.id, alertLevel: level }
      if (repeats !== null && (await tx.existsBy(NotificationEntity, said))) {
        await repeatAlert(tx, ticket, { episodeId, level, earlierEpisodeId: repeats }, act)
        return
      }
      const reading = `${String(value)}, limit ${String(limit)}`
      await raiseAlertLevel(tx, ticket, { level, priority, reading }, act)
      return
    }
  }
  if (known === undefined && repeats !== null) {
    const earlier = await newestOf(tx, repeats)
    const ticket = earlier === undefined ? null : await lockTicket(tx, earlier.id)
    if (ticket?.alertEpisodeId === repeats && isWorkedOn(ticket)) {
      await repeatAlert(tx, ticket, { episodeId, level, earlierEpisodeId: repeats }, act)
      return
    }
  }
  const where = Object.entries(labels)
    .map(([label, text]) => `${label}=${text}`)
    .join(', ')
  await openTicket(
    tx,
    {
      title: `${name}: ${String(value)} (${level}, limit ${String(limit)})`
        .slice(0, 200)
        .toWellFormed(),
      description:
        `${metric} {${where}} since ${since}` +
        (known === undefined ? '' : `. The ticket of this alert is ${known.number}.`),
      category: 'fault',
      priority,
      unitId,
      // An alarm is never lost over a module that was withdrawn meanwhile: then the IT key users get it.
      moduleCode: await moduleIfActive(tx, moduleCode),
      alert: { episodeId, level },
    },
    act,
  )
})

/** The ticket of an episode; of two the one of the graver level, which sorts first. */
async function newestOf(tx: EntityManager, alertEpisodeId: string): Promise<Ticket | undefined> {
  const [ticket] = await tx.find(TicketEntity, {
    where: { alertEpisodeId },
    order: { alertLevel: 'asc' },
  })
  return ticket
}

const isWorkedOn = ({ state }: Ticket) => state === 'open' || state === 'acknowledged'

/** The recovery ends the alert, not the work: people resolve and confirm the ticket. */
export const onAlertResolved = on(AlertResolved, async (tx, { data }, act) => {
  const known = await tx.find(TicketEntity, {
    select: { id: true },
    where: { alertEpisodeId: data.episodeId, alertEndedAt: IsNull() },
    order: { id: 'asc' },
  })
  for (const { id } of known) {
    const ticket = await lockTicket(tx, id)
    if (ticket.alertEndedAt !== null) continue
    await updateTicket(tx, ticket, { alertEndedAt: new Date(data.resolvedAt) })
    const ended = said(`The alert ended: ${data.reason}.`, `告警已结束：${data.reason}。`)
    await addEntry(tx, id, 'alert-ended', ended, act)
    await appendEvent(
      tx,
      'incident-tiering',
      TicketAlertEnded,
      id,
      { ticketId: id, alertEpisodeId: data.episodeId, endedAt: data.resolvedAt },
      act,
    )
  }
})

/** An abnormal inspection item becomes a ticket. Source. */
export const onFindingRaised = on(InspectionFindingRaised, async (tx, { data }, act) => {
  const { findingId, unitId, item, severity, level, note, value } = data
  if (await tx.existsBy(TicketEntity, { findingId })) return
  await openTicket(
    tx,
    {
      title: `Inspection: ${item} ${value ?? ''} (${severity})`.slice(0, 200).toWellFormed(),
      description: note,
      category: 'inspection-finding',
      priority: await priorityOf(tx, level, unitId, act),
      unitId,
      moduleCode: null,
      findingId,
    },
    act,
  )
})

async function moduleIfActive(tx: EntityManager, code: string | null): Promise<string | null> {
  if (code === null) return null
  return (await tx.existsBy(ModuleEntity, { code, active: true })) ? code : null
}

async function priorityOf(
  tx: EntityManager,
  level: 'warning' | 'critical',
  unitId: string,
  act: Act,
): Promise<Priority> {
  const { value } = await readParameter(tx, `incident.alert.priority.${level}`, unitId, act.now)
  return value
}
