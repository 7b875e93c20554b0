import type { SupportTier } from '@erp-steward/contracts/values'
import { EntitySchema } from 'typeorm'
import type { CalendarReference } from '../calendars/calendar.ts'

/**
 * - `acknowledge`: first response; `restore`: service back; `progress-note`: next word to the user; `tier`: hand-over;
 * - `final`: final solution, of a P1 the report of its root cause; `unsolved`: how long it may stay at its priority;
 * - `department-head`, `leading-group`, `top-manager`: when an unrestored P1 reaches that superior;
 * - `remind`, `confirm`: when the user is reminded of the answer, and when it is no longer waited for.
 */
export const clockKinds = [
  'acknowledge',
  'restore',
  'progress-note',
  'tier',
  'confirm',
  'final',
  'unsolved',
  'department-head',
  'leading-group',
  'top-manager',
  'remind',
] as const
export type ClockKind = (typeof clockKinds)[number]

/** A fact of the clock as JSON keeps it; instants are RFC 3339. */
export interface StoredFact {
  readonly at: string
  readonly kind: 'start' | 'pause' | 'resume' | 'stop' | 'target-changed'
  readonly target?: { readonly milliseconds: number } | { readonly workingDays: number }
  readonly reason?: string
}

/**
 * A clock of a ticket: facts, and the calendar and parameter version it was started under. `dueAt` is computed from
 * them; it is `null` while the clock is paused. Where the calendar lacks a year, `fault` says which, and `dueAt` is
 * provisional: counted as if that year had no holidays, until it is installed.
 */
export interface TicketClock {
  id: string
  ticketId: string
  kind: ClockKind
  tier: SupportTier | null
  calendar: CalendarReference
  facts: StoredFact[]
  parameterKey: string
  parameterVersion: number
  dueAt: Date | null
  fault: string | null
  breachedAt: Date | null
  stoppedAt: Date | null
  startedAt: Date
}

export const TicketClockEntity = new EntitySchema<TicketClock>({
  name: 'TicketClock',
  tableName: 'ticket_clock',
  columns: {
    id: { type: 'uuid', primary: true, primaryKeyConstraintName: 'ticket_clock_pkey' },
    ticketId: { type: 'uuid', name: 'ticket_id' },
    kind: { type: 'text' },
    tier: { type: 'text', nullable: true },
    calendar: { type: 'json' },
    facts: { type: 'json' },
    parameterKey: { type: 'text', name: 'parameter_key' },
    parameterVersion: { type: 'integer', name: 'parameter_version' },
    dueAt: { type: 'timestamptz', name: 'due_at', nullable: true },
    fault: { type: 'text', nullable: true },
    breachedAt: { type: 'timestamptz', name: 'breached_at', nullable: true },
    stoppedAt: { type: 'timestamptz', name: 'stopped_at', nullable: true },
    startedAt: { type: 'timestamptz', name: 'started_at' },
  },
  indices: [
    {
      name: 'ticket_clock_one_open',
      columns: ['ticketId', 'kind'],
      unique: true,
      where: '(stopped_at IS NULL)',
    },
  ],
  checks: [
    {
      name: 'ticket_clock_kind_check',
      expression: `kind in (${clockKinds.map((kind) => `'${kind}'`).join(', ')})`,
    },
  ],
})
