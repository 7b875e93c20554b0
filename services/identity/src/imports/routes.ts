import { Problem } from '@erp-steward/contracts/problem'
import { nullable, Uuid } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { actOf, unitInRange } from '@erp-steward/service-kit/authentication'
import type { Committer } from '@erp-steward/service-kit/commit'
import { Type } from 'typebox'
import { importPersons } from './import-persons.ts'
import { readCsv, readNdjson } from './read-rows.ts'
import { importOutcomes, type ReadRow } from './rules/import-row.ts'

/** Largest list in bytes: 5,000 rows of about 1 KiB. */
const LARGEST_LIST_BYTES = 5 * 1_024 * 1_024

const Mode = Type.Enum(['all-or-none', 'good-rows'], { default: 'all-or-none' })
const Counts = Type.Object({
  created: Type.Integer(),
  moved: Type.Integer(),
  changed: Type.Integer(),
  left: Type.Integer(),
  unchanged: Type.Integer(),
  refused: Type.Integer(),
})

const ReportView = Type.Object({
  importId: Uuid,
  mode: Mode,
  dryRun: Type.Boolean(),
  applied: Type.Boolean({ description: 'Whether anything was kept; false for a dry run.' }),
  counts: Counts,
  rows: Type.Array(
    Type.Object({
      row: Type.Integer({ description: 'Counts from 1 for the first row of data.' }),
      employeeNumber: nullable(Type.String()),
      outcome: Type.Enum([...importOutcomes]),
      errors: Type.Array(Type.Object({ code: Type.String(), detail: Type.String() })),
    }),
  ),
})

/** Lists of people, in a scope of its own: only this operation takes CSV and JSON lines. */
export async function importRoutes(app: App, { db, clock }: Committer): Promise<void> {
  await app.register((scope: App, _options, done) => {
    scope.removeAllContentTypeParsers()
    const readers = { 'text/csv': readCsv, 'application/x-ndjson': readNdjson }
    for (const [type, read] of Object.entries(readers))
      scope.addContentTypeParser(
        type,
        { parseAs: 'buffer', bodyLimit: LARGEST_LIST_BYTES },
        (_request, body, parsed) => {
          try {
            parsed(null, read(Buffer.from(body)))
          } catch (error) {
            parsed(error instanceof Error ? error : new Error('unreadable', { cause: error }))
          }
        },
      )

    scope.post('/v1/imports/persons', {
      bodyLimit: LARGEST_LIST_BYTES,
      config: { access: 'person.manage', clauses: ['A-1.2', 'A-2.1.1', 'A-2.1.3', 'A-2.1.4'] },
      schema: {
        operationId: 'importPersons',
        summary: 'Joiners, movers and leavers from a list, keyed by employee number.',
        description:
          'text/csv with a header line, or application/x-ndjson. Columns: employeeNumber, name, unitCode, departmentCode, positionCode, and optionally email, birthday, leaveOn, accountUserName. Without the column birthday what is known of it stays. At most 5,000 rows. The same list again changes nothing, so a lost answer is repeated without harm.',
        tags: ['people'],
        consumes: ['text/csv', 'application/x-ndjson'],
        querystring: Type.Object({ mode: Mode, dryRun: Type.Boolean({ default: false }) }),
        response: { 200: ReportView },
      },
      handler: async (request) => {
        // Only the readers above make a body here; without a content type there is none.
        const rows = request.body as ReadRow[] | null | undefined
        if (rows === null || rows === undefined)
          throw new Problem('media-type-unsupported', 'Send text/csv or application/x-ndjson.')
        const { mode, dryRun } = request.query
        const command = { rows, mode, dryRun, unitId: unitInRange(request) }
        const report = await importPersons(db, command, actOf(request, clock()))
        if (!report.applied && !dryRun)
          throw new Problem('import-refused', `${report.counts.refused} rows were refused.`, {
            counts: report.counts,
            rows: report.rows.filter(({ outcome }) => outcome === 'refused'),
          })
        return report
      },
    })
    done()
  })
}
