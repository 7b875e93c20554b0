import { Problem } from '@erp-steward/contracts/problem'
import {
  Code,
  Line,
  nullable,
  Paragraph,
  Priority,
  SupportTier,
  Uuid,
} from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { assertReaches, principalOf, unitInRange } from '@erp-steward/service-kit/authentication'
import { change, createOnce, etag } from '@erp-steward/service-kit/commit'
import { decodeInstantCursor, page, pageOf, PageQuery } from '@erp-steward/service-kit/paging'
import type { Dependencies } from '@erp-steward/service-kit/service'
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { IncidentConfig } from '../config.ts'
import { tiersOfPerson } from '../key-users/members-of-tier.ts'
import { acknowledgeTicket } from './acknowledge-ticket.ts'
import { confirmTicket } from './confirm-ticket.ts'
import { escalateTicket } from './escalate-ticket.ts'
import { explainedClocks } from './explained-clocks.ts'
import { listTickets } from './list-tickets.ts'
import { noteProgress } from './note-progress.ts'
import { openTicket } from './open-ticket.ts'
import { reassignTicket } from './reassign-ticket.ts'
import { reportRootCause } from './report-root-cause.ts'
import { resolveTicket } from './resolve-ticket.ts'
import { TicketEntryEntity } from './ticket-entry.ts'
import { Category, ClockView, EntryView, TicketState, TicketView } from './ticket-view.ts'
import { TicketEntity, type Ticket } from './ticket.ts'

const Id = Type.Object({ id: Uuid })

export function ticketRoutes(app: App, deps: Dependencies<IncidentConfig>): void {
  const { db, clock } = deps

  /** @throws Problem `ticket-not-found` also for a ticket out of the caller's range: its existence is no news either */
  async function readable(request: FastifyRequest, id: string): Promise<Ticket> {
    const { range, unitId, personId } = principalOf(request)
    const ticket = await db.manager.findOneBy(TicketEntity, { id })
    if (ticket !== null) {
      if (range === 'company' || ticket.unitId === unitId) return ticket
      const serves = personId === null ? [] : await tiersOfPerson(db.manager, ticket, personId)
      if (serves.length > 0) return ticket
    }
    throw new Problem('ticket-not-found', `There is no ticket ${id} in your range.`)
  }

  app.post(
    '/v1/tickets',
    {
      config: {
        access: 'ticket.open',
        once: true,
        clauses: ['A-5.2.1', 'A-1.3.4', 'A-2.1.7', 'B-4.0', 'B-7.6.1'],
      },
      schema: {
        operationId: 'openTicket',
        summary: 'Opens a ticket and calls the first tier.',
        tags: ['tickets'],
        body: Type.Object(
          {
            title: Line(200),
            description: Paragraph(10_000),
            category: Category,
            priority: Priority,
            unitId: Uuid,
            moduleCode: nullable(Code),
          },
          { additionalProperties: false },
        ),
        response: { 201: TicketView },
      },
    },
    (request, reply) => {
      assertReaches(request, request.body.unitId)
      return createOnce(deps, request, reply, async (tx, act) => {
        const ticket = await openTicket(tx, request.body, act)
        return { body: ticket, location: `/v1/tickets/${ticket.id}`, version: ticket.version }
      })
    },
  )

  app.get(
    '/v1/tickets',
    {
      config: { access: 'ticket.read', clauses: ['B-5.3.1'] },
      schema: {
        operationId: 'listTickets',
        summary: 'Tickets in your range, newest first.',
        tags: ['tickets'],
        querystring: Type.Object({
          ...PageQuery,
          unitId: Type.Optional(Uuid),
          state: Type.Optional(TicketState),
          tier: Type.Optional(SupportTier),
          priority: Type.Optional(Priority),
        }),
        response: { 200: pageOf(TicketView) },
      },
    },
    async (request) => {
      const { limit, cursor, unitId, state, tier, priority } = request.query
      const [afterAt, afterId] = decodeInstantCursor(cursor)
      const rows = await listTickets(db.manager, {
        unitId: unitId ?? null,
        state: state ?? null,
        tier: tier ?? null,
        priority: priority ?? null,
        onlyUnitId: unitInRange(request),
        personId: principalOf(request).personId,
        afterAt,
        afterId,
        limit: limit + 1,
      })
      return page(rows, limit, ({ openedAt, id }) => [openedAt.toISOString(), id])
    },
  )

  app.get(
    '/v1/tickets/:id',
    {
      config: { access: 'ticket.read' },
      schema: {
        operationId: 'readTicket',
        summary: 'One ticket.',
        tags: ['tickets'],
        params: Id,
        response: { 200: TicketView },
      },
    },
    async (request, reply) => {
      const ticket = await readable(request, request.params.id)
      void reply.header('etag', etag(ticket.version))
      return ticket
    },
  )

  app.get(
    '/v1/tickets/:id/timeline',
    {
      config: { access: 'ticket.read', clauses: ['A-1.3.4', 'B-4.1.4'] },
      schema: {
        operationId: 'readTicketTimeline',
        summary: 'What happened to the ticket, oldest first.',
        tags: ['tickets'],
        params: Id,
        response: { 200: Type.Object({ items: Type.Array(EntryView) }) },
      },
    },
    async (request) => {
      const { id } = await readable(request, request.params.id)
      return {
        items: await db.manager.find(TicketEntryEntity, {
          where: { ticketId: id },
          order: { id: 'asc' },
        }),
      }
    },
  )

  app.get(
    '/v1/tickets/:id/clocks',
    {
      config: { access: 'ticket.read', clauses: ['A-5.2.3', 'A-5.2.5'] },
      schema: {
        operationId: 'explainTicketClocks',
        summary:
          'Every clock of the ticket: its deadline and each stretch in which it ran or stood, and why.',
        tags: ['tickets'],
        params: Id,
        response: { 200: Type.Object({ items: Type.Array(ClockView) }) },
      },
    },
    async (request) => {
      const { id } = await readable(request, request.params.id)
      return { items: await explainedClocks(db.manager, id, clock()) }
    },
  )

  app.post(
    '/v1/tickets/:id/acknowledge',
    {
      config: {
        access: 'ticket.work',
        versioned: true,
        clauses: ['A-5.2.2', 'A-5.2.3', 'B-4.1.3'],
      },
      schema: {
        operationId: 'acknowledgeTicket',
        summary: 'Takes the ticket: a key user of a tier that was called becomes its owner.',
        tags: ['tickets'],
        params: Id,
        response: { 200: TicketView },
      },
    },
    (request, reply) =>
      change(deps, request, reply, (tx, act, expected) =>
        acknowledgeTicket(tx, request.params.id, expected, act),
      ),
  )

  app.post(
    '/v1/tickets/:id/escalate',
    {
      config: {
        access: 'ticket.work',
        versioned: true,
        clauses: ['B-4.0', 'B-4.1.4', 'B-4.1.7', 'A-5.2.4'],
      },
      schema: {
        operationId: 'escalateTicket',
        summary: 'The owner passes the ticket one tier up, with an analysis.',
        tags: ['tickets'],
        params: Id,
        body: Type.Object({ analysis: Paragraph(10_000) }, { additionalProperties: false }),
        response: { 200: TicketView },
      },
    },
    (request, reply) =>
      change(deps, request, reply, (tx, act, expected) =>
        escalateTicket(tx, { ticketId: request.params.id, ...request.body }, expected, act),
      ),
  )

  app.post(
    '/v1/tickets/:id/notes',
    {
      config: { access: 'ticket.work', versioned: true, clauses: ['A-5.2.5'] },
      schema: {
        operationId: 'noteTicketProgress',
        summary: 'Tells the reporter how the work goes.',
        tags: ['tickets'],
        params: Id,
        body: Type.Object({ note: Paragraph(10_000) }, { additionalProperties: false }),
        response: { 200: TicketView },
      },
    },
    (request, reply) =>
      change(deps, request, reply, (tx, act, expected) =>
        noteProgress(tx, { ticketId: request.params.id, ...request.body }, expected, act),
      ),
  )

  app.post(
    '/v1/tickets/:id/resolve',
    {
      config: { access: 'ticket.work', versioned: true, clauses: ['A-5.2.3', 'B-4.3.6'] },
      schema: {
        operationId: 'resolveTicket',
        summary: 'The owner reports the service restored or a work-around.',
        tags: ['tickets'],
        params: Id,
        body: Type.Object({ resolution: Paragraph(10_000) }, { additionalProperties: false }),
        response: { 200: TicketView },
      },
    },
    (request, reply) =>
      change(deps, request, reply, (tx, act, expected) =>
        resolveTicket(tx, { ticketId: request.params.id, ...request.body }, expected, act),
      ),
  )

  app.post(
    '/v1/tickets/:id/root-cause',
    {
      config: { access: 'ticket.work', versioned: true, clauses: ['A-3.1.5', 'A-5.2.3'] },
      schema: {
        operationId: 'reportTicketRootCause',
        summary: 'Reports the root cause of a restored P1, which is its final solution.',
        tags: ['tickets'],
        params: Id,
        body: Type.Object({ report: Paragraph(10_000) }, { additionalProperties: false }),
        response: { 200: TicketView },
      },
    },
    (request, reply) =>
      change(deps, request, reply, (tx, act, expected) =>
        reportRootCause(tx, { ticketId: request.params.id, ...request.body }, expected, act),
      ),
  )

  app.post(
    '/v1/tickets/:id/reassign',
    {
      config: {
        access: 'ticket.reassign',
        versioned: true,
        clauses: ['A-1.3.4', 'A-5.2.3', 'B-4.0'],
      },
      schema: {
        operationId: 'reassignTicket',
        summary:
          'The O&M authority takes a ticket from whoever has it and gives it to a tier, which is called anew.',
        tags: ['tickets'],
        params: Id,
        body: Type.Object(
          { tier: SupportTier, reason: Paragraph(500) },
          { additionalProperties: false },
        ),
        response: { 200: TicketView },
      },
    },
    (request, reply) =>
      change(deps, request, reply, (tx, act, expected) =>
        reassignTicket(tx, { ticketId: request.params.id, ...request.body }, expected, act),
      ),
  )

  app.post(
    '/v1/tickets/:id/confirm',
    {
      config: { access: 'ticket.confirm', versioned: true, clauses: ['B-4.0'], approves: true },
      schema: {
        operationId: 'confirmTicket',
        summary:
          'The user, or where there is none who answers the key users or leader of the unit, accepts the resolution, which closes the ticket, or gives it back.',
        tags: ['tickets'],
        params: Id,
        body: Type.Object(
          { accepted: Type.Boolean(), comment: nullable(Paragraph(2_000)) },
          { additionalProperties: false },
        ),
        response: { 200: TicketView },
      },
    },
    (request, reply) =>
      change(deps, request, reply, (tx, act, expected) =>
        confirmTicket(tx, { ticketId: request.params.id, ...request.body }, expected, act),
      ),
  )
}
