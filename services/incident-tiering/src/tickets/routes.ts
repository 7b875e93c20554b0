import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import {
  about,
  closed,
  Code,
  Line,
  nullable,
  OfUnit,
  Paragraph,
  Priority,
  SupportTier,
  Uuid,
} from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { assertReaches, principalOf, unitInRange } from '@erp-steward/service-kit/authentication'
import { languageOf } from '@erp-steward/service-kit/language'
import { boundTo, cursorOf, listOf, page, pageOf, PageQuery } from '@erp-steward/service-kit/paging'
import { changeRoute, createRoute, readRoute } from '@erp-steward/service-kit/route-shapes'
import type { Dependencies } from '@erp-steward/service-kit/service'
import { ChangedSince } from '@erp-steward/service-kit/sorted-list'
import { withTextIn } from '@erp-steward/service-kit/stored-text'
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { ClockView } from '../clocks/ticket-clock.ts'
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
import { TicketEntryEntity, TicketEntryView } from './ticket-entry.ts'
import { ticketKeyOf, TicketOrder, ticketPosition } from './ticket-order.ts'
import {
  Category,
  ListedTicket,
  TicketEntity,
  TicketState,
  TicketView,
  type Ticket,
} from './ticket.ts'

const tags = ['tickets']
const read = { access: 'ticket.read', tags } as const
const work = { access: 'ticket.work', tags, answer: TicketView } as const

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
    throw new Problem(
      'ticket-not-found',
      said(`There is no ticket ${id} in your range.`, `您的范围内没有工单 ${id}。`),
    )
  }

  createRoute(app, deps, '/v1/tickets', {
    operationId: 'openTicket',
    problems: ['module-unknown', 'outside-unit', 'unit-unknown'],
    summary: 'Opens a ticket and calls the first tier.',
    tags,
    access: 'ticket.open',
    clauses: ['A-5.2.1', 'A-1.3.4', 'A-2.1.7', 'B-4.0', 'B-7.6.1'],
    body: closed({
      title: about(Line(200), 'What is wrong, in one line.'),
      description: about(Paragraph(10_000), 'What was done, what happened and what was expected.'),
      category: Category,
      priority: Priority,
      unitId: about(
        Uuid,
        'The unit that needs help; its key users are called first. Source: B-4.0.',
      ),
      moduleCode: nullable(
        Code,
        'The module that it is about; null where it is none, or nobody knows.',
      ),
    }),
    answer: TicketView,
    admit: ({ request, body }) => {
      assertReaches(request, body.unitId)
    },
    create: (tx, { body, act }) => openTicket(tx, body, act),
  })

  app.get(
    '/v1/tickets',
    {
      config: { access: 'ticket.read', clauses: ['B-5.3.1'] },
      schema: {
        operationId: 'listTickets',
        problems: ['outside-unit'],
        summary: 'Tickets in your range, newest first unless another order is asked for.',
        tags,
        querystring: Type.Object({
          ...PageQuery,
          sort: TicketOrder,
          unitId: Type.Optional(OfUnit),
          departmentId: Type.Optional(about(Uuid, 'Of whoever opened it, as it is now.')),
          personId: Type.Optional(about(Uuid, 'Whoever opened it or works on it.')),
          state: Type.Optional(TicketState),
          tier: Type.Optional(SupportTier),
          priority: Type.Optional(Priority),
          category: Type.Optional(Category),
          moduleCode: Type.Optional(about(Code, 'Module that it is about.')),
          overdue: Type.Optional(
            Type.Boolean({
              description:
                'Whether it is past the deadline of its acknowledgement, restoration, next note, hand-over or final solution.',
            }),
          ),
          changedSince: Type.Optional(ChangedSince),
        }),
        response: { 200: pageOf(ListedTicket) },
      },
    },
    async (request) => {
      const { limit, cursor, sort, ...filter } = request.query
      const found = await listTickets(db.manager, {
        ...filter,
        ...{
          sort,
          after: ticketPosition(cursorOf('listTickets', cursor), sort),
          limit: limit + 1,
          now: clock(),
        },
        ...{ onlyUnitId: unitInRange(request), callerId: principalOf(request).personId },
      })
      return boundTo('listTickets', page(found, limit, ticketKeyOf(sort)))
    },
  )

  readRoute(app, '/v1/tickets/:id', {
    ...read,
    operationId: 'readTicket',
    problems: ['ticket-not-found'],
    summary: 'One ticket.',
    answer: TicketView,
    read: ({ request, params }) => readable(request, params.id),
  })

  readRoute(app, '/v1/tickets/:id/timeline', {
    ...read,
    operationId: 'readTicketTimeline',
    problems: ['ticket-not-found'],
    summary: 'What happened to the ticket, oldest first.',
    clauses: ['A-1.3.4', 'B-4.1.4'],
    answer: listOf(TicketEntryView),
    read: async ({ request, params }) => {
      const { id: ticketId } = await readable(request, params.id)
      const entries = await db.manager.find(TicketEntryEntity, {
        where: { ticketId },
        order: { id: 'asc' },
      })
      return { items: entries.map((entry) => withTextIn(entry, languageOf(request))) }
    },
  })

  readRoute(app, '/v1/tickets/:id/clocks', {
    ...read,
    operationId: 'explainTicketClocks',
    problems: ['ticket-not-found'],
    summary:
      'Every clock of the ticket: its deadline and each stretch in which it ran or stood, and why.',
    clauses: ['A-5.2.3', 'A-5.2.5'],
    answer: listOf(ClockView),
    read: async ({ request, params }) => {
      const { id } = await readable(request, params.id)
      return { items: await explainedClocks(db.manager, id, clock()) }
    },
  })

  changeRoute(app, deps, 'POST', '/v1/tickets/:id/acknowledge', {
    ...work,
    operationId: 'acknowledgeTicket',
    problems: ['not-on-tier', 'ticket-not-found', 'ticket-state'],
    summary: 'Takes the ticket: a key user of a tier that was called becomes its owner.',
    clauses: ['A-5.2.2', 'A-5.2.3', 'B-4.1.3'],
    apply: (tx, { params, expected, act }) => acknowledgeTicket(tx, params.id, expected, act),
  })

  changeRoute(app, deps, 'POST', '/v1/tickets/:id/escalate', {
    ...work,
    operationId: 'escalateTicket',
    problems: ['not-ticket-owner', 'ticket-not-found', 'ticket-state', 'tier-exhausted'],
    summary: 'The owner passes the ticket one tier up, with an analysis.',
    clauses: ['B-4.0', 'B-4.1.4', 'B-4.1.7', 'A-5.2.4'],
    body: closed({
      analysis: about(
        Paragraph(10_000),
        'What was found so far; the next tier starts from it. Source: B-4.1.4.',
      ),
    }),
    apply: (tx, { params, body, expected, act }) =>
      escalateTicket(tx, { ticketId: params.id, ...body }, expected, act),
  })

  changeRoute(app, deps, 'POST', '/v1/tickets/:id/notes', {
    ...work,
    operationId: 'noteTicketProgress',
    problems: ['not-ticket-owner', 'ticket-not-found', 'ticket-state'],
    summary: 'Tells the reporter how the work goes.',
    clauses: ['A-5.2.5'],
    body: closed({
      note: about(Paragraph(10_000), 'How the work goes; the reporter reads it. Source: A-5.2.5.'),
    }),
    apply: (tx, { params, body, expected, act }) =>
      noteProgress(tx, { ticketId: params.id, ...body }, expected, act),
  })

  changeRoute(app, deps, 'POST', '/v1/tickets/:id/resolve', {
    ...work,
    operationId: 'resolveTicket',
    problems: ['not-ticket-owner', 'ticket-not-found', 'ticket-state'],
    summary: 'The owner reports the service restored or a work-around.',
    clauses: ['A-5.2.3', 'B-4.3.6'],
    body: closed({
      resolution: about(
        Paragraph(10_000),
        'What was done; the user confirms it or gives the ticket back.',
      ),
    }),
    apply: (tx, { params, body, expected, act }) =>
      resolveTicket(tx, { ticketId: params.id, ...body }, expected, act),
  })

  changeRoute(app, deps, 'POST', '/v1/tickets/:id/root-cause', {
    ...work,
    operationId: 'reportTicketRootCause',
    problems: ['not-on-tier', 'ticket-not-found', 'ticket-state'],
    summary: 'Reports the root cause of a restored P1, which is its final solution.',
    clauses: ['A-3.1.5', 'A-5.2.3'],
    body: closed({
      report: about(
        Paragraph(10_000),
        'What caused it, and what keeps it from coming back. Source: A-3.1.5.',
      ),
    }),
    apply: (tx, { params, body, expected, act }) =>
      reportRootCause(tx, { ticketId: params.id, ...body }, expected, act),
  })

  changeRoute(app, deps, 'POST', '/v1/tickets/:id/reassign', {
    ...work,
    access: 'ticket.reassign',
    operationId: 'reassignTicket',
    problems: ['ticket-not-found', 'ticket-state'],
    summary:
      'The O&M authority takes a ticket from whoever has it and gives it to a tier, which is called anew.',
    clauses: ['A-1.3.4', 'A-5.2.3', 'B-4.0'],
    body: closed({
      tier: SupportTier,
      reason: about(Paragraph(500), 'Why it is taken from whoever has it.'),
    }),
    apply: (tx, { params, body, expected, act }) =>
      reassignTicket(tx, { ticketId: params.id, ...body }, expected, act),
  })

  changeRoute(app, deps, 'POST', '/v1/tickets/:id/confirm', {
    ...work,
    access: 'ticket.confirm',
    approves: true,
    operationId: 'confirmTicket',
    problems: ['not-ticket-reporter', 'same-person', 'ticket-not-found', 'ticket-state'],
    summary:
      'The user, or where there is none who answers the key users or leader of the unit, accepts the resolution, which closes the ticket, or gives it back.',
    clauses: ['B-4.0'],
    body: closed({
      accepted: Type.Boolean({
        description: 'True closes the ticket; false gives it back to its owner.',
      }),
      comment: nullable(
        Paragraph(2_000),
        'What the user says with it, such as what is still missing; null for nothing.',
      ),
    }),
    apply: (tx, { params, body, expected, act }) =>
      confirmTicket(tx, { ticketId: params.id, ...body }, expected, act),
  })
}
