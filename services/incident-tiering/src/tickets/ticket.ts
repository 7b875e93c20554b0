import { AlertLevel } from '@erp-steward/contracts/monitoring-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import {
  about,
  Id,
  InstantOut,
  nullable,
  Priority,
  SupportTier,
  UnitId,
  Uuid,
  Version,
} from '@erp-steward/contracts/values'
import { assertVersion } from '@erp-steward/service-kit/commit'
import { entityOf, type RowOf } from '@erp-steward/service-kit/entity'
import { Type, type Static } from 'typebox'
import type { EntityManager } from 'typeorm'
import { KeyUserKind } from '../key-users/key-user.ts'

export type { AlertLevel }

export const Category = Type.Enum(
  [
    'fault',
    'question',
    'data',
    'hardware',
    'network',
    'account-compromise',
    'inspection-finding',
    'suggestion',
  ],
  {
    title: 'TicketCategory',
    description: 'What a ticket is about. Sources: B-4.1.5, B-4.1.6, A-2.1.7.',
  },
)
export type Category = Static<typeof Category>

export const TicketState = Type.Enum(['open', 'acknowledged', 'resolved', 'closed'], {
  title: 'TicketState',
  description:
    '`open`: nobody has it; `acknowledged`: the owner works; `resolved`: waits for the user; `closed`.',
})

/** A ticket on its way through the three tiers, as callers see it. */
export const TicketView = Type.Object(
  {
    id: Id,
    number: Type.String({ description: 'What people call it: `T-0000042`, counted upwards.' }),
    title: Type.String({ description: 'What is wrong, in one line.' }),
    description: Type.String({
      description: 'What was done, what happened and what was expected.',
    }),
    category: Category,
    priority: Priority,
    unitId: UnitId,
    moduleCode: nullable(Type.String(), 'The module that it is about, if any.'),
    kind: KeyUserKind,
    state: TicketState,
    tier: SupportTier,
    toAllTiers: Type.Boolean({
      description:
        'P1: every tier was called at once and any of them may take it; `tier` is then the lowest that has members.',
    }),
    ownerPersonId: nullable(Uuid, 'The key user who works on it.'),
    reporterPersonId: nullable(Uuid, 'Who opened it; null for a service and for a client.'),
    alertEpisodeId: nullable(Uuid, 'The alert behind it.'),
    alertLevel: nullable(
      AlertLevel,
      'The level that people are told of its alert; it rises and never falls.',
    ),
    alertEndedAt: nullable(
      InstantOut,
      'When the alert behind it ended; null while it goes on, and without one.',
    ),
    findingId: nullable(Uuid, 'The inspection finding behind it.'),
    openedAt: about(InstantOut, 'When it was opened: its clocks count from then.'),
    acknowledgedAt: nullable(InstantOut, 'When a key user took it first; null before that.'),
    resolvedAt: nullable(
      InstantOut,
      'When the service was reported restored; null before that, and once it was given back.',
    ),
    resolution: nullable(Type.String(), 'What the owner did; null before that.'),
    userSilentAt: nullable(
      InstantOut,
      "Since when the user's silence lets others of the unit answer instead.",
    ),
    closedAt: nullable(InstantOut, 'When it was closed; null before that.'),
    version: Version,
  },
  { title: 'Ticket' },
)

/** A ticket in a list: with what it can be sorted by. */
export const ListedTicket = Type.Object(
  {
    ...TicketView.properties,
    changedAt: about(InstantOut, 'When anything of it last changed, its notes included.'),
  },
  { title: 'ListedTicket', description: 'A ticket, and when it last changed.' },
)
export type ListedTicket = Static<typeof ListedTicket>

/** The table keeps by itself when a row last changed. */
export const TicketEntity = entityOf(TicketView, {
  table: 'ticket',
  kept: {
    changedAt: Type.Optional(InstantOut),
    /** Account, client or service that opened it. */
    reporter: Type.String(),
    resolvedByPersonId: nullable(Uuid),
    /** The case of identity about an account, for which it was opened. */
    accountCaseId: nullable(Uuid),
  },
  columns: {
    changedAt: {
      ...{ precision: 3, default: () => 'clock_timestamp()' },
      ...{ insert: false, update: false, select: false },
    },
  },
  checks: [
    { name: 'ticket_priority_check', expression: `priority in ('P1', 'P2', 'P3', 'P4')` },
    {
      name: 'ticket_state_check',
      expression: `state in ('open', 'acknowledged', 'resolved', 'closed')`,
    },
    { name: 'ticket_tier_check', expression: `tier in ('L1', 'L2', 'L3')` },
    {
      name: 'ticket_owner_check',
      expression: `state <> 'acknowledged' or owner_person_id is not null`,
    },
    {
      name: 'ticket_alert_level_check',
      expression: `(alert_episode_id is null) = (alert_level is null) and alert_level in ('warning', 'critical')`,
    },
  ],
  uniques: [
    { name: 'ticket_number_key', columns: ['number'] },
    { name: 'ticket_alert_episode_key', columns: ['alertEpisodeId', 'alertLevel'] },
    { name: 'ticket_finding_key', columns: ['findingId'] },
    { name: 'ticket_account_case_key', columns: ['accountCaseId'] },
  ],
  indices: [
    { name: 'ticket_by_opening', columns: ['openedAt', 'id'] },
    { name: 'ticket_by_change', columns: ['changedAt', 'id'] },
    { name: 'ticket_by_priority', columns: ['priority', 'openedAt', 'id'] },
    { name: 'ticket_by_unit', columns: ['unitId', 'openedAt', 'id'] },
    {
      name: 'ticket_by_reporter',
      columns: ['reporterPersonId', 'openedAt', 'id'],
      where: '(reporter_person_id IS NOT NULL)',
    },
    {
      name: 'ticket_by_owner',
      columns: ['ownerPersonId', 'openedAt', 'id'],
      where: '(owner_person_id IS NOT NULL)',
    },
    {
      name: 'ticket_unclosed',
      columns: ['unitId', 'openedAt'],
      where: `(state <> 'closed'::text)`,
    },
  ],
})

export type Ticket = RowOf<typeof TicketEntity>

/**
 * The ticket, locked until the transaction ends: every change of it and of its clocks starts here, so changes of one
 * ticket come one after the other and its events keep their order.
 *
 * @throws Problem `ticket-not-found`, `version-stale` when `expected` is given and not the current version
 */
export async function lockTicket(
  tx: EntityManager,
  id: string,
  expected?: number,
): Promise<Ticket> {
  const ticket = await tx.findOne(TicketEntity, {
    where: { id },
    lock: { mode: 'pessimistic_write' },
  })
  if (ticket === null)
    throw new Problem('ticket-not-found', said(`There is no ticket ${id}.`, `没有工单 ${id}。`))
  if (expected !== undefined) assertVersion(ticket.version, expected)
  return ticket
}

/** Writes the changed members with the next version; the caller holds the lock. */
export async function updateTicket(
  tx: EntityManager,
  ticket: Ticket,
  changes: Partial<Ticket>,
): Promise<Ticket> {
  const changed = { ...ticket, ...changes, version: ticket.version + 1 }
  await tx.update(TicketEntity, { id: ticket.id }, { ...changes, version: changed.version })
  return changed
}
