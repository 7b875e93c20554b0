import { AlertLevel } from '@erp-steward/contracts/monitoring-events'
import { InstantOut, nullable, Uuid } from '@erp-steward/contracts/values'
import { entityOf } from '@erp-steward/service-kit/entity'
import { Type } from 'typebox'

/** What is known here of a ticket of incident-tiering; most are of no alert and soon forgotten. */
export const AlertTicketEntity = entityOf(
  Type.Object({
    ticketId: Uuid,
    episodeId: nullable(Uuid),
    acknowledgedAt: nullable(InstantOut),
    acknowledgedBy: nullable(Uuid),
    acknowledgedLevel: nullable(AlertLevel, 'What it told of its alert when it was taken.'),
    heardAt: InstantOut,
  }),
  {
    table: 'alert_ticket',
    key: ['ticketId'],
    indices: [{ name: 'alert_ticket_by_episode', columns: ['episodeId'] }],
  },
)
