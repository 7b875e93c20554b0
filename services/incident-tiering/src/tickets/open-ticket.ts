import { randomUUID } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import { TicketOpened } from '@erp-steward/contracts/incident-events'
import type { Priority } from '@erp-steward/contracts/values'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { ask } from '@erp-steward/messaging/statement'
import { insertRows } from '@erp-steward/service-kit/insert-rows'
import type { EntityManager } from 'typeorm'
import { clockTerms, startClocks } from '../clocks/run-clock.ts'
import { activeModule, activeUnit } from '@erp-steward/directory/directory'
import { callTiers, receiversOn } from './call-tiers.ts'
import { priorityFor, servingKind } from './rules/priority.ts'
import { handoverClocksOf, tiersCalledAtOnce } from './rules/tier-path.ts'
import { startHandover } from './start-handover.ts'
import { longClocks, noteClock, slaParameter } from './start-note-clock.ts'
import { addEntry } from './ticket-entry.ts'
import { TicketEntity, type AlertLevel, type Category, type Ticket } from './ticket.ts'

export interface OpenTicket {
  readonly title: string
  readonly description: string
  readonly category: Category
  readonly priority: Priority
  readonly unitId: string
  readonly moduleCode: string | null
  /** The alert behind it: at most one ticket for each level of an episode. */
  readonly alert?: { readonly episodeId: string; readonly level: AlertLevel }
  /** The inspection finding behind it: at most one ticket. */
  readonly findingId?: string
  /** The case about an account behind it: at most one ticket. */
  readonly accountCaseId?: string
}

/**
 * Opens a ticket, starts its clocks and calls the tiers that must hear of it at once; tiers without members are
 * skipped. Sources: B-4.0, A-5.2.1, A-5.2.3; defaults 2.2.
 *
 * @throws Problem `unit-unknown`, `module-unknown`
 */
export async function openTicket(
  tx: EntityManager,
  command: OpenTicket,
  act: Act,
): Promise<Ticket> {
  const { title, description, category, unitId, moduleCode, alert, findingId, accountCaseId } =
    command
  const priority = priorityFor(category, command.priority)
  const kind = servingKind(category, moduleCode)
  const tiers = tiersCalledAtOnce(priority)
  const clocks = [
    { kind: 'acknowledge', tier: null, parameter: slaParameter(priority, 'ack') },
    { kind: 'restore', tier: null, parameter: slaParameter(priority, 'restore') },
    noteClock(priority),
    ...longClocks(priority),
  ] as const
  const [, , number, terms, receivers] = await Promise.all([
    activeUnit(tx, unitId),
    moduleCode === null ? null : activeModule(tx, moduleCode),
    nextNumber(tx),
    clockTerms(
      tx,
      unitId,
      [...clocks.map(({ parameter }) => parameter), ...handoverClocksOf(priority)],
      act,
    ),
    receiversOn(tx, { unitId, moduleCode, kind }, tiers),
  ])
  const ticket: Ticket = {
    id: randomUUID(),
    number,
    title,
    description,
    category,
    priority,
    unitId,
    moduleCode,
    kind,
    state: 'open',
    tier: 'L1',
    toAllTiers: priority === 'P1',
    ownerPersonId: null,
    reporterPersonId: act.personId,
    reporter: act.actor,
    alertEpisodeId: alert?.episodeId ?? null,
    alertLevel: alert?.level ?? null,
    alertEndedAt: null,
    findingId: findingId ?? null,
    accountCaseId: accountCaseId ?? null,
    openedAt: act.now,
    acknowledgedAt: null,
    resolvedAt: null,
    resolvedByPersonId: null,
    resolution: null,
    userSilentAt: null,
    closedAt: null,
    version: 1,
  }
  await insertRows(tx, TicketEntity, [ticket])
  await addEntry(tx, ticket.id, 'opened', title, act)
  const [acknowledge, restore] = await startClocks(
    tx,
    { ticketId: ticket.id, unitId },
    clocks,
    act,
    terms,
  )
  await appendEvent(
    tx,
    'incident-tiering',
    TicketOpened,
    ticket.id,
    {
      ticketId: ticket.id,
      number: ticket.number,
      title,
      priority,
      category,
      unitId,
      moduleCode,
      tiers: [...tiers],
      alertEpisodeId: ticket.alertEpisodeId,
      reporterPersonId: ticket.reporterPersonId,
      openedAt: act.now.toISOString(),
      acknowledgeDueAt: acknowledge.dueAt?.toISOString() ?? null,
      restoreDueAt: restore.dueAt?.toISOString() ?? null,
    },
    act,
  )
  const staffed = await callTiers(tx, ticket, tiers, 'opened', act, receivers)
  return startHandover(tx, ticket, { called: tiers, staffed }, act, terms)
}

const NEXT_NUMBER = {
  name: 'next ticket number',
  text: `select nextval('ticket_number') as number`,
  reads: [],
}

async function nextNumber(tx: EntityManager): Promise<string> {
  const [row] = await ask<{ number: string }>(tx, NEXT_NUMBER, [])
  return `T-${row?.number.padStart(7, '0') ?? ''}`
}
