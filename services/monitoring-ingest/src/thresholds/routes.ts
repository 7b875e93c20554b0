import { Code, InstantOut, Line, nullable, Paragraph, Uuid } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { assertReaches, principalOf } from '@erp-steward/service-kit/authentication'
import { change, createOnce, etag } from '@erp-steward/service-kit/commit'
import { decodeIdCursor, page, pageOf, PageQuery } from '@erp-steward/service-kit/paging'
import type { Dependencies } from '@erp-steward/service-kit/service'
import { Type } from 'typebox'
import { MoreThan } from 'typeorm'
import type { MonitoringConfig } from '../config.ts'
import { LABEL_NAME } from '../metrics/rules/matchers.ts'
import { changeThreshold, createThreshold, withdrawThreshold } from './set-threshold.ts'
import { categories, thresholdById, ThresholdEntity, ThresholdVersionEntity } from './threshold.ts'

const MatcherBody = Type.Object(
  {
    label: Type.String({ pattern: LABEL_NAME, maxLength: 200 }),
    op: Type.Enum(['=', '!=']),
    value: Type.String({ maxLength: 1_024, pattern: '^[^\\u0000]*$' }),
  },
  { additionalProperties: false },
)

const definition = {
  name: Line(100),
  moduleCode: nullable(Code),
  category: Type.Enum([...categories]),
  metric: Type.String({ pattern: '^[a-zA-Z_:][a-zA-Z0-9_:]*$', maxLength: 200 }),
  matchers: Type.Array(MatcherBody, { maxItems: 20, default: [] }),
  comparison: Type.Enum(['above', 'below'], {
    description: 'From the limit up or from the limit down is a breach; the limit itself is one.',
  }),
  transform: Type.Enum(['value', 'rate-per-second'], { default: 'value' }),
  warning: nullable(Type.Number()),
  critical: nullable(Type.Number()),
  recoverLevel: nullable(
    Type.Number({ description: 'Past this value the alert has recovered; null: past the limit.' }),
  ),
}

const body = {
  ...definition,
  forSeconds: nullable(
    Type.Integer({
      minimum: 0,
      maximum: 86_400,
      description: 'How long a breach must last in sample time; null: parameter monitoring.for.',
    }),
  ),
  reason: Paragraph(500),
}

const ThresholdView = Type.Object({
  ...definition,
  id: Uuid,
  unitId: Uuid,
  forSeconds: Type.Integer(),
  forVersion: nullable(Type.Integer()),
  active: Type.Boolean(),
  version: Type.Integer(),
  author: Type.String(),
  reason: Type.String(),
  setAt: InstantOut,
})

const ById = Type.Object({ id: Uuid })
const clauses = ['A-3.2.2']
const tags = ['thresholds']

export function thresholdRoutes(app: App, deps: Dependencies<MonitoringConfig>): void {
  const { db } = deps

  app.post(
    '/v1/thresholds',
    {
      config: { access: 'threshold.manage', clauses },
      schema: {
        operationId: 'createThreshold',
        summary: 'Sets a threshold for the series of a unit.',
        tags,
        body: Type.Object({ ...body, unitId: Uuid }, { additionalProperties: false }),
        response: { 201: ThresholdView },
      },
    },
    (request, reply) => {
      assertReaches(request, request.body.unitId)
      return createOnce(deps, request, reply, async (tx, act) => {
        const created = await createThreshold(tx, request.body, act)
        return { body: created, version: 1, location: `/v1/thresholds/${created.id}` }
      })
    },
  )

  app.get(
    '/v1/thresholds',
    {
      config: { access: 'threshold.read', clauses },
      schema: {
        operationId: 'listThresholds',
        summary: 'The thresholds of the units the caller may see.',
        tags,
        querystring: Type.Object({
          ...PageQuery,
          unitId: Type.Optional(Uuid),
          withdrawn: Type.Boolean({ default: false, description: 'Also those out of force.' }),
        }),
        response: { 200: pageOf(ThresholdView) },
      },
    },
    async (request) => {
      const { limit, cursor, unitId, withdrawn } = request.query
      const { range, unitId: own } = principalOf(request)
      if (unitId !== undefined) assertReaches(request, unitId)
      const only = unitId ?? (range === 'company' ? null : (own ?? NO_UNIT))
      const after = decodeIdCursor(cursor)
      const rows = await db.manager.find(ThresholdEntity, {
        where: {
          ...(only !== null && { unitId: only }),
          ...(!withdrawn && { active: true }),
          ...(after !== null && { id: MoreThan(after) }),
        },
        order: { id: 'asc' },
        take: limit + 1,
      })
      return page(rows, limit, ({ id }) => [id])
    },
  )

  app.get(
    '/v1/thresholds/:id',
    {
      config: { access: 'threshold.read', clauses },
      schema: {
        operationId: 'readThreshold',
        summary: 'One threshold as it stands.',
        tags,
        params: ById,
        response: { 200: ThresholdView },
      },
    },
    async (request, reply) => {
      const threshold = await thresholdById(db.manager, request.params.id)
      assertReaches(request, threshold.unitId)
      void reply.header('etag', etag(threshold.version))
      return threshold
    },
  )

  app.get(
    '/v1/thresholds/:id/versions',
    {
      config: { access: 'threshold.read', clauses },
      schema: {
        operationId: 'listThresholdVersions',
        summary: 'Every version with author and reason, the newest first; at most 200.',
        tags,
        params: ById,
        response: { 200: Type.Object({ items: Type.Array(ThresholdView) }) },
      },
    },
    async (request) => {
      const { id } = request.params
      assertReaches(request, (await thresholdById(db.manager, id)).unitId)
      const order = { version: 'desc' } as const
      return {
        items: await db.manager.find(ThresholdVersionEntity, { where: { id }, order, take: 200 }),
      }
    },
  )

  app.put(
    '/v1/thresholds/:id',
    {
      config: { access: 'threshold.manage', clauses },
      schema: {
        operationId: 'changeThreshold',
        summary: 'Replaces the definition; open alerts of the version before end.',
        tags,
        params: ById,
        body: Type.Object(body, { additionalProperties: false }),
        response: { 200: ThresholdView },
      },
    },
    (request, reply) =>
      change(deps, request, reply, async (tx, act, expected) => {
        const { id } = request.params
        assertReaches(request, (await thresholdById(tx, id)).unitId)
        return changeThreshold(tx, id, request.body, expected, act)
      }),
  )

  app.post(
    '/v1/thresholds/:id/withdraw',
    {
      config: { access: 'threshold.manage', clauses },
      schema: {
        operationId: 'withdrawThreshold',
        summary: 'Takes the threshold out of force; its open alerts end with that reason.',
        tags,
        params: ById,
        body: Type.Object({ reason: Paragraph(500) }, { additionalProperties: false }),
        response: { 200: ThresholdView },
      },
    },
    (request, reply) =>
      change(deps, request, reply, async (tx, act, expected) => {
        const { id } = request.params
        assertReaches(request, (await thresholdById(tx, id)).unitId)
        return withdrawThreshold(tx, id, request.body.reason, expected, act)
      }),
  )
}

/** Matches no row: a caller bound to a unit that is not named sees nothing. */
const NO_UNIT = '00000000-0000-0000-0000-000000000000'
