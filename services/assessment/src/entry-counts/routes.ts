import { Month } from '@erp-steward/contracts/assessment-events'
import { about, closed, Line, Uuid } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { actOf, principalOf, unitInRange } from '@erp-steward/service-kit/authentication'
import { etag } from '@erp-steward/service-kit/commit'
import { decodeCursor, unusableCursor, type Sorting } from '@erp-steward/service-kit/paging'
import { ProposalView } from '@erp-steward/service-kit/proposal'
import { proposed } from '@erp-steward/service-kit/proposal-routes'
import { listRoute } from '@erp-steward/service-kit/route-shapes'
import type { Dependencies } from '@erp-steward/service-kit/service'
import { Type } from 'typebox'
import type { AssessmentConfig } from '../config.ts'
import { countEntries } from './count-entries.ts'
import { BatchView } from './entry-batch.ts'
import { EntryCountView, listEntryCounts, type EntryCountRow } from './list-entry-counts.ts'
import { Counts, countingEntries, proposeCounts } from './propose-counts.ts'

const tags = ['observations']

/** By the place among all changes of facts, which no two counts share. */
const byRecording: Sorting<EntryCountRow, string | null> = {
  after: placeBefore,
  keyOf: ({ recordedOrder }) => [recordedOrder],
}

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
        tags,
        body: closed({
          ...Counts,
          reason: Type.Optional(
            about(Line(200), 'Why a person counts by hand; the second person reads it.'),
          ),
        }),
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

  listRoute(app, '/v1/entry-counts', {
    operationId: 'listEntryCounts',
    problems: ['outside-unit'],
    summary: 'Entry counts in your range with those that were replaced, the last recorded first.',
    tags,
    access: 'observation.read',
    clauses: ['A-6.1.1'],
    query: {
      month: Type.Optional(Month),
      personId: Type.Optional(about(Uuid, 'Only entries of this person.')),
    },
    row: EntryCountView,
    sorting: byRecording,
    list: ({ query: { month = null, personId = null }, request, after: before, limit }) =>
      listEntryCounts(db.manager, {
        ...{ month, personId, before, limit },
        onlyUnitId: unitInRange(request),
      }),
  })
}

/** @throws Problem `cursor-unusable` */
function placeBefore(cursor: string | undefined): string | null {
  const [place = null] = decodeCursor(cursor, 1) ?? []
  if (place !== null && !/^\d{1,18}$/.test(place)) throw unusableCursor()
  return place
}
