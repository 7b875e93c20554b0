import {
  about,
  closed,
  InstantOut,
  nullable,
  OfUnit,
  Paragraph,
  Uuid,
} from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { assertReaches, principalOf } from '@erp-steward/service-kit/authentication'
import { byId, listOf } from '@erp-steward/service-kit/paging'
import { ProposalView } from '@erp-steward/service-kit/proposal'
import { proposed } from '@erp-steward/service-kit/proposal-routes'
import { propose } from '@erp-steward/service-kit/proposals'
import {
  changeRoute,
  createRoute,
  listRoute,
  readRoute,
} from '@erp-steward/service-kit/route-shapes'
import type { Dependencies } from '@erp-steward/service-kit/service'
import { Type } from 'typebox'
import { In, MoreThan, type EntityManager } from 'typeorm'
import type { MonitoringConfig } from '../config.ts'
import { endThreshold, loosenThreshold } from './loosen-threshold.ts'
import { holdIngest } from './revision.ts'
import { loosens } from './rules/loosens.ts'
import { changedThreshold, changeThreshold, createThreshold, lockActive } from './set-threshold.ts'
import {
  definition,
  thresholdById,
  ThresholdEntity,
  ThresholdVersionEntity,
  ThresholdVersionView,
  type Threshold,
} from './threshold.ts'
import { UnfedReason, UnfedThresholdEntity } from './unfed-threshold.ts'

const body = {
  ...definition,
  forSeconds: nullable(
    Type.Integer({ minimum: 0, maximum: 86_400 }),
    'How long a breach must last in sample time; null: parameter monitoring.for.',
  ),
  reason: about(Paragraph(500), 'Why it is set so; it stays with the version. Source: A-3.2.2.'),
}

const ThresholdView = Type.Object(
  {
    ...ThresholdVersionView.properties,
    neverApplies: nullable(
      UnfedReason,
      'Why it judges nothing now, though it is in force; null: it judges.',
    ),
    unfedSince: nullable(InstantOut, 'Since when; null: it judges.'),
  },
  { title: 'Threshold' },
)

const said = { tags: ['thresholds'], clauses: ['A-3.2.2'] }
const read = { ...said, access: 'threshold.read' } as const
const manage = { ...said, access: 'threshold.manage' } as const

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

  createRoute(app, deps, '/v1/thresholds', {
    ...manage,
    operationId: 'createThreshold',
    problems: [
      'module-unknown',
      'outside-unit',
      'threshold-exists',
      'threshold-refused',
      'unit-unknown',
    ],
    summary: 'Sets a threshold for the series of a unit.',
    body: closed({ ...body, unitId: about(Uuid, 'The unit whose series it judges.') }),
    answer: ThresholdView,
    admit: ({ request, body: { unitId } }) => {
      assertReaches(request, unitId)
    },
    create: async (tx, { body: sent, act }) => viewOf(tx, await createThreshold(tx, sent, act)),
  })

  listRoute(app, '/v1/thresholds', {
    ...read,
    operationId: 'listThresholds',
    problems: ['outside-unit'],
    summary: 'The thresholds of the units the caller may see.',
    query: {
      unitId: Type.Optional(OfUnit),
      withdrawn: Type.Boolean({ default: false, description: 'Also those out of force.' }),
    },
    row: ThresholdView,
    sorting: byId,
    list: async ({ query: { unitId, withdrawn }, request, after, limit }) => {
      const { range, unitId: own } = principalOf(request)
      if (unitId !== undefined) assertReaches(request, unitId)
      const only = unitId ?? (range === 'company' ? null : (own ?? NO_UNIT))
      const rows = await db.manager.find(ThresholdEntity, {
        where: {
          ...(only !== null && { unitId: only }),
          ...(!withdrawn && { active: true }),
          ...(after !== null && { id: MoreThan(after) }),
        },
        order: { id: 'asc' },
        take: limit,
      })
      return withFeed(db.manager, rows)
    },
  })

  readRoute(app, '/v1/thresholds/:id', {
    ...read,
    operationId: 'readThreshold',
    problems: ['outside-unit', 'threshold-not-found'],
    summary: 'One threshold as it stands.',
    answer: ThresholdView,
    read: async ({ params, request }) => {
      const threshold = await thresholdById(db.manager, params.id)
      assertReaches(request, threshold.unitId)
      return viewOf(db.manager, threshold)
    },
  })

  readRoute(app, '/v1/thresholds/:id/versions', {
    ...read,
    operationId: 'listThresholdVersions',
    problems: ['outside-unit', 'threshold-not-found'],
    summary: 'Every version with author and reason, the newest first; at most 200.',
    answer: listOf(ThresholdVersionView),
    read: async ({ params: { id }, request }) => {
      assertReaches(request, (await thresholdById(db.manager, id)).unitId)
      const order = { version: 'desc' } as const
      return {
        items: await db.manager.find(ThresholdVersionEntity, { where: { id }, order, take: 200 }),
      }
    },
  })

  changeRoute(app, deps, 'PUT', '/v1/thresholds/:id', {
    ...manage,
    operationId: 'changeThreshold',
    problems: [
      'administrator-unnamed',
      'module-unknown',
      'outside-unit',
      'proposal-pending',
      'threshold-exists',
      'threshold-not-found',
      'threshold-refused',
      'threshold-withdrawn',
    ],
    summary:
      'Replaces the definition; open alerts go on. What lets something pass that alarmed before answers 202 and waits for a second person, and then open alerts end.',
    body: closed(body),
    answer: ThresholdView,
    also: { 202: ProposalView },
    apply: async (tx, { params: { id }, body: sent, request, reply, expected, act }) => {
      assertReaches(request, (await thresholdById(tx, id)).unitId)
      const { before, after } = await changedThreshold(tx, id, sent, expected, act)
      if (!loosens(before, after))
        return viewOf(tx, await changeThreshold(tx, id, sent, expected, act))
      const { reason } = sent
      const command = { ...sent, thresholdId: id, forSeconds: after.forSeconds }
      return proposed(
        request,
        reply,
        'monitoring-ingest',
        loosenThreshold,
        await propose(tx, 'monitoring-ingest', loosenThreshold, { body: command, reason }, act),
      )
    },
  })

  changeRoute(app, deps, 'POST', '/v1/thresholds/:id/withdraw', {
    ...manage,
    operationId: 'withdrawThreshold',
    problems: [
      'administrator-unnamed',
      'outside-unit',
      'proposal-pending',
      'threshold-exists',
      'threshold-not-found',
      'threshold-withdrawn',
    ],
    summary:
      'Proposes to take the threshold out of force; once a second person approved, its open alerts end with that reason.',
    body: closed({ reason: about(Paragraph(500), 'Why it goes; the second person reads it.') }),
    also: { 202: ProposalView },
    apply: async (tx, { params: { id }, body: { reason }, request, reply, expected, act }) => {
      assertReaches(request, (await thresholdById(tx, id)).unitId)
      await holdIngest(tx)
      await lockActive(tx, id, expected)
      const command = { body: { thresholdId: id, reason }, reason }
      const made = await propose(tx, 'monitoring-ingest', endThreshold, command, act)
      return proposed(request, reply, 'monitoring-ingest', endThreshold, made)
    },
  })
}

/** Matches no row: a caller bound to a unit that is not named sees nothing. */
const NO_UNIT = '00000000-0000-0000-0000-000000000000'
