import { about, Id, InstantOut, nullable, SupportTier, Uuid } from '@erp-steward/contracts/values'
import { entityOf, type RowOf } from '@erp-steward/service-kit/entity'
import { Type, type Static } from 'typebox'
import { CalendarReference } from '../calendars/calendar.ts'

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

export const ClockKind = Type.Enum([...clockKinds], {
  title: 'TicketClockKind',
  description: [
    '`acknowledge`: first response; `restore`: service back; `progress-note`: next word to the user; `tier`: hand-over;',
    '`final`: final solution, of a P1 the report of its root cause; `unsolved`: how long it may stay at its priority;',
    '`department-head`, `leading-group`, `top-manager`: when an unrestored P1 reaches that superior;',
    '`remind`, `confirm`: when the user is reminded of the answer, and when it is no longer waited for.',
  ].join(' '),
})
export type ClockKind = Static<typeof ClockKind>

/** A fact of the clock as JSON keeps it; instants are RFC 3339. */
export interface StoredFact {
  readonly at: string
  readonly kind: 'start' | 'pause' | 'resume' | 'stop' | 'target-changed'
  readonly target?: { readonly milliseconds: number } | { readonly workingDays: number }
  readonly reason?: string
}

/**
 * A clock of a ticket: facts, and the calendar and parameter version it was started under. `dueAt` is computed from
 * them; where the calendar lacks a year it is provisional: counted as if that year had no holidays, until it is installed.
 */
export const ClockView = Type.Object(
  {
    id: Id,
    kind: ClockKind,
    tier: nullable(SupportTier, 'The tier that must hand over; null for the other kinds.'),
    calendar: CalendarReference,
    parameterKey: Type.String({ description: 'The parameter that sets its target.' }),
    parameterVersion: Type.Integer({ description: 'The version of it that held at the start.' }),
    dueAt: nullable(InstantOut, 'The deadline; null while the clock is paused.'),
    breachedAt: nullable(InstantOut, 'The deadline that was passed; null while it is kept.'),
    stoppedAt: nullable(InstantOut, 'When what it waits for was done; null while it is open.'),
    provisional: Type.Boolean({
      description:
        'Whether `dueAt` needs a year whose public holidays are not loaded (`fault` names it); it is counted without holidays and computed anew once they are.',
    }),
    fault: nullable(Type.String(), 'Which year of public holidays the calendar lacks.'),
    explanation: Type.Object(
      {
        state: Type.Enum(['running', 'paused', 'stopped'], {
          description: 'What it does now; `paused`: it waits for the user.',
        }),
        targetSeconds: Type.Number({ description: 'Working time that it may take.' }),
        usedSeconds: Type.Number({ description: 'Working time that has run.' }),
        remainingSeconds: Type.Number({ description: 'What is left; negative once overdue.' }),
        segments: Type.Array(
          Type.Object({
            from: about(InstantOut, 'Begin of the stretch, inclusive.'),
            to: about(InstantOut, 'End of the stretch, exclusive.'),
            state: Type.Enum(['running', 'paused', 'outside-hours'], {
              description: '`outside-hours`: no working time of its calendar.',
            }),
            workingSeconds: Type.Number({ description: 'Working time within the stretch.' }),
            reason: nullable(Type.String(), 'Why it stood, for people; null where nobody said.'),
          }),
          { description: 'Each stretch in which it ran or stood, the first first.' },
        ),
      },
      { title: 'TicketClockExplanation', description: 'How the deadline came about, as of now.' },
    ),
  },
  { title: 'TicketClock' },
)

export const TicketClockEntity = entityOf(ClockView, {
  table: 'ticket_clock',
  derived: ['provisional', 'explanation'],
  kept: {
    ticketId: Uuid,
    facts: Type.Unsafe<StoredFact[]>({}),
    startedAt: InstantOut,
  },
  columns: { calendar: { type: 'json' }, facts: { type: 'json' } },
  indices: [
    {
      name: 'ticket_clock_one_open',
      columns: ['ticketId', 'kind'],
      unique: true,
      where: '(stopped_at IS NULL)',
    },
    { name: 'ticket_clock_running', columns: ['dueAt'], where: '(stopped_at IS NULL)' },
  ],
  checks: [
    {
      name: 'ticket_clock_kind_check',
      expression: `kind in (${clockKinds.map((kind) => `'${kind}'`).join(', ')})`,
    },
  ],
})
export type TicketClock = RowOf<typeof TicketClockEntity>

/**
 * The SQL of a clock `c` that is past its deadline at `$now` and asks somebody to act: not those by which the product itself
 * calls superiors, reminds and closes.
 */
export const overdueClock = (now: string) =>
  `c.stopped_at is null and c.due_at < ${now}
   and (c.kind in ('acknowledge', 'restore', 'progress-note', 'tier', 'final')
        or c.kind = 'unsolved' and c.parameter_key = 'incident.priority.p4.breach_after')`
