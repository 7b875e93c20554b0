import { Problem } from '@erp-steward/contracts/problem'
import { nullable, Uuid } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { actOf, unitInRange } from '@erp-steward/service-kit/authentication'
import type { Committer } from '@erp-steward/service-kit/commit'
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { importPersons } from './import-persons.ts'
import { readCsv, readNdjson, readSheet, type SentList } from './read-rows.ts'
import { importOutcomes, importWarnings } from './rules/import-row.ts'

/** Largest list in bytes; the gateway lets no more through. */
const LARGEST_LIST_BYTES = 16 * 1_024 * 1_024

const Mode = Type.Enum(['all-or-none', 'good-rows'], { default: 'all-or-none' })
const Counts = Type.Object({
  created: Type.Integer(),
  moved: Type.Integer(),
  changed: Type.Integer(),
  left: Type.Integer(),
  unchanged: Type.Integer(),
  refused: Type.Integer(),
})

const Columns = Type.String({
  maxLength: 1_000,
  pattern:
    '^[^:,\\u0000-\\u001f]{1,60}:[A-Za-z-]{1,20}(,[^:,\\u0000-\\u001f]{1,60}:[A-Za-z-]{1,20})*$',
  description:
    'What columns are that have names of their own, `工作证号:employeeNumber,备注:-`; `-` is not read.',
})

const Warnings = Type.Array(
  Type.Object({
    row: nullable(Type.Integer()),
    code: Type.Enum([...importWarnings]),
    detail: Type.String(),
  }),
)

const ReportView = Type.Object({
  importId: Uuid,
  mode: Mode,
  dryRun: Type.Boolean(),
  applied: Type.Boolean({ description: 'Whether anything was kept; false for a dry run.' }),
  counts: Counts,
  warnings: Warnings,
  rows: Type.Array(
    Type.Object({
      row: Type.Integer({ description: 'Counts from 1 for the first row of data.' }),
      employeeNumber: nullable(Type.String()),
      outcome: Type.Enum([...importOutcomes]),
      errors: Type.Array(Type.Object({ code: Type.String(), detail: Type.String() })),
    }),
  ),
})

const readers: Readonly<Record<string, (list: SentList) => ReturnType<typeof readCsv>>> = {
  'text/csv': readCsv,
  'application/x-ndjson': readNdjson,
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': readSheet,
}

/** The list in the body of the request, with the warnings that reading it gave. */
function readBody(request: FastifyRequest<{ Querystring: { columns?: string } }>) {
  // Only the parsers above make a body here; without a content type there is none.
  const bytes = request.body as Buffer | null | undefined
  const [type = '', ...parameters] = (request.headers['content-type'] ?? '').split(';')
  const read = readers[type.trim().toLowerCase()]
  if (bytes === null || bytes === undefined || read === undefined)
    throw new Problem('media-type-unsupported', `Send one of ${Object.keys(readers).join(', ')}.`)
  const charset = parameters
    .map((parameter) => /^\s*charset\s*=\s*"?([^"\s]+)"?\s*$/i.exec(parameter)?.[1])
    .find((named) => named !== undefined)
  return read({ bytes, charset, columns: request.query.columns })
}

/** Lists of people, in a scope of its own: only this operation takes CSV, JSON lines and sheets. */
export async function importRoutes(app: App, { db, clock }: Committer): Promise<void> {
  await app.register((scope: App, _options, done) => {
    scope.removeAllContentTypeParsers()
    for (const type of Object.keys(readers))
      scope.addContentTypeParser(
        type,
        { parseAs: 'buffer', bodyLimit: LARGEST_LIST_BYTES },
        (_request, body, parsed) => {
          parsed(null, body)
        },
      )

    scope.post('/v1/imports/persons', {
      bodyLimit: LARGEST_LIST_BYTES,
      config: { access: 'person.manage', clauses: ['A-1.2', 'A-2.1.1', 'A-2.1.3', 'A-2.1.4'] },
      schema: {
        operationId: 'importPersons',
        summary: 'Joiners, movers and leavers from a list, keyed by employee number.',
        description:
          'text/csv with a header line, the first sheet of an .xlsx workbook, or application/x-ndjson. Columns: employeeNumber, name, unitCode, departmentCode, positionCode, and optionally email, birthday, leaveOn, accountUserName; in CSV and sheets also by their usual Chinese names (工号, 姓名, 单位编码, 部门编码, 岗位编码, 邮箱, 出生日期, 离职日期, 账号) or by `columns`. CSV has commas, semicolons or tabs, and is UTF-8, UTF-16 with a mark, or GB 18030 (GBK), which `charset` may name. Dates may be written 2026/1/5. Without the column birthday what is known of it stays. At most 5,000 rows. The same list again changes nothing, so a lost answer is repeated without harm. `warnings` says what the list most likely does not mean, such as numbers that lost zeros in front.',
        tags: ['people'],
        consumes: Object.keys(readers),
        querystring: Type.Object({
          mode: Mode,
          dryRun: Type.Boolean({ default: false }),
          columns: Type.Optional(Columns),
        }),
        response: { 200: ReportView },
      },
      handler: async (request) => {
        const { rows, warnings } = await readBody(request)
        const { mode, dryRun } = request.query
        const command = { rows, warnings, mode, dryRun, unitId: unitInRange(request) }
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
