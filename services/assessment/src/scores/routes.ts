import { Readable } from 'node:stream'
import { Month, SubjectKind } from '@erp-steward/contracts/assessment-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { about, closed, OfUnit, Uuid } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { assertReaches } from '@erp-steward/service-kit/authentication'
import {
  boundTo,
  cursorOf,
  decodeCursor,
  decodeIdCursor,
  page,
  pageOf,
  PageQuery,
  type Sorting,
  unusableCursor,
} from '@erp-steward/service-kit/paging'
import {
  changeRoute,
  createRoute,
  listRoute,
  PathId,
  readRoute,
} from '@erp-steward/service-kit/route-shapes'
import type { Dependencies } from '@erp-steward/service-kit/service'
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { In } from 'typeorm'
import type { AssessmentConfig } from '../config.ts'
import { checkSheet, SheetCheck } from './check-sheet.ts'
import { computeSheet } from './compute-sheet.ts'
import { listDeductions, listScores, type ScoreRow } from './list-scores.ts'
import { publishSheet } from './publish-sheet.ts'
import { assertSeesAll, scoreRange } from './score-range.ts'
import {
  readSheet,
  ScoreSheetEntity,
  SheetView,
  type ScoreSheet,
  type SheetState,
} from './score-sheet.ts'
import {
  DeductionView,
  deductionView,
  ScoreView,
  scoreView,
  SheetWithParameters,
} from './score-view.ts'
import { sheetLines } from './sheet-lines.ts'

const Id = Type.Object({ id: PathId })
const tags = ['scores']
const read = { access: 'score.read', tags } as const

/** By the subject, of which a sheet has each once. */
const bySubject: Sorting<{ readonly subjectId: string }, string | null> = {
  after: decodeIdCursor,
  keyOf: ({ subjectId }) => [subjectId],
}

/** Sheets that have been made known. */
const KNOWN: readonly SheetState[] = ['published', 'superseded']

export function scoreRoutes(app: App, deps: Dependencies<AssessmentConfig>): void {
  sheetRoutes(app, deps)
  const { db } = deps

  /** @throws Problem `score-not-found` also for a score out of the caller's range */
  async function readable(request: FastifyRequest, id: string): Promise<ScoreRow> {
    const [score] = await listScores(db.manager, { id, range: scoreRange(request), limit: 1 })
    if (score === undefined)
      throw new Problem(
        'score-not-found',
        said(`There is no score ${id} in your range.`, `您的范围内没有得分 ${id}。`),
      )
    return score
  }

  listRoute(app, '/v1/scores', {
    ...read,
    operationId: 'listScores',
    problems: ['outside-unit'],
    summary: 'Scores of a sheet in your range; a user of the ERP sees the own one.',
    clauses: ['B-5.6', 'A-6.1.1', 'A-6.1.2', 'A-6.1.3', 'A-6.1.4'],
    query: {
      sheetId: about(Uuid, 'The sheet whose scores are wanted.'),
      subjectKind: Type.Optional(SubjectKind),
      unitId: Type.Optional(OfUnit),
    },
    row: ScoreView,
    sorting: bySubject,
    list: async ({ query: { sheetId, subjectKind, unitId }, request, after: afterId, limit }) => {
      const range = scoreRange(request)
      const filter = { sheetId, ...(subjectKind && { subjectKind }), ...(unitId && { unitId }) }
      const rows = await listScores(db.manager, { ...filter, range, afterId, limit })
      return rows.map(scoreView)
    },
  })

  readRoute(app, '/v1/scores/:id', {
    ...read,
    operationId: 'readScore',
    problems: ['outside-unit', 'score-not-found'],
    summary: 'One score: total, the four groups, bonus, grade, error rate.',
    clauses: ['B-5.6'],
    answer: ScoreView,
    read: async ({ request, params }) => scoreView(await readable(request, params.id)),
  })

  app.get(
    '/v1/scores/:id/deductions',
    {
      config: { access: 'score.read', clauses: ['B-5.6', 'A-6.3.1'] },
      schema: {
        operationId: 'listDeductions',
        problems: ['outside-unit', 'score-not-found'],
        summary: 'Every fact that a score lost or gained by, with the event that stated it.',
        tags,
        params: Id,
        querystring: Type.Object(PageQuery),
        response: { 200: pageOf(DeductionView) },
      },
    },
    async (request) => {
      const { limit, cursor } = request.query
      const score = await readable(request, request.params.id)
      const [fact = null, kind = null] = decodeCursor(cursorOf('listDeductions', cursor), 2) ?? []
      // The first member is a UUID, checked as that of other lists.
      const after = [cursor === undefined ? null : decodeIdCursor(idCursor(fact)), kind] as const
      const rows = await listDeductions(db.manager, score, after, limit + 1)
      const { items, next } = page(rows, limit, (row) => [row.factId, row.kind])
      return boundTo('listDeductions', { items: items.map(deductionView), next })
    },
  )
}

function idCursor(id: string | null): string {
  return Buffer.from(JSON.stringify([id])).toString('base64url')
}

function sheetRoutes(app: App, deps: Dependencies<AssessmentConfig>): void {
  const { db } = deps

  /** @throws Problem `sheet-not-found` also for one that the caller may not know of yet */
  async function readable(request: FastifyRequest, id: string): Promise<ScoreSheet> {
    const sheet = await readSheet(db.manager, id)
    if (scoreRange(request).personId !== null && !KNOWN.includes(sheet.state))
      throw new Problem(
        'sheet-not-found',
        said(`There is no score sheet ${id}.`, `没有评分表 ${id}。`),
      )
    return sheet
  }

  createRoute(app, deps, '/v1/score-sheets', {
    operationId: 'computeScoreSheet',
    problems: ['month-refused', 'outside-unit', 'weights-refused'],
    summary: 'Computes the scores of a month from the facts recorded up to now.',
    tags,
    access: 'score.compute',
    clauses: ['B-5.6', 'A-6.1.1', 'A-6.1.2', 'A-6.1.3', 'A-6.1.4'],
    body: closed({ month: Month }),
    answer: SheetView,
    admit: ({ request }) => {
      assertReaches(request, null)
    },
    create: (tx, { body, act }) => computeSheet(tx, body.month, act),
  })

  app.get(
    '/v1/score-sheets',
    {
      config: { access: 'score.read', clauses: ['B-5.6'] },
      schema: {
        operationId: 'listScoreSheets',
        problems: ['outside-unit'],
        summary:
          'Sheets, the newest month and revision first; a user of the ERP sees those published.',
        tags,
        querystring: Type.Object({ ...PageQuery, month: Type.Optional(Month) }),
        response: { 200: pageOf(SheetView) },
      },
    },
    async (request) => {
      const { limit, cursor, month } = request.query
      const key = decodeCursor(cursorOf('listScoreSheets', cursor), 2)
      const [afterMonth = null, afterRevision = null] = key ?? []
      if (afterRevision !== null && !/^\d{1,9}$/.test(afterRevision)) throw unusableCursor()
      const query = db.manager
        .createQueryBuilder(ScoreSheetEntity, 'sheet')
        .orderBy('sheet.month', 'DESC')
        .addOrderBy('sheet.revision', 'DESC')
        .limit(limit + 1)
      if (month !== undefined) query.andWhere({ month })
      if (scoreRange(request).personId !== null) query.andWhere({ state: In([...KNOWN]) })
      if (afterMonth !== null)
        query.andWhere('(sheet.month, sheet.revision) < (:afterMonth, :afterRevision)', {
          afterMonth,
          afterRevision: Number(afterRevision),
        })
      const sheets = await query.getMany()
      return boundTo(
        'listScoreSheets',
        page(sheets, limit, (sheet) => [sheet.month, sheet.revision]),
      )
    },
  )

  readRoute(app, '/v1/score-sheets/:id', {
    ...read,
    operationId: 'readScoreSheet',
    problems: ['outside-unit', 'sheet-not-found'],
    summary: 'One sheet with the parameters it was computed by.',
    clauses: ['B-5.6'],
    answer: SheetWithParameters,
    read: async ({ request, params }) => {
      const sheet = await readable(request, params.id)
      const { unitId, personId } = scoreRange(request)
      const parameters: {
        unitId: string
        key: string
        value: number
        version: number
        source: 'unit' | 'company' | 'shipped'
      }[] = await db.query(
        `select unit_id as "unitId", key, value::float8 as value, version, source from score_parameter p
          where sheet_id = $1 and ($2::uuid is null or unit_id = $2)
            and ($3::uuid is null or unit_id = (select r.unit_id from score_roster r
                                                 where r.sheet_id = $1 and r.subject_id = $3))
          order by unit_id, key collate "C"`,
        [sheet.id, unitId, personId],
      )
      return { ...sheet, parameters }
    },
  })

  app.get(
    '/v1/score-sheets/:id/lines',
    {
      config: { access: 'score.read', clauses: ['B-5.6'] },
      schema: {
        operationId: 'exportScoreSheet',
        problems: ['not-concerned', 'outside-unit', 'sheet-not-found'],
        summary:
          'The canonical text of a sheet, whose SHA-256 is its digest: month, parameters, scores, deductions.',
        tags,
        params: Id,
        produces: ['text/plain'],
        response: {
          200: { content: { 'text/plain': { schema: Type.Unsafe<Readable>(Type.String()) } } },
        },
      },
    },
    async (request, reply) => {
      assertSeesAll(request)
      const { id, month } = await readable(request, request.params.id)
      return reply
        .type('text/plain; charset=utf-8')
        .send(Readable.from(sheetLines(db.manager, id, month), { objectMode: false }))
    },
  )

  changeRoute(app, deps, 'POST', '/v1/score-sheets/:id/publish', {
    operationId: 'publishScoreSheet',
    problems: ['outside-unit', 'same-person', 'sheet-not-found', 'sheet-state'],
    summary:
      'Makes the newest revision of a month known, by another person than had it computed; the time for appeals runs.',
    tags,
    access: 'score.publish',
    approves: true,
    clauses: ['B-5.6'],
    answer: SheetView,
    admit: ({ request }) => {
      assertReaches(request, null)
    },
    apply: (tx, { params, expected, act }) => publishSheet(tx, params.id, expected, act),
  })

  app.post(
    '/v1/score-sheets/:id/recompute-check',
    {
      config: { access: 'score.read', clauses: ['B-5.6'] },
      schema: {
        operationId: 'checkScoreSheet',
        problems: ['not-concerned', 'outside-unit', 'sheet-not-found'],
        summary:
          'Computes a sheet again from its facts and says whether it is the same, byte by byte.',
        tags,
        params: Id,
        response: { 200: SheetCheck },
      },
    },
    async (request) => {
      assertSeesAll(request)
      return checkSheet(db, request.params.id)
    },
  )
}
