import { Month } from '@erp-steward/contracts/assessment-events'
import { Problem } from '@erp-steward/contracts/problem'
import { Code, InstantOut, nullable, Uuid } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { actOf, unitInRange } from '@erp-steward/service-kit/authentication'
import { decodeCursor, page, pageOf, PageQuery } from '@erp-steward/service-kit/paging'
import type { Dependencies } from '@erp-steward/service-kit/service'
import { Type } from 'typebox'
import type { AssessmentConfig } from '../config.ts'
import { countEntries } from './count-entries.ts'
import { listEntryCounts } from './list-entry-counts.ts'

const BatchView = Type.Object({
  id: Uuid,
  month: Type.String(),
  moduleCode: nullable(Type.String()),
  persons: Type.Integer(),
  entries: Type.Integer(),
  countedAt: InstantOut,
  eventId: nullable(Uuid),
})

const EntryCountView = Type.Object({
  personId: Uuid,
  month: Type.String(),
  moduleCode: nullable(Type.String()),
  entries: Type.Integer(),
  batchId: Uuid,
  countedAt: InstantOut,
  replaced: Type.Boolean(),
})

export function entryCountRoutes(app: App, deps: Dependencies<AssessmentConfig>): void {
  const { db, clock } = deps

  app.put(
    '/v1/entry-counts',
    {
      bodyLimit: 2 * 1_024 * 1_024,
      config: { access: 'observation.record', clauses: ['A-2.3.3', 'A-6.1.1'] },
      schema: {
        operationId: 'countEntries',
        summary: 'Says how many entries people made in a month; a later batch replaces the counts.',
        tags: ['observations'],
        body: Type.Object(
          {
            batchId: Uuid,
            month: Month,
            moduleCode: nullable(Code),
            counts: Type.Array(
              Type.Object(
                {
                  personId: Uuid,
                  entries: Type.Integer({ minimum: 0, maximum: 1_000_000_000 }),
                },
                { additionalProperties: false },
              ),
              { minItems: 1, maxItems: 5_000 },
            ),
          },
          { additionalProperties: false },
        ),
        response: { 200: BatchView },
      },
    },
    async (request) => {
      const range = unitInRange(request)
      const batch = await db.transaction((tx) =>
        countEntries(tx, request.body, range, actOf(request, clock())),
      )
      return { ...batch, entries: Number(batch.entries) }
    },
  )

  app.get(
    '/v1/entry-counts',
    {
      config: { access: 'observation.read', clauses: ['A-6.1.1'] },
      schema: {
        operationId: 'listEntryCounts',
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
        throw new Problem('cursor-unusable', 'The cursor was not made by this list.')
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
