import { AlertLevel } from '@erp-steward/contracts/monitoring-events'
import { InstantOut, nullable, Priority, SupportTier, Uuid } from '@erp-steward/contracts/values'
import { Type } from 'typebox'
import { clockKinds } from '../clocks/ticket-clock.ts'
import { categories } from './ticket.ts'

export const Category = Type.Enum([...categories])
export const TicketState = Type.Enum(['open', 'acknowledged', 'resolved', 'closed'])

/** A ticket on the wire. */
export const TicketView = Type.Object({
  id: Uuid,
  number: Type.String(),
  title: Type.String(),
  description: Type.String(),
  category: Category,
  priority: Priority,
  unitId: Uuid,
  moduleCode: nullable(Type.String()),
  kind: Type.Enum(['MODULE', 'IT']),
  state: TicketState,
  tier: SupportTier,
  toAllTiers: Type.Boolean(),
  ownerPersonId: nullable(Uuid),
  reporterPersonId: nullable(Uuid),
  alertEpisodeId: nullable(Uuid),
  alertLevel: nullable(AlertLevel),
  alertEndedAt: nullable(InstantOut),
  findingId: nullable(Uuid),
  openedAt: InstantOut,
  acknowledgedAt: nullable(InstantOut),
  resolvedAt: nullable(InstantOut),
  resolution: nullable(Type.String()),
  userSilentAt: nullable(InstantOut),
  closedAt: nullable(InstantOut),
  version: Type.Integer(),
})

export const EntryView = Type.Object({
  id: Type.String(),
  at: InstantOut,
  actor: Type.String(),
  kind: Type.String(),
  text: Type.String(),
})

/** A clock with the explanation of its deadline. */
export const ClockView = Type.Object({
  id: Uuid,
  kind: Type.Enum([...clockKinds]),
  tier: nullable(SupportTier),
  calendar: Type.Object({
    scope: Type.Enum(['round-the-clock', 'unit', 'company']),
    unitId: nullable(Uuid),
    version: Type.Integer(),
    holidays: Type.Optional(
      Type.Integer({
        description:
          'Revision of the loaded public holidays that `dueAt` was computed with; 0 or left out: as shipped.',
      }),
    ),
  }),
  parameterKey: Type.String(),
  parameterVersion: Type.Integer(),
  dueAt: nullable(InstantOut),
  breachedAt: nullable(InstantOut),
  stoppedAt: nullable(InstantOut),
  provisional: Type.Boolean({
    description:
      'Whether `dueAt` needs a year whose public holidays are not loaded (`fault` names it); it is counted without holidays and computed anew once they are.',
  }),
  fault: nullable(Type.String()),
  explanation: Type.Object({
    state: Type.Enum(['running', 'paused', 'stopped']),
    targetSeconds: Type.Number(),
    usedSeconds: Type.Number(),
    remainingSeconds: Type.Number(),
    segments: Type.Array(
      Type.Object({
        from: InstantOut,
        to: InstantOut,
        state: Type.Enum(['running', 'paused', 'outside-hours']),
        workingSeconds: Type.Number(),
        reason: nullable(Type.String()),
      }),
    ),
  }),
})
