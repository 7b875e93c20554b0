import { InstantOut, nullable, Paragraph, Uuid } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { assertReaches, principalOf } from '@erp-steward/service-kit/authentication'
import { change, createOnce, etag } from '@erp-steward/service-kit/commit'
import { ProposalView } from '@erp-steward/service-kit/proposal'
import { proposed } from '@erp-steward/service-kit/proposal-routes'
import { propose } from '@erp-steward/service-kit/proposals'
import { decodeIdCursor, page, pageOf, PageQuery } from '@erp-steward/service-kit/paging'
import type { Dependencies } from '@erp-steward/service-kit/service'
import { Type } from 'typebox'
import { In, MoreThan, type EntityManager } from 'typeorm'
import type { MonitoringConfig } from '../config.ts'
import { endThreshold, loosenThreshold } from './loosen-threshold.ts'
import { holdIngest } from './revision.ts'
import { loosens } from './rules/loosens.ts'
import { changedThreshold, changeThreshold, createThreshold, lockActive } from './set-threshold.ts'
import { definition } from './threshold-schema.ts'
import {
  thresholdById,
  ThresholdEntity,
  ThresholdVersionEntity,
  type Threshold,
} from './threshold.ts'
import { UnfedThresholdEntity } from './unfed-threshold.ts'

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

const ThresholdVersionView = Type.Object({
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

const ThresholdView = Type.Object({
  ...ThresholdVersionView.properties,
  neverApplies: nullable(
    Type.Enum(['no-source', 'no-source-of-module', 'metric-unknown', 'no-samples'], {
      description: 'Why it judges nothing now, though it is in force; null: it judges.',
    }),
  ),
  unfedSince: nullable(InstantOut),
})

const ById = Type.Object({ id: Uuid })
const clauses = ['A-3.2.2']
const tags = ['thresholds']

/** Thresholds, each with whether it judges anything. */
async function withFeed(tx: EntityManager, thresholds: readonly Threshold[]) {
  const unfed = await tx.findBy(UnfedThresholdEntity, {
    thresholdId: In(thresholds.map(({ id }) => id)),
  })
  const byId = new Map(unfed.map((row) => [row.thresholdId, row]))
  return thresholds.map((threshold) => {
    const { reason = null, unfedSince = null } = byId.get(threshold.id) ?? {}
    return { ...threshold, neverApplies: reason, unfedSince }
  })
}

/** One of them. */
async function viewOf(tx: EntityManager, threshold: Threshold) {
  const [view] = await withFeed(tx, [threshold])
  if (view === undefined) throw new Error('a threshold without its view')
  return view
}

export function thresholdRoutes(app: App, deps: Dependencies<MonitoringConfig>): void {
  const { db } = deps

  app.post(
    '/v1/thresholds',
    {
      config: { access: 'threshold.manage', once: true, clauses },
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
        const created = await viewOf(tx, await createThreshold(tx, request.body, act))
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
      return page(await withFeed(db.manager, rows), limit, ({ id }) => [id])
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
      return viewOf(db.manager, threshold)
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
        response: { 200: Type.Object({ items: Type.Array(ThresholdVersionView) }) },
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
      config: { access: 'threshold.manage', versioned: true, clauses },
      schema: {
        operationId: 'changeThreshold',
        summary:
          'Replaces the definition; open alerts go on. What lets something pass that alarmed before answers 202 and waits for a second person, and then open alerts end.',
        tags,
        params: ById,
        body: Type.Object(body, { additionalProperties: false }),
        response: { 200: ThresholdView, 202: ProposalView },
      },
    },
    (request, reply) =>
      change(deps, request, reply, async (tx, act, expected) => {
        const { id } = request.params
        assertReaches(request, (await thresholdById(tx, id)).unitId)
        const { before, after } = await changedThreshold(tx, id, request.body, expected, act)
        if (!loosens(before, after))
          return viewOf(tx, await changeThreshold(tx, id, request.body, expected, act))
        const { reason } = request.body
        const command = { ...request.body, thresholdId: id, forSeconds: after.forSeconds }
        return proposed(
          request,
          reply,
          'monitoring-ingest',
          loosenThreshold,
          await propose(tx, 'monitoring-ingest', loosenThreshold, { body: command, reason }, act),
        )
      }),
  )

  app.post(
    '/v1/thresholds/:id/withdraw',
    {
      config: { access: 'threshold.manage', versioned: true, clauses },
      schema: {
        operationId: 'withdrawThreshold',
        summary:
          'Proposes to take the threshold out of force; once a second person approved, its open alerts end with that reason.',
        tags,
        params: ById,
        body: Type.Object({ reason: Paragraph(500) }, { additionalProperties: false }),
        response: { 202: ProposalView },
      },
    },
    (request, reply) =>
      change(deps, request, reply, async (tx, act, expected) => {
        const { id } = request.params
        assertReaches(request, (await thresholdById(tx, id)).unitId)
        await holdIngest(tx)
        await lockActive(tx, id, expected)
        const { reason } = request.body
        return proposed(
          request,
          reply,
          'monitoring-ingest',
          endThreshold,
          await propose(
            tx,
            'monitoring-ingest',
            endThreshold,
            { body: { thresholdId: id, reason }, reason },
            act,
          ),
        )
      }),
  )
}

/** Matches no row: a caller bound to a unit that is not named sees nothing. */
const NO_UNIT = '00000000-0000-0000-0000-000000000000'
