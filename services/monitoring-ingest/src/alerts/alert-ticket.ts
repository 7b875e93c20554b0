import { EntitySchema } from 'typeorm'
import type { AlertLevel } from './rules/alert-machine.ts'

/** What is known here of a ticket of incident-tiering; most are of no alert and soon forgotten. */
export interface AlertTicket {
  ticketId: string
  episodeId: string | null
  acknowledgedAt: Date | null
  acknowledgedBy: string | null
  /** The level that it told of its alert when it was taken. */
  acknowledgedLevel: AlertLevel | null
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
    acknowledgedAt: { type: 'timestamptz', name: 'acknowledged_at', nullable: true },
    acknowledgedBy: { type: 'uuid', name: 'acknowledged_by', nullable: true },
    acknowledgedLevel: { type: 'text', name: 'acknowledged_level', nullable: true },
    heardAt: { type: 'timestamptz', name: 'heard_at' },
  },
  indices: [{ name: 'alert_ticket_by_episode', columns: ['episodeId'] }],
})
