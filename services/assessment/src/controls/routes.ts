import { ControlState } from '@erp-steward/contracts/assessment-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { about, closed, Instant, Line, nullable, Paragraph } from '@erp-steward/contracts/values'
import { clauseById, ClauseId, clauses, type Clause } from '@erp-steward/regulation/clause'
import { parameters } from '@erp-steward/regulation/parameters'
import type { App } from '@erp-steward/service-kit/app'
import { actOf, assertReaches, unitInRange } from '@erp-steward/service-kit/authentication'
import { createOnce } from '@erp-steward/service-kit/commit'
import { languageOf } from '@erp-steward/service-kit/language'
import {
  byInstant,
  decodeCursor,
  unusableCursor,
  type Sorting,
} from '@erp-steward/service-kit/paging'
import { listRoute, PathId, readRoute } from '@erp-steward/service-kit/route-shapes'
import type { Dependencies } from '@erp-steward/service-kit/service'
import { Type } from 'typebox'
import type { AssessmentConfig } from '../config.ts'
import { confirmRecord } from './confirm-record.ts'
import { RecordView, type ConfirmedRecord } from './control-record.ts'
import {
  ControlDetail,
  ControlSummary,
  ControlView,
  controlView,
  Regulation,
} from './control-view.ts'
import { controlsNow, freshnessAt, freshnessVersions } from './controls-now.ts'
import { breakingFacts, latestEvidence } from './latest-evidence.ts'
import { EVIDENCE_KEPT } from './publish-states.ts'
import { recordControl } from './record-control.ts'
import { openBreaches } from './rules/control-state.ts'

const ClausePart = { clauseId: about(ClauseId, 'Which clause: its number, `A-2.1.4`.') }
const OF_CONTROLS = ['B-5.6']
const OF_RECORDS = ['B-5.1', 'B-5.2', 'B-5.6']

const tags = ['controls']
const read = { access: 'control.read', tags } as const

/** In the order of the text, where each clause has one place. */
const byPlace: Sorting<{ readonly clauseId: string }, number> = {
  after: placeAfter,
  keyOf: ({ clauseId }) => [clauseId],
}

export function controlRoutes(app: App, deps: Dependencies<AssessmentConfig>): void {
  const { db, clock } = deps

  listRoute(app, '/v1/controls', {
    ...read,
    operationId: 'listControls',
    summary: 'Every clause of both regulations with its state now, in the order of the text.',
    clauses: OF_CONTROLS,
    query: {
      state: Type.Optional(ControlState),
      regulation: Type.Optional(Regulation),
      service: Type.Optional(about(Line(40), 'Only clauses that this service keeps, or `all`.')),
    },
    row: ControlView,
    sorting: byPlace,
    list: async ({ query: { state, regulation, service }, request, after, limit }) => {
      const language = languageOf(request)
      return (await controlsNow(db.manager, clock()))
        .filter(
          ({ clause, verdict }, place) =>
            place > after &&
            (state === undefined || verdict.state === state) &&
            (regulation === undefined || clause.regulation === regulation) &&
            (service === undefined || clause.service === service),
        )
        .slice(0, limit)
        .map((control) => controlView(control, language))
    },
  })

  readRoute(app, '/v1/controls/summary', {
    ...read,
    operationId: 'summariseControls',
    summary: 'How many clauses are in each state now.',
    clauses: OF_CONTROLS,
    answer: ControlSummary,
    read: async () => {
      const at = clock()
      const now = await controlsNow(db.manager, at)
      const states = ControlState.enum.map((state) => ({
        state,
        count: now.filter(({ verdict }) => verdict.state === state).length,
      }))
      return { at, total: now.length, states }
    },
  })

  readRoute(app, '/v1/controls/:clauseId', {
    ...read,
    operationId: 'readControl',
    problems: ['not-found', 'outside-unit'],
    summary:
      'What proves a clause, its state, open breaches and the newest evidence of your range.',
    clauses: OF_CONTROLS,
    params: ClausePart,
    answer: ControlDetail,
    read: async ({ request, params }) => {
      const clause = clauseOf(params.clauseId)
      const now = clock()
      const unitId = unitInRange(request)
      const [control] = await controlsNow(db.manager, now, clause.id)
      if (control === undefined) throw new Error(`Clause ${clause.id} has no state`)
      const language = languageOf(request)
      const freshFor = control.control?.freshFor ?? null
      const breaches = openBreaches(control.facts, now)
      return {
        ...controlView(control, language),
        section: clause.section,
        demand: control.control?.demand[language] ?? null,
        proof: control.control?.proof[language] ?? null,
        counterExample: control.control?.counterExample[language] ?? null,
        requires: (control.control?.requires ?? []).map(({ key, what }) => ({
          key,
          what: what[language],
        })),
        scope: control.control?.scope ?? null,
        freshFor: {
          durations: [...freshnessAt(await freshnessVersions(db.manager), freshFor, now)],
          parameter: freshFor !== null && 'parameter' in freshFor ? freshFor.parameter : null,
          reason: freshFor?.reason ?? null,
        },
        collectors: [...(control.control?.collectors ?? [])],
        provenBy: (control.control?.touches ?? []).map((touch) => ({
          ...touch,
          when: Object.fromEntries(
            Object.entries(touch.when).map(([path, values]) => [path, [...values]]),
          ),
        })),
        parameters: parameters
          .filter((parameter) => parameter.clauses.includes(clause.id))
          .map(({ key }) => key),
        openBreaches: await breakingFacts(db.manager, clause.id, breaches, unitId),
        evidence: await latestEvidence(db.manager, clause.id, unitId, EVIDENCE_KEPT),
      }
    },
  })

  app.post(
    '/v1/controls/:clauseId/records',
    {
      config: { access: 'control.record', once: true, clauses: OF_RECORDS },
      schema: {
        operationId: 'recordControl',
        problems: [
          'control-not-recordable',
          'control-observation-refused',
          'control-validity-refused',
          'not-found',
          'outside-unit',
          'person-required',
        ],
        summary:
          'Records what a person saw of a clause that only people can prove; a second person confirms it.',
        tags,
        params: Type.Object(ClausePart),
        body: closed({
          statement: about(Paragraph(10_000), 'What was seen.'),
          reference: nullable(Line(500), 'Where the paper lies; null: there is none.'),
          observedAt: about(
            Instant,
            'When it was seen: at most three months ago, and after what was recorded last.',
          ),
          validUntil: about(
            Instant,
            'Until when it is to serve as a proof: at most thirteen months after it was seen.',
          ),
        }),
        response: { 201: RecordView },
      },
    },
    (request, reply) => {
      const clause = clauseOf(request.params.clauseId)
      // A clause is a matter of the whole company.
      assertReaches(request, null)
      return createOnce(deps, request, reply, async (tx, act) => ({
        body: {
          ...(await recordControl(tx, clause, request.body, act)),
          confirmedAt: null,
          confirmedByPersonId: null,
        },
        location: `/v1/controls/${clause.id}/records`,
      }))
    },
  )

  app.post(
    '/v1/controls/:clauseId/records/:recordId/confirm',
    {
      config: { access: 'control.record', clauses: OF_RECORDS, approves: true },
      schema: {
        operationId: 'confirmControlRecord',
        problems: [
          'concerned',
          'control-validity-refused',
          'not-found',
          'outside-unit',
          'person-required',
          'same-person',
        ],
        summary:
          'Confirms, as another person, what was recorded of a clause; it counts from then on.',
        tags,
        params: Type.Object({ ...ClausePart, recordId: PathId }),
        response: { 200: RecordView },
      },
    },
    (request) => {
      const clause = clauseOf(request.params.clauseId)
      assertReaches(request, null)
      return db.transaction((tx) =>
        confirmRecord(tx, clause.id, request.params.recordId, actOf(request, clock())),
      )
    },
  )

  listRoute(app, '/v1/controls/:clauseId/records', {
    ...read,
    operationId: 'listControlRecords',
    problems: ['not-found'],
    summary: 'What people recorded of a clause, the newest observation first.',
    clauses: OF_RECORDS,
    params: ClausePart,
    row: RecordView,
    sorting: byInstant('observedAt'),
    list: ({ params, after: [at, afterId], limit }): Promise<ConfirmedRecord[]> =>
      db.query(
        `select id, clause_id as "clauseId", r.person_id as "personId", statement, reference,
                observed_at as "observedAt", valid_until as "validUntil", recorded_at as "recordedAt",
                c.confirmed_at as "confirmedAt", c.person_id as "confirmedByPersonId"
           from control_record r left join control_confirmation c on c.record_id = r.id
          where clause_id = $1 and ($2::timestamptz is null or (observed_at, id) < ($2, $3::uuid))
          order by observed_at desc, id desc limit $4`,
        [clauseOf(params.clauseId).id, at, afterId, limit],
      ),
  })
}

/** @throws Problem `not-found` */
function clauseOf(id: string): Clause {
  const clause = clauseById(id)
  if (clause === undefined)
    throw new Problem('not-found', said('There is no clause with this id.', '没有此编号的条款。'))
  return clause
}

/** @throws Problem `cursor-unusable` */
function placeAfter(cursor: string | undefined): number {
  const [id] = decodeCursor(cursor, 1) ?? []
  if (id === undefined) return -1
  const place = clauses.findIndex((clause) => clause.id === id)
  if (place < 0) throw unusableCursor()
  return place
}
