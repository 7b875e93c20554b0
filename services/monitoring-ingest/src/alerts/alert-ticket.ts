import { EntitySchema } from 'typeorm'

/** What is known here of a ticket of incident-tiering; most are of no alert and soon forgotten. */
export interface AlertTicket {
  ticketId: string
  episodeId: string | null
  /** When a message about it was accepted first. */
  deliveredAt: Date | null
  acknowledgedAt: Date | null
  acknowledgedBy: string | null
  heardAt: Date
}

export const AlertTicketEntity = new EntitySchema<AlertTicket>({
  name: 'AlertTicket',
  tableName: 'alert_ticket',
  columns: {
    ticketId: {
      type: 'uuid',
      name: 'ticket_id',
      primary: true,
      primaryKeyConstraintName: 'alert_ticket_pkey',
    },
    episodeId: { type: 'uuid', name: 'episode_id', nullable: true },
    deliveredAt: { type: 'timestamptz', name: 'delivered_at', nullable: true },
    acknowledgedAt: { type: 'timestamptz', name: 'acknowledged_at', nullable: true },
    acknowledgedBy: { type: 'uuid', name: 'acknowledged_by', nullable: true },
    heardAt: { type: 'timestamptz', name: 'heard_at' },
  },
  indices: [{ name: 'alert_ticket_by_episode', columns: ['episodeId'] }],
})
