import { ControlState } from '@erp-steward/contracts/assessment-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { Instant, InstantOut, Line, nullable, Paragraph, Uuid } from '@erp-steward/contracts/values'
import {
  clauseById,
  ClauseId,
  ClauseMode,
  clauses,
  type Clause,
} from '@erp-steward/regulation/clause'
import { claimOf } from '@erp-steward/regulation/claims'
import { parameters } from '@erp-steward/regulation/parameters'
import type { App } from '@erp-steward/service-kit/app'
import { actOf, assertReaches, unitInRange } from '@erp-steward/service-kit/authentication'
import { createOnce } from '@erp-steward/service-kit/commit'
import { languageOf, type Language } from '@erp-steward/service-kit/language'
import {
  decodeCursor,
  decodeInstantCursor,
  page,
  pageOf,
  PageQuery,
} from '@erp-steward/service-kit/paging'
import type { Dependencies } from '@erp-steward/service-kit/service'
import { Type } from 'typebox'
import type { AssessmentConfig } from '../config.ts'
import { confirmRecord } from './confirm-record.ts'
import type { ConfirmedRecord } from './control-record.ts'
import { controlsNow, freshnessAt, freshnessVersions, type ControlNow } from './controls-now.ts'
import { breakingFacts, latestEvidence } from './latest-evidence.ts'
import { EVIDENCE_KEPT } from './publish-states.ts'
import { recordControl } from './record-control.ts'
import { openBreaches } from './rules/control-state.ts'
import { effects } from './rules/control.ts'
import { reasonText } from './rules/reason-text.ts'

const Regulation = Type.Enum(['A', 'B'])

const ControlView = Type.Object(
  {
    clauseId: Type.String(),
    regulation: Regulation,
    title: Type.String({ description: 'The duty: in the words of the regulation, or in English.' }),
    mode: ClauseMode,
    service: Type.String(),
    claim: Type.Enum(['in-force', 'partly', 'not-yet'], {
      description: 'What the product says of the clause, whatever its state is now.',
    }),
    missing: nullable(Type.String({ description: 'What a clause that is partly in force lacks.' })),
    state: ControlState,
    reason: Type.String(),
    reasonCode: Type.String(),
    since: nullable(InstantOut),
    lastProofAt: nullable(
      InstantOut,
      'When it was last so; for what is counted by month no later than its end.',
    ),
    freshUntil: nullable(InstantOut),
  },
  { title: 'Control' },
)

const Fact = {
  key: Type.String({ description: 'What the fact is about; empty for the clause as a whole.' }),
  at: InstantOut,
  service: Type.String(),
  eventId: Type.Intersect([Uuid, Type.String({ description: 'Id in the audit ledger.' })]),
  eventType: Type.String(),
  subject: Type.String(),
  receivedAt: InstantOut,
}

const ControlDetail = Type.Object(
  {
    ...ControlView.properties,
    section: Type.String(),
    demand: nullable(
      Type.String({ description: 'What must be true now for the clause to be kept.' }),
    ),
    proof: nullable(Type.String({ description: 'The facts that show it.' })),
    counterExample: nullable(Type.String({ description: 'What must turn it.' })),
    requires: Type.Array(Type.Object({ key: Type.String(), what: Type.String() }), {
      description: 'Proofs that are needed each, by the first parts of their key.',
    }),
    scope: nullable(Type.Enum(['each', 'any'])),
    freshFor: Type.Object({
      durations: Type.Array(Type.String(), {
        description: 'ISO 8601, to be added up; empty where the age of a proof does not matter.',
      }),
      parameter: nullable(Type.String()),
      reason: nullable(Type.String()),
    }),
    collectors: Type.Array(Type.String()),
    provenBy: Type.Array(
      Type.Object({
        event: Type.String(),
        effect: Type.Enum([...effects]),
        key: Type.String(),
        when: Type.Record(Type.String(), Type.Array(Type.Unknown())),
        lasts: nullable(Type.String()),
        due: nullable(
          Type.String({ description: 'Of what is expected: by when, a member or a duration.' }),
        ),
        why: nullable(Type.String()),
        month: nullable(
          Type.String({ description: 'Member with the month that a proof is about.' }),
        ),
      }),
    ),
    parameters: Type.Array(Type.String()),
    openBreaches: Type.Array(Type.Object(Fact)),
    evidence: Type.Array(Type.Object({ ...Fact, effect: Type.Enum([...effects]) })),
  },
  { title: 'ControlDetail' },
)

const RecordView = Type.Object(
  {
    id: Uuid,
    clauseId: Type.String(),
    personId: nullable(Uuid),
    statement: Type.String(),
    reference: nullable(Type.String()),
    observedAt: InstantOut,
    validUntil: InstantOut,
    recordedAt: InstantOut,
    confirmedAt: nullable(
      InstantOut,
      'When a second person confirmed it; until then it counts for nothing.',
    ),
    confirmedByPersonId: nullable(Uuid),
  },
  { title: 'ControlRecord' },
)

const ClauseParams = Type.Object({ clauseId: ClauseId })
const OF_CONTROLS = ['B-5.6']
const OF_RECORDS = ['B-5.1', 'B-5.2', 'B-5.6']

export function controlRoutes(app: App, deps: Dependencies<AssessmentConfig>): void {
  const { db, clock } = deps

  app.get(
    '/v1/controls',
    {
      config: { access: 'control.read', clauses: OF_CONTROLS },
      schema: {
        operationId: 'listControls',
        summary: 'Every clause of both regulations with its state now, in the order of the text.',
        tags: ['controls'],
        querystring: Type.Object({
          ...PageQuery,
          state: Type.Optional(ControlState),
          regulation: Type.Optional(Regulation),
          service: Type.Optional(Line(40)),
        }),
        response: { 200: pageOf(ControlView) },
      },
    },
    async (request) => {
      const { limit, cursor, state, regulation, service } = request.query
      const after = placeAfter(cursor)
      const language = languageOf(request)
      const rows = (await controlsNow(db.manager, clock()))
        .filter(
          ({ clause, verdict }, place) =>
            place > after &&
            (state === undefined || verdict.state === state) &&
            (regulation === undefined || clause.regulation === regulation) &&
            (service === undefined || clause.service === service),
        )
        .slice(0, limit + 1)
        .map((control) => viewOf(control, language))
      return page(rows, limit, ({ clauseId }) => [clauseId])
    },
  )

  app.get(
    '/v1/controls/summary',
    {
      config: { access: 'control.read', clauses: OF_CONTROLS },
      schema: {
        operationId: 'summariseControls',
        summary: 'How many clauses are in each state now.',
        tags: ['controls'],
        response: {
          200: Type.Object({
            at: InstantOut,
            total: Type.Integer(),
            states: Type.Array(Type.Object({ state: ControlState, count: Type.Integer() })),
          }),
        },
      },
    },
    async () => {
      const at = clock()
      const now = await controlsNow(db.manager, at)
      const states = ControlState.enum.map((state) => ({
        state,
        count: now.filter(({ verdict }) => verdict.state === state).length,
      }))
      return { at, total: now.length, states }
    },
  )

  app.get(
    '/v1/controls/:clauseId',
    {
      config: { access: 'control.read', clauses: OF_CONTROLS },
      schema: {
        operationId: 'readControl',
        problems: ['not-found', 'outside-unit'],
        summary:
          'What proves a clause, its state, open breaches and the newest evidence of your range.',
        tags: ['controls'],
        params: ClauseParams,
        response: { 200: ControlDetail },
      },
    },
    async (request) => {
      const clause = clauseOf(request.params.clauseId)
      const now = clock()
      const unitId = unitInRange(request)
      const [control] = await controlsNow(db.manager, now, clause.id)
      if (control === undefined) throw new Error(`Clause ${clause.id} has no state`)
      const language = languageOf(request)
      const freshFor = control.control?.freshFor ?? null
      const breaches = openBreaches(control.facts, now)
      return {
        ...viewOf(control, language),
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
  )

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
        tags: ['controls'],
        params: ClauseParams,
        body: Type.Object(
          {
            statement: Paragraph(10_000),
            reference: nullable(Line(500)),
            observedAt: Instant,
            validUntil: Instant,
          },
          { additionalProperties: false },
        ),
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
        tags: ['controls'],
        params: Type.Object({ ...ClauseParams.properties, recordId: Uuid }),
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

  app.get(
    '/v1/controls/:clauseId/records',
    {
      config: { access: 'control.read', clauses: OF_RECORDS },
      schema: {
        operationId: 'listControlRecords',
        problems: ['not-found'],
        summary: 'What people recorded of a clause, the newest observation first.',
        tags: ['controls'],
        params: ClauseParams,
        querystring: Type.Object(PageQuery),
        response: { 200: pageOf(RecordView) },
      },
    },
    async (request) => {
      const { id } = clauseOf(request.params.clauseId)
      const { limit, cursor } = request.query
      const [at, afterId] = decodeInstantCursor(cursor)
      const rows: ConfirmedRecord[] = await db.query(
        `select id, clause_id as "clauseId", r.person_id as "personId", statement, reference,
                observed_at as "observedAt", valid_until as "validUntil", recorded_at as "recordedAt",
                c.confirmed_at as "confirmedAt", c.person_id as "confirmedByPersonId"
           from control_record r left join control_confirmation c on c.record_id = r.id
          where clause_id = $1 and ($2::timestamptz is null or (observed_at, id) < ($2, $3::uuid))
          order by observed_at desc, id desc limit $4`,
        [id, at, afterId, limit + 1],
      )
      return page(rows, limit, (row) => [row.observedAt.toISOString(), row.id])
    },
  )
}

function viewOf({ clause, verdict }: ControlNow, language: Language) {
  const { reason, ...rest } = verdict
  const { state: claim, missing } = claimOf(clause.id)
  return {
    clauseId: clause.id,
    regulation: clause.regulation,
    title: language === 'zh-CN' ? clause.original : clause.summary,
    mode: clause.mode,
    service: clause.service,
    claim,
    missing: missing?.[language] ?? null,
    ...rest,
    reason: reasonText(reason, language),
    reasonCode: reason.code,
  }
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
  if (place < 0)
    throw new Problem(
      'cursor-unusable',
      said('The cursor was not made by this list.', '该游标不属于此列表。'),
    )
  return place
}
