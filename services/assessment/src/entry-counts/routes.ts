import { Month } from '@erp-steward/contracts/assessment-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { InstantOut, Line, nullable, Uuid } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { actOf, principalOf, unitInRange } from '@erp-steward/service-kit/authentication'
import { etag } from '@erp-steward/service-kit/commit'
import { decodeCursor, page, pageOf, PageQuery } from '@erp-steward/service-kit/paging'
import { ProposalView } from '@erp-steward/service-kit/proposal'
import { proposed } from '@erp-steward/service-kit/proposal-routes'
import type { Dependencies } from '@erp-steward/service-kit/service'
import { Type } from 'typebox'
import type { AssessmentConfig } from '../config.ts'
import { countEntries } from './count-entries.ts'
import { listEntryCounts } from './list-entry-counts.ts'
import { Counts, countingEntries, proposeCounts } from './propose-counts.ts'

const BatchView = Type.Object(
  {
    id: Uuid,
    month: Type.String(),
    moduleCode: nullable(Type.String()),
    persons: Type.Integer(),
    entries: Type.Integer(),
    countedAt: InstantOut,
    eventId: nullable(Uuid),
  },
  { title: 'EntryBatch' },
)

const EntryCountView = Type.Object(
  {
    personId: Uuid,
    month: Type.String(),
    moduleCode: nullable(Type.String()),
    entries: Type.Integer(),
    batchId: Uuid,
    countedAt: InstantOut,
    replaced: Type.Boolean(),
  },
  { title: 'EntryCount' },
)

export function entryCountRoutes(app: App, deps: Dependencies<AssessmentConfig>): void {
  const { db, clock } = deps

  app.put(
    '/v1/entry-counts',
    {
      bodyLimit: 2 * 1_024 * 1_024,
      config: { access: 'entry-count.record', clauses: ['A-2.3.3', 'A-6.1.1'] },
      schema: {
        operationId: 'countEntries',
        problems: [
          'administrator-unnamed',
          'batch-exists',
          'concerned',
          'entry-counts-refused',
          'outside-unit',
          'proposal-pending',
          'same-person',
        ],
        summary:
          'Says how many entries people made in a month; a later batch replaces the counts. By a person it is a proposal.',
        tags: ['observations'],
        body: Type.Object(
          {
            ...Counts,
            reason: Type.Optional(
              Type.String({ ...Line(200), description: 'Of a count by a person.' }),
            ),
          },
          { additionalProperties: false },
        ),
        response: { 200: BatchView, 202: ProposalView },
      },
    },
    async (request, reply) => {
      const range = unitInRange(request)
      const act = actOf(request, clock())
      const { reason = 'Counted by hand.', ...command } = request.body
      if (principalOf(request).kind === 'person') {
        const proposal = await db.transaction((tx) =>
          proposeCounts(tx, command, reason, range, act),
        )
        void reply.header('etag', etag(proposal.version))
        return proposed(request, reply, 'assessment', countingEntries, proposal)
      }
      const batch = await db.transaction((tx) => countEntries(tx, command, range, act))
      return { ...batch, entries: Number(batch.entries) }
    },
  )

  app.get(
    '/v1/entry-counts',
    {
      config: { access: 'observation.read', clauses: ['A-6.1.1'] },
      schema: {
        operationId: 'listEntryCounts',
        problems: ['outside-unit'],
        summary:
          'Entry counts in your range with those that were replaced, the last recorded first.',
        tags: ['observations'],
        querystring: Type.Object({
          ...PageQuery,
          month: Type.Optional(Month),
          personId: Type.Optional(Uuid),
        }),
        response: { 200: pageOf(EntryCountView) },
      },
    },
    async (request) => {
      const { limit, cursor, month, personId } = request.query
      const [before = null] = decodeCursor(cursor, 1) ?? []
      if (before !== null && !/^\d{1,18}$/.test(before))
        throw new Problem(
          'cursor-unusable',
          said('The cursor was not made by this list.', '该游标不属于此列表。'),
        )
      const rows = await listEntryCounts(db.manager, {
        month: month ?? null,
        personId: personId ?? null,
        onlyUnitId: unitInRange(request),
        before,
        limit: limit + 1,
      })
      return page(rows, limit, ({ recordedOrder }) => [recordedOrder])
    },
  )
}
