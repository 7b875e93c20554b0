import { Problem } from '@erp-steward/contracts/problem'
import type { Priority, SupportTier } from '@erp-steward/contracts/values'
import { assertVersion } from '@erp-steward/service-kit/commit'
import { EntitySchema, type EntityManager } from 'typeorm'
import type { KeyUserKind } from '../key-users/key-user.ts'

/** What a ticket is about. Sources: B-4.1.5, B-4.1.6, A-2.1.7. */
export const categories = [
  'fault',
  'question',
  'data',
  'hardware',
  'network',
  'account-compromise',
  'inspection-finding',
  'suggestion',
] as const
export type Category = (typeof categories)[number]

/** `open`: nobody has it; `acknowledged`: the owner works; `resolved`: waits for the user; `closed`. */
export type TicketState = 'open' | 'acknowledged' | 'resolved' | 'closed'

export type AlertLevel = 'warning' | 'critical'

/** A ticket on its way through the three tiers. */
export interface Ticket {
  id: string
  number: string
  title: string
  description: string
  category: Category
  priority: Priority
  unitId: string
  moduleCode: string | null
  /** Which kind of key user serves it. */
  kind: KeyUserKind
  state: TicketState
  /** The tier that holds it; while `toAllTiers` it is the lowest that has members. */
  tier: SupportTier
  /** P1: every tier was called at once and any of them may take it. */
  toAllTiers: boolean
  ownerPersonId: string | null
  reporterPersonId: string | null
  /** Account, client or service that opened it. */
  reporter: string
  alertEpisodeId: string | null
  /** The level that people are told of its alert; it rises and never falls. */
  alertLevel: AlertLevel | null
  alertEndedAt: Date | null
  findingId: string | null
  openedAt: Date
  acknowledgedAt: Date | null
  resolvedAt: Date | null
  resolvedByPersonId: string | null
  resolution: string | null
  /** Since when the user's silence lets others of the unit answer instead. */
  userSilentAt: Date | null
  closedAt: Date | null
  version: number
}

export const TicketEntity = new EntitySchema<Ticket>({
  name: 'Ticket',
  tableName: 'ticket',
  columns: {
    id: { type: 'uuid', primary: true, primaryKeyConstraintName: 'ticket_pkey' },
    number: { type: 'text' },
    title: { type: 'text' },
    description: { type: 'text' },
    category: { type: 'text' },
    priority: { type: 'text' },
    unitId: { type: 'uuid', name: 'unit_id' },
    moduleCode: { type: 'text', name: 'module_code', nullable: true },
    kind: { type: 'text' },
    state: { type: 'text' },
    tier: { type: 'text' },
    toAllTiers: { type: 'boolean', name: 'to_all_tiers' },
    ownerPersonId: { type: 'uuid', name: 'owner_person_id', nullable: true },
    reporterPersonId: { type: 'uuid', name: 'reporter_person_id', nullable: true },
    reporter: { type: 'text' },
    alertEpisodeId: { type: 'uuid', name: 'alert_episode_id', nullable: true },
    alertLevel: { type: 'text', name: 'alert_level', nullable: true },
    alertEndedAt: { type: 'timestamptz', name: 'alert_ended_at', nullable: true },
    findingId: { type: 'uuid', name: 'finding_id', nullable: true },
    openedAt: { type: 'timestamptz', name: 'opened_at' },
    acknowledgedAt: { type: 'timestamptz', name: 'acknowledged_at', nullable: true },
    resolvedAt: { type: 'timestamptz', name: 'resolved_at', nullable: true },
    resolvedByPersonId: { type: 'uuid', name: 'resolved_by_person_id', nullable: true },
    resolution: { type: 'text', nullable: true },
    userSilentAt: { type: 'timestamptz', name: 'user_silent_at', nullable: true },
    closedAt: { type: 'timestamptz', name: 'closed_at', nullable: true },
    version: { type: 'integer' },
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
  ],
  indices: [
    { name: 'ticket_by_opening', columns: ['openedAt', 'id'] },
    {
      name: 'ticket_unclosed',
      columns: ['unitId', 'openedAt'],
      where: `(state <> 'closed'::text)`,
    },
  ],
})

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
  if (ticket === null) throw new Problem('ticket-not-found', `There is no ticket ${id}.`)
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
