import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { Id } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { actOf, principalOf, unitInRange } from '@erp-steward/service-kit/authentication'
import type { Committer } from '@erp-steward/service-kit/commit'
import { inLanguage, languageOf } from '@erp-steward/service-kit/language'
import { newestFirst } from '@erp-steward/service-kit/list-rows'
import { bySeq, decodeInstantCursor, type Sorting } from '@erp-steward/service-kit/paging'
import { listRoute, readRoute } from '@erp-steward/service-kit/route-shapes'
import type { FastifyRequest } from 'fastify'
import { Type, type Static } from 'typebox'
import { importNotes } from './import-notes.ts'
import { importPersons } from './import-persons.ts'
import {
  ImportNote,
  ImportState,
  ImportView,
  PersonImportEntity,
  type PersonImport,
} from './person-import.ts'
import { listBody } from './list-body.ts'
import { queueImport } from './queue-import.ts'
import { readCsv, readNdjson, readSheet, type SentList } from './read-rows.ts'
import { ImportCounts, ImportWarning, RowResult } from './rules/import-row.ts'

/** Largest list in bytes; the gateway lets no more through. */
const LARGEST_LIST_BYTES = 16 * 1_024 * 1_024

const Mode = Type.Enum(['all-or-none', 'good-rows'], {
  default: 'all-or-none',
  description:
    '`all-or-none`: one refused row refuses the list; `good-rows`: the others take effect.',
})
const Columns = Type.String({
  maxLength: 1_000,
  pattern:
    '^[^:,\\u0000-\\u001f]{1,60}:[A-Za-z-]{1,20}(,[^:,\\u0000-\\u001f]{1,60}:[A-Za-z-]{1,20})*$',
  description:
    // eslint-disable-next-line no-restricted-syntax -- what is sent, to the letter
    'What columns are that have names of their own, `工作证号:employeeNumber,备注:-`; `-` is not read.',
})

const ReportView = Type.Object(
  {
    importId: Id,
    mode: Mode,
    dryRun: Type.Boolean({ description: 'Whether everything was tried and taken back.' }),
    applied: Type.Boolean({ description: 'Whether anything was kept; false for a dry run.' }),
    counts: ImportCounts,
    warnings: Type.Array(ImportWarning, {
      description: 'What the list most likely does not mean; nothing is refused for it.',
    }),
    rows: Type.Array(RowResult, { description: 'What became of each row, in their order.' }),
  },
  { title: 'PersonImportReport' },
)

/** Most rows that are taken in while the caller waits, in one transaction. */
const MOST_ROWS_AT_ONCE = 5_000

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
    throw new Problem(
      'media-type-unsupported',
      said(
        `Send one of ${Object.keys(readers).join(', ')}.`,
        `请发送下列之一：${Object.keys(readers).join('、')}。`,
      ),
    )
  const charset = parameters
    .map((parameter) => /^\s*charset\s*=\s*"?([^"\s]+)"?\s*$/i.exec(parameter)?.[1])
    .find((named) => named !== undefined)
  return read({ bytes, charset, columns: request.query.columns })
}

const tags = ['people']

/** Notes have a number that callers see in cursors only. */
const byNote: Sorting<Static<typeof ImportNote> & { readonly seq: string }, string | null> = bySeq

/** Lists that a job takes in. */
function jobRoutes(app: App, { db }: Committer): void {
  const read = { access: 'person.manage', clauses: ['A-1.2'], tags } as const

  listRoute(app, '/v1/imports/persons', {
    ...read,
    operationId: 'listPersonImports',
    problems: ['outside-unit'],
    summary: 'Lists of more than 5,000 rows, the newest first; those of the last 30 days.',
    query: { state: Type.Optional(ImportState) },
    row: ImportView,
    sorting: {
      after: decodeInstantCursor,
      keyOf: ({ askedAt, importId }: Static<typeof ImportView>) => [
        askedAt.toISOString(),
        importId,
      ],
    },
    list: async ({ request, query: { state }, ...stretch }) => {
      const filter = { state, unitId: unitInRange(request) }
      const found = await newestFirst(db.manager, PersonImportEntity, 'askedAt', stretch, filter)
      return found.map(viewOf)
    },
  })

  readRoute(app, '/v1/imports/persons/:id', {
    ...read,
    operationId: 'readPersonImport',
    problems: ['not-found', 'outside-unit'],
    summary: 'How far a list is: rows read, done, taken in and refused.',
    answer: ImportView,
    read: async ({ request, params: { id } }) => viewOf(await reached(request, id)),
  })

  listRoute(app, '/v1/imports/persons/:id/notes', {
    ...read,
    operationId: 'listPersonImportNotes',
    problems: ['not-found', 'outside-unit'],
    summary: 'Rows that were refused, with the reason, and what was warned of.',
    row: ImportNote,
    sorting: byNote,
    list: async ({ request, params, after, limit }) => {
      const { id } = await reached(request, params.id)
      const notes = await importNotes(db.manager, id, after, limit)
      return notes.map((note) => inLanguage(note, languageOf(request)))
    },
  })

  /** @throws Problem `not-found` also for the list of another unit */
  async function reached(request: FastifyRequest, id: string): Promise<PersonImport> {
    const own = unitInRange(request)
    const held = await db.manager.findOneBy(PersonImportEntity, { id })
    if (held === null || (own !== null && held.unitId !== own))
      throw new Problem('not-found', said(`There is no import ${id}.`, `没有导入任务 ${id}。`))
    return held
  }
}

const viewOf = ({ id, act, allOrNone, ...held }: PersonImport) => ({
  importId: id,
  mode: allOrNone ? ('all-or-none' as const) : ('good-rows' as const),
  askedBy: act.actor,
  ...held,
})

/** Lists of people, in a scope of its own: only this operation takes CSV, JSON lines and sheets. */
export async function importRoutes(app: App, deps: Committer): Promise<void> {
  const { db, clock } = deps
  jobRoutes(app, deps)
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
      config: {
        access: 'person.manage',
        clauses: ['A-1.2', 'A-2.1.1', 'A-2.1.3', 'A-2.1.4'],
        sends: listBody,
      },
      schema: {
        operationId: 'importPersons',
        problems: ['import-refused', 'import-unreadable', 'outside-unit'],
        summary: 'Joiners, movers and leavers from a list, keyed by employee number.',
        description:
          'text/csv with a header line, the first sheet of an .xlsx workbook, or application/x-ndjson. Columns: employeeNumber, name, unitCode, departmentCode, positionCode, and optionally email, birthday, leaveOn, accountUserName; in CSV and sheets also by their usual Chinese names (工号、姓名、单位编码、部门编码、岗位编码、邮箱、出生日期、离职日期、账号) or by `columns`. CSV has commas, semicolons or tabs, and is UTF-8, UTF-16 with a mark, or GB 18030 (GBK), which `charset` may name. Dates may be written 2026/1/5. Without the column birthday what is known of it stays. A list of more than 5,000 rows, at most 100,000, is answered with 202 and taken in by a job in parts of 250 rows, each of which stays. With `mode=all-or-none` every row is tried before the first is taken in, and one that is refused refuses the list; only what others change between the two can still refuse a single row. Each part is tried by itself. The same list again changes nothing, so a lost answer is repeated without harm. `warnings` says what the list most likely does not mean, such as numbers that lost zeros in front.',
        tags,
        consumes: Object.keys(readers),
        querystring: Type.Object({
          mode: Mode,
          dryRun: Type.Boolean({
            default: false,
            description: 'Does everything and takes it back, to see what would become of each row.',
          }),
          columns: Type.Optional(Columns),
        }),
        response: { 200: ReportView, 202: ImportView },
      },
      handler: async (request, reply) => {
        const { rows, warnings } = await readBody(request)
        const { mode, dryRun } = request.query
        const command = { rows, warnings, mode, dryRun, unitId: unitInRange(request) }
        const act = actOf(request, clock())
        if (rows.length > MOST_ROWS_AT_ONCE) {
          const { epoch } = principalOf(request)
          const queued = await db.transaction((tx) => queueImport(tx, { ...command, epoch }, act))
          void reply.code(202).header('location', `/v1/imports/persons/${queued.id}`)
          return viewOf(queued)
        }
        const report = await importPersons(db, command, act)
        if (!report.applied && !dryRun)
          throw new Problem(
            'import-refused',
            said(
              `${report.counts.refused} rows were refused.`,
              `有 ${report.counts.refused} 行被拒绝。`,
            ),
            {
              counts: report.counts,
              rows: report.rows.filter(({ outcome }) => outcome === 'refused'),
            },
          )
        return inLanguage(report, languageOf(request))
      },
    })
    done()
  })
}
