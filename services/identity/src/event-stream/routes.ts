import { said } from '@erp-steward/contracts/bilingual'
import { eventCatalog } from '@erp-steward/contracts/event-catalog'
import { readerOf } from '@erp-steward/contracts/event-readers'
import { about, Uuid } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import {
  assertPermitted,
  assertReaches,
  principalOf,
  unitInRange,
} from '@erp-steward/service-kit/authentication'
import { languageOf } from '@erp-steward/service-kit/language'
import { unusableCursor } from '@erp-steward/service-kit/paging'
import type { Logger } from 'pino'
import { Type } from 'typebox'
import type { DataSource } from 'typeorm'
import { EventStream } from './event-stream.ts'
import { factsFor } from './facts-for.ts'
import { OpenStreams, type Patience } from './open-streams.ts'
import { readableTypes } from './rules/audience.ts'

const TYPES = eventCatalog.map(({ type }) => type)

const Stream = Type.Unsafe<EventStream>(
  Type.String({ description: 'Server-sent events, as the description has them.' }),
)

const DESCRIPTION = `Each event is a frame: \`id\` is its position in the ledger, \`event\` its type, \`data\` the CloudEvent that
\`/asyncapi.json\` describes. Nothing is skipped and nothing told twice: whoever comes back with \`Last-Event-ID\` (or \`after\`) goes on
behind that frame, also over a restart and days later. Without either the stream begins now; the first frame says where. A frame with
an \`id\` alone moves the position and comes at least every 10 seconds.

Of each type those are told who may read what it is about; callers whose range is a unit are told what is about their unit, and of
the register. What is sealed stays so. A stream ends with an event \`end\` and its \`reason\`: \`token-expired\` (come back with a new
token), \`token-revoked\`, \`reader-too-slow\` (nothing was taken for 30 seconds), \`closing\`, \`unavailable\`. A caller may have 4 at once.`

/** Facts as they are recorded, for programs that listen. */
export function eventStreamRoutes(
  app: App,
  {
    db,
    clock,
    log,
    patience,
  }: {
    readonly db: DataSource
    readonly clock: () => Date
    readonly log: Logger
    readonly patience?: Patience
  },
): void {
  const streams = new OpenStreams(db, clock, log, patience)
  app.addHook('preClose', () => streams.close())

  app.get('/v1/events', {
    config: { access: 'event.read', clauses: ['A-4.3.3', 'A-4.3.4'] },
    // The answer to a HEAD would be read to its end, which there is not.
    exposeHeadRoute: false,
    schema: {
      operationId: 'streamEvents',
      problems: ['cursor-unusable', 'outside-unit'],
      summary:
        'Facts of all services as they are recorded, as server-sent events that can be resumed.',
      description: DESCRIPTION,
      tags: ['events'],
      headers: Type.Object({
        'last-event-id': Type.Optional(
          Type.String({
            pattern: '^[0-9]{0,15}$',
            description: 'The `id` of the last frame that was read; goes before `after`.',
          }),
        ),
      }),
      querystring: Type.Object({
        after: Type.Optional(
          Type.Integer({
            minimum: 0,
            maximum: Number.MAX_SAFE_INTEGER,
            description:
              'As `Last-Event-ID`, for who cannot send headers; 0: all since the beginning.',
          }),
        ),
        type: Type.Optional(
          Type.Array(Type.Enum(TYPES), {
            minItems: 1,
            maxItems: TYPES.length,
            description: 'Only facts of these types; one that the caller may not read is refused.',
          }),
        ),
        unitId: Type.Optional(about(Uuid, 'Only what is about this unit, and of the register.')),
      }),
      response: {
        200: {
          description: 'The stream, without end.',
          content: { 'text/event-stream': { schema: Stream } },
        },
      },
    },
    handler: async (request, reply) => {
      const principal = principalOf(request)
      const { after, type, unitId } = request.query
      for (const each of type ?? []) assertPermitted(principal, readerOf(each))
      if (unitId !== undefined) assertReaches(request, unitId)
      const audience = {
        types: new Set(type ?? readableTypes(eventCatalog, principal.permissions)),
        unitId: unitId ?? unitInRange(request),
      }
      streams.assertRoomFor(principal)
      const { tail } = streams
      const { 'last-event-id': last = '' } = request.headers
      const position = await positionOf(db, last === '' ? (after ?? null) : Number(last))
      const stream = new EventStream(
        position,
        (from) => factsFor(db, tail, from, audience),
        (error) => {
          request.log.warn({ err: error }, 'facts for a stream could not be read')
        },
      )
      streams.add(stream, principal, languageOf(request))
      return (
        reply
          .type('text/event-stream')
          // Its connection ends with it: kept alive, it would hold up the end of the service.
          .headers({ 'cache-control': 'no-store', 'x-accel-buffering': 'no', connection: 'close' })
          .send(stream)
      )
    },
  })
}

/**
 * Where a stream begins: behind what the reader has, or at the end.
 *
 * @throws Problem `cursor-unusable` behind the end, and where facts behind it are not in the ledger any more
 */
async function positionOf(db: DataSource, asked: number | null): Promise<number> {
  const [{ end, oldest } = { end: 0, oldest: null }]: { end: number; oldest: number | null }[] =
    await db.query(
      `select seq::float8 as "end", (select seq::float8 from audit_record order by audit_record.seq limit 1) as oldest
         from audit_head`,
    )
  if (asked === null) return end
  if (asked > end)
    throw unusableCursor(
      said(`The stream ends at ${String(end)}.`, `事件流止于 ${String(end)}。`),
      'after',
    )
  if (oldest !== null && asked < oldest - 1)
    throw unusableCursor(
      said(
        `Facts up to ${String(oldest - 1)} have been archived.`,
        `${String(oldest - 1)} 及之前的事实已归档。`,
      ),
      'after',
    )
  return asked
}
