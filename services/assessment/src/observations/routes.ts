import { Month, ObservationKind, Severity } from '@erp-steward/contracts/assessment-events'
import {
  about,
  closed,
  Code,
  Instant,
  Line,
  nullable,
  OfUnit,
  Paragraph,
  Uuid,
} from '@erp-steward/contracts/values'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import type { App } from '@erp-steward/service-kit/app'
import { actOf, principalOf, unitInRange } from '@erp-steward/service-kit/authentication'
import { languageOf } from '@erp-steward/service-kit/language'
import { byInstant } from '@erp-steward/service-kit/paging'
import { listRoute, PathId, readRoute } from '@erp-steward/service-kit/route-shapes'
import type { Dependencies } from '@erp-steward/service-kit/service'
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { AppealEntity, AppealView } from '../appeals/appeal.ts'
import type { AssessmentConfig } from '../config.ts'
import { correctError } from './correct-error.ts'
import { listObservations } from './list-observations.ts'
import {
  ObservationEntity,
  observationView,
  ObservationView,
  Standing,
  type Observation,
} from './observation.ts'
import { recordObservations } from './record-observations.ts'

const Id = Type.Object({ id: PathId })

const Report = Type.Object(
  {
    id: about(Uuid, 'Chosen by the caller, so that one sent twice counts once.'),
    kind: ObservationKind,
    severity: Type.Optional(
      nullable(
        Type.Enum(Severity.enum),
        'Required for a data error; a heavy delay is one of an urgent matter.',
      ),
    ),
    points: Type.Optional(
      nullable(
        Type.Integer({ minimum: 0, maximum: 100 }),
        'What an improvement is worth; null for every other kind.',
      ),
    ),
    personId: nullable(Uuid, 'Whom it is held for or against; null: the department.'),
    departmentId: nullable(Uuid, 'The department that it is held against; null: the person alone.'),
    moduleCode: nullable(Code, 'The module that it was seen in; null: none.'),
    reference: about(Line(200), 'The document or case that it was seen at.'),
    description: about(Paragraph(2_000), 'What was seen.'),
    occurredAt: about(Instant, 'When it happened.'),
    foundAt: about(Instant, 'When it was found; from then the time to correct it runs.'),
  },
  { title: 'ObservationReport', additionalProperties: false },
)

const ObservationDetail = Type.Object(
  {
    ...ObservationView.properties,
    derived: Type.Array(ObservationView, { description: 'What follows from it.' }),
    appeals: Type.Array(AppealView, { description: 'The objection to it, if there was one.' }),
  },
  { title: 'ObservationDetail' },
)

const tags = ['observations']
const read = { access: 'observation.read', tags } as const

export function observationRoutes(app: App, deps: Dependencies<AssessmentConfig>): void {
  const { db, clock } = deps

  /** @throws Problem `observation-not-found` also out of the caller's range: its existence is no news either */
  function assertInRange(request: FastifyRequest, { id, unitId }: Observation): void {
    const { range, unitId: own } = principalOf(request)
    if (range !== 'company' && unitId !== own)
      throw new Problem(
        'observation-not-found',
        said(`There is no observation ${id} in your range.`, `您的范围内没有考核事项 ${id}。`),
      )
  }

  app.post(
    '/v1/observations',
    {
      bodyLimit: 8 * 1_024 * 1_024,
      config: {
        access: 'observation.record',
        clauses: ['A-2.3.1', 'A-2.3.3', 'A-6.1.1', 'A-6.1.3', 'A-6.1.4'],
      },
      schema: {
        operationId: 'recordObservations',
        problems: ['observations-refused', 'outside-unit'],
        summary: 'Records what was observed of people and departments: all of the list or nothing.',
        tags,
        body: closed({
          observations: Type.Array(Report, {
            minItems: 1,
            maxItems: 1_000,
            description: 'All of them are recorded, or none.',
          }),
        }),
        response: {
          201: Type.Object(
            {
              recorded: Type.Integer({ description: 'Recorded now.' }),
              repeated: Type.Integer({ description: 'Known before with the same content.' }),
            },
            { title: 'RecordedObservations' },
          ),
        },
      },
    },
    async (request, reply) => {
      const range = unitInRange(request)
      const reports = request.body.observations.map(
        ({ severity = null, points = null, ...report }) => ({
          ...report,
          severity,
          points,
          occurredAt: new Date(report.occurredAt),
          foundAt: new Date(report.foundAt),
        }),
      )
      const result = await db.transaction((tx) =>
        recordObservations(tx, reports, range, actOf(request, clock())),
      )
      void reply.code(201)
      return result
    },
  )

  listRoute(app, '/v1/observations', {
    ...read,
    operationId: 'listObservations',
    problems: ['outside-unit'],
    summary: 'Observations in your range, the last recorded first.',
    clauses: ['B-6.3', 'B-7.1'],
    query: {
      personId: Type.Optional(about(Uuid, 'Only those about this person.')),
      unitId: Type.Optional(OfUnit),
      month: Type.Optional(Month),
      kind: Type.Optional(ObservationKind),
      standing: Type.Optional(Standing),
    },
    row: ObservationView,
    sorting: byInstant('recordedAt'),
    list: async ({ query, request, after: [afterAt, afterId], limit }) => {
      const rows = await listObservations(db.manager, {
        personId: query.personId ?? null,
        unitId: query.unitId ?? null,
        month: query.month ?? null,
        kind: query.kind ?? null,
        standing: query.standing ?? null,
        onlyUnitId: unitInRange(request),
        afterAt,
        afterId,
        limit,
      })
      return rows.map((row) => observationView(row, languageOf(request)))
    },
  })

  readRoute(app, '/v1/observations/:id', {
    ...read,
    operationId: 'readObservation',
    problems: ['observation-not-found'],
    summary:
      'One observation with the event that stated it, its correction, what follows from it, and its appeals.',
    answer: ObservationDetail,
    read: async ({ request, params: { id } }) => {
      const observation = await db.manager.findOneBy(ObservationEntity, { id })
      if (observation === null)
        throw new Problem(
          'observation-not-found',
          said(`There is no observation ${id} in your range.`, `您的范围内没有考核事项 ${id}。`),
        )
      assertInRange(request, observation)
      const derived = await db.manager.findBy(ObservationEntity, { originId: id })
      const appeals = await db.manager.findBy(AppealEntity, { observationId: id })
      const language = languageOf(request)
      return {
        ...observationView(observation, language),
        derived: derived.map((each) => observationView(each, language)),
        appeals,
      }
    },
  })

  app.post(
    '/v1/observations/:id/correct',
    {
      config: { access: 'observation.record', clauses: ['A-2.3.5'] },
      schema: {
        operationId: 'correctDataError',
        problems: ['observation-not-found', 'observation-state', 'same-person'],
        summary: 'Takes down when a data error was corrected, in time or late.',
        tags,
        params: Id,
        body: closed({
          correctedAt: about(
            Instant,
            'When it was corrected: not before it was found, nor in the future.',
          ),
        }),
        response: { 200: ObservationView },
      },
    },
    async (request) => {
      const act = actOf(request, clock())
      const correctedAt = new Date(request.body.correctedAt)
      const reaches = (error: Observation) => {
        assertInRange(request, error)
      }
      const observation = await db.transaction((tx) =>
        correctError(tx, { id: request.params.id, correctedAt, reaches }, act),
      )
      return observationView(observation, languageOf(request))
    },
  )
}
