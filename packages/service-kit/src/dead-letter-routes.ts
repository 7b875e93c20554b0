import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import type { ServiceName } from '@erp-steward/contracts/services'
import { about, InstantOut, nullable, Paragraph, Uuid } from '@erp-steward/contracts/values'
import type { Consumer } from '@erp-steward/messaging/consumer'
import { isDatabaseAway } from '@erp-steward/messaging/database-away'
import {
  assertParked,
  discardDeadLetter,
  listDeadLetters,
  replayDeadLetter,
} from '@erp-steward/messaging/dead-letters'
import { Type } from 'typebox'
import type { DataSource } from 'typeorm'
import type { App } from './app.ts'
import { actOf } from './authentication.ts'
import { boundTo, cursorOf, decodeIdCursor, page, pageOf, PageQuery } from './paging.ts'
import { defineProposal, ProposalView, type ProposalKind } from './proposal.ts'
import { proposed } from './proposal-routes.ts'
import { propose } from './proposals.ts'

const states = ['parked', 'replayed', 'discarded'] as const

const DeadLetterView = Type.Object(
  {
    eventId: about(Uuid, 'The `id` of the event.'),
    type: Type.String({ description: 'The type of the event, with its version.' }),
    subject: Type.String({ description: 'Id of what the event is about.' }),
    envelope: Type.Unknown({ description: 'The event as it came, a CloudEvent 1.0.' }),
    reason: Type.String({ description: 'Why it could not be handled.' }),
    attempts: Type.Integer({ description: 'Tries before it was parked.' }),
    parkedAt: about(InstantOut, 'When the last try failed.'),
    state: Type.Enum(states, {
      title: 'DeadLetterState',
      description:
        '`parked`: waits for a person; `replayed`: handled after all; `discarded`: given up by two persons.',
    }),
    handledAt: nullable(InstantOut, 'When it was replayed or discarded.'),
    handledBy: nullable(Type.String(), 'Account or client.'),
    handlingReason: nullable(Type.String(), 'Why it was replayed or discarded.'),
  },
  { title: 'DeadLetter' },
)

const replayProblems = ['dead-letter-not-parked', 'dead-letter-not-taken', 'not-found'] as const

/** Whether the letter could not be replayed, rather than its handler fail. */
const isOfReplay = (error: unknown) =>
  error instanceof Problem && replayProblems.some((code) => code === error.code)

export interface DeadLetterRouteOptions {
  readonly service: ServiceName
  readonly db: DataSource
  readonly clock: () => Date
  readonly consumer: Consumer
}

/** Events this service could not handle: a person looks, then replays or discards them. */
export function deadLetterRoutes(
  app: App,
  { service, db, clock, consumer }: DeadLetterRouteOptions,
): void {
  const base = `/v1/dead-letters/${service}`
  const operation = (verb: string) =>
    `${verb}-${service}-dead-letter`.replaceAll(/-(.)/g, (_, letter: string) =>
      letter.toUpperCase(),
    )
  const listing = `${operation('list')}s`

  app.get(
    base,
    {
      config: { access: 'dead-letter.read' },
      schema: {
        operationId: listing,
        summary: 'Events that were parked after their last failed try.',
        tags: ['dead letters'],
        querystring: Type.Object({
          ...PageQuery,
          state: Type.Enum(states, {
            default: 'parked',
            description: 'Only events in this state.',
          }),
        }),
        response: { 200: pageOf(DeadLetterView) },
      },
    },
    async ({ query: { state, limit, cursor } }) => {
      const after = decodeIdCursor(cursorOf(listing, cursor))
      const rows = await listDeadLetters(db.manager, { state, after, limit: limit + 1 })
      return boundTo(
        listing,
        page(rows, limit, ({ eventId }) => [eventId]),
      )
    },
  )

  const params = Type.Object({ eventId: about(Uuid, 'The `id` of the parked event.') })
  const body = Type.Object(
    { reason: about(Paragraph(500), 'Why; it stays with the event.') },
    { additionalProperties: false },
  )

  app.post(
    `${base}/:eventId/replay`,
    {
      config: { access: 'dead-letter.handle' },
      schema: {
        operationId: operation('replay'),
        problems: [...replayProblems, 'dead-letter-failed-again'],
        summary: 'Handles the event again; exactly once in effect.',
        tags: ['dead letters'],
        params,
        body,
        response: { 200: DeadLetterView },
      },
    },
    async (request) => {
      const command = { eventId: request.params.eventId, reason: request.body.reason }
      return db.transaction((tx) =>
        replayDeadLetter(tx, service, consumer, command, actOf(request, clock())).catch(
          (error: unknown) => {
            if (isOfReplay(error) || isDatabaseAway(error)) throw error
            request.log.warn({ err: error, eventId: command.eventId }, 'replay failed')
            throw new Problem(
              'dead-letter-failed-again',
              said(
                'The event failed again and stays parked; the cause is in the log under this instance.',
                '该事件再次失败，继续搁置；原因见日志中此 instance 的记录。',
              ),
            )
          },
        ),
      )
    },
  )

  const discarding = discardParked(service)
  app.post(
    `${base}/:eventId/discard`,
    {
      config: { access: 'dead-letter.handle' },
      schema: {
        operationId: operation('discard'),
        problems: [
          'administrator-unnamed',
          'dead-letter-not-parked',
          'not-found',
          'proposal-pending',
        ],
        summary: 'Proposes to give the event up; a second person decides.',
        description:
          'An event that is given up is a fact that this service never learns, such as the leave of a person: the answer ' +
          'is 202 with a proposal, and the event stays parked until that is approved.',
        tags: ['dead letters'],
        params,
        body,
        response: { 202: ProposalView },
      },
    },
    async (request, reply) => {
      const { eventId } = request.params
      const { reason } = request.body
      return db.transaction(async (tx) => {
        await assertParked(tx, eventId)
        const act = actOf(request, clock())
        const made = await propose(
          tx,
          service,
          discarding,
          { body: { eventId, reason }, reason },
          act,
        )
        return proposed(request, reply, service, discarding, made)
      })
    },
  )
}

/** Giving an event up: whoever could do it alone could make a service forget a fact. */
export function discardParked(service: ServiceName): ProposalKind<typeof Discard> {
  return defineProposal({
    kind: 'dead-letter.discard',
    problems: ['dead-letter-not-parked', 'not-found'],
    title: { en: 'Give a parked event up', 'zh-CN': '丢弃死信' },
    body: Discard,
    decide: 'dead-letter.decide',
    subject: ({ eventId }) => eventId,
    concerns: () => Promise.resolve({ personIds: [], unitIds: [] }),
    apply: async (tx, body, act) => {
      await discardDeadLetter(tx, service, body, act)
    },
  })
}

const Discard = Type.Object({ eventId: Uuid, reason: Type.String() })
