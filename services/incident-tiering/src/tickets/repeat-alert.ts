import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { TicketAlertRepeated } from '@erp-steward/contracts/incident-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { EntityManager } from 'typeorm'
import { addEntry } from './ticket-entry.ts'
import { updateTicket, type AlertLevel, type Ticket } from './ticket.ts'

export interface RepeatAlert {
  readonly episodeId: string
  readonly level: AlertLevel
  /** Of which people were told. */
  readonly earlierEpisodeId: string
}

/**
 * The alert of a ticket that is worked on came again, of which people were told a moment ago: the ticket is of the new
 * episode from now on and has its level, so that a rise beyond what was told is told. The caller holds the ticket.
 * Source, parameter monitoring.alert.suppress.
 */
export async function repeatAlert(
  tx: EntityManager,
  ticket: Ticket,
  { episodeId, level, earlierEpisodeId }: RepeatAlert,
  act: Act,
): Promise<void> {
  const { id, ownerPersonId } = ticket
  await updateTicket(tx, ticket, {
    alertEpisodeId: episodeId,
    alertLevel: level,
    alertEndedAt: null,
  })
  await addEntry(
    tx,
    id,
    'alert-repeated',
    said(`The alert came again: ${level}.`, `告警再次发生：${level}。`),
    act,
  )
  await appendEvent(
    tx,
    'incident-tiering',
    TicketAlertRepeated,
    id,
    {
      ticketId: id,
      alertEpisodeId: episodeId,
      earlierEpisodeId,
      level,
      ownerPersonId,
      repeatedAt: act.now.toISOString(),
    },
    act,
  )
}
