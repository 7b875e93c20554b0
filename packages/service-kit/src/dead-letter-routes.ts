import { Problem } from '@erp-steward/contracts/problem'
import type { ServiceName } from '@erp-steward/contracts/services'
import { InstantOut, nullable, Paragraph, Uuid } from '@erp-steward/contracts/values'
import type { Consumer } from '@erp-steward/messaging/consumer'
import { isDatabaseAway } from '@erp-steward/messaging/database-away'
import {
  discardDeadLetter,
  listDeadLetters,
  replayDeadLetter,
} from '@erp-steward/messaging/dead-letters'
import { Type } from 'typebox'
import type { DataSource } from 'typeorm'
import type { App } from './app.ts'
import { actOf } from './authentication.ts'
import { decodeIdCursor, page, pageOf, PageQuery } from './paging.ts'

const DeadLetterView = Type.Object({
  eventId: Uuid,
  type: Type.String(),
  subject: Type.String(),
  envelope: Type.Unknown(),
  reason: Type.String(),
  attempts: Type.Integer(),
  parkedAt: InstantOut,
  state: Type.Enum(['parked', 'replayed', 'discarded']),
  handledAt: nullable(InstantOut),
  handledBy: nullable(Type.String()),
  handlingReason: nullable(Type.String()),
})

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

  app.get(
    base,
    {
      config: { access: 'dead-letter.read' },
      schema: {
        operationId: `${operation('list')}s`,
        summary: 'Events that were parked after their last failed try.',
        tags: ['dead letters'],
        querystring: Type.Object({
          ...PageQuery,
          state: Type.Enum(['parked', 'replayed', 'discarded'], { default: 'parked' }),
        }),
        response: { 200: pageOf(DeadLetterView) },
      },
    },
    async ({ query: { state, limit, cursor } }) => {
      const after = decodeIdCursor(cursor)
      const rows = await listDeadLetters(db.manager, { state, after, limit: limit + 1 })
      return page(rows, limit, ({ eventId }) => [eventId])
    },
  )

  for (const verb of ['replay', 'discard'] as const)
    app.post(
      `${base}/:eventId/${verb}`,
      {
        config: { access: 'dead-letter.handle' },
        schema: {
          operationId: operation(verb),
          summary:
            verb === 'replay'
              ? 'Handles the event again; exactly once in effect.'
              : 'Gives the event up, with a reason.',
          tags: ['dead letters'],
          params: Type.Object({ eventId: Uuid }),
          body: Type.Object({ reason: Paragraph(500) }, { additionalProperties: false }),
          response: { 200: DeadLetterView },
        },
      },
      async (request) => {
        const command = { eventId: request.params.eventId, reason: request.body.reason }
        return db.transaction((tx) => {
          const act = actOf(request, clock())
          return verb === 'replay'
            ? replayDeadLetter(tx, service, consumer, command, act).catch((error: unknown) => {
                if (error instanceof Problem || isDatabaseAway(error)) throw error
                request.log.warn({ err: error, eventId: command.eventId }, 'replay failed')
                throw new Problem(
                  'dead-letter-failed-again',
                  'The event failed again and stays parked; the cause is in the log under this instance.',
                )
              })
            : discardDeadLetter(tx, service, command, act)
        })
      },
    )
}
