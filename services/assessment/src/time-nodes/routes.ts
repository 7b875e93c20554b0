import { Month } from '@erp-steward/contracts/assessment-events'
import { Problem } from '@erp-steward/contracts/problem'
import { Instant, InstantOut, nullable, Uuid } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import {
  actOf,
  assertReaches,
  principalOf,
  unitInRange,
} from '@erp-steward/service-kit/authentication'
import { createOnce, etag } from '@erp-steward/service-kit/commit'
import { decodeInstantCursor, page, pageOf, PageQuery } from '@erp-steward/service-kit/paging'
import { ProposalView } from '@erp-steward/service-kit/proposal'
import { proposalCreated } from '@erp-steward/service-kit/proposal-routes'
import { propose } from '@erp-steward/service-kit/proposals'
import type { Dependencies } from '@erp-steward/service-kit/service'
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { AssessmentConfig } from '../config.ts'
import { completeTimeNode } from './complete-time-node.ts'
import { interestOf } from '../facts/interest.ts'
import { assertPlannable, planTimeNode } from './plan-time-node.ts'
import { NodePlan, planningNode } from './propose-node.ts'
import { refuseClaim } from './refuse-claim.ts'
import { nodeStates, TimeNodeEntity, type TimeNode } from './time-node.ts'

const Id = Type.Object({ id: Uuid })

const NodeState = Type.Enum([...nodeStates])

const TimeNodeView = Type.Object({
  id: Uuid,
  code: Type.String(),
  title: Type.String(),
  unitId: Uuid,
  departmentId: nullable(Uuid),
  personId: nullable(Uuid),
  month: Type.String(),
  dueAt: InstantOut,
  isUrgent: Type.Boolean(),
  state: NodeState,
  plannedAt: InstantOut,
  completedAt: nullable(InstantOut),
  missedAt: nullable(InstantOut),
  version: Type.Integer(),
})

/** A user of the ERP without another role. */
function isUser(request: FastifyRequest): boolean {
  return principalOf(request).roles.every((role) => role === 'END_USER')
}

export function timeNodeRoutes(app: App, deps: Dependencies<AssessmentConfig>): void {
  const { db, clock } = deps

  /** @throws Problem `time-node-not-found` also for a node out of the caller's range */
  function assertInRange(request: FastifyRequest, { id, unitId }: TimeNode): void {
    const { range, unitId: own } = principalOf(request)
    if (range !== 'company' && unitId !== own)
      throw new Problem('time-node-not-found', `There is no time node ${id} in your range.`)
  }

  /** A user of the ERP without another role completes the own steps and those of the department or unit. */
  function assertMayComplete(request: FastifyRequest, node: TimeNode): void {
    assertInRange(request, node)
    const { personId } = principalOf(request)
    if (isUser(request) && node.personId !== null && node.personId !== personId)
      throw new Problem('not-concerned', 'The step is one of another person.')
  }

  app.post(
    '/v1/time-nodes',
    {
      config: { access: 'time-node.plan', once: true, clauses: ['A-2.3.7'] },
      schema: {
        operationId: 'planTimeNode',
        summary:
          'Sets the time by which a unit, a department or a person finishes a step; of the own unit it is a proposal.',
        tags: ['time nodes'],
        body: Type.Object(NodePlan, { additionalProperties: false }),
        response: { 201: TimeNodeView, 202: ProposalView },
      },
    },
    (request, reply) => {
      assertReaches(request, request.body.unitId)
      return createOnce<TimeNode | ProposalView>(deps, request, reply, async (tx, act) => {
        const { unitId, personId } = request.body
        const dueAt = new Date(request.body.dueAt)
        await assertPlannable(tx, { ...request.body, dueAt }, act)
        const hasInterest = await interestOf(tx, act, [personId])
        if (hasInterest({ unitIds: [unitId], personIds: [personId] })) {
          const asked = { body: request.body, reason: request.body.title }
          const proposal = await propose(tx, 'assessment', planningNode, asked, act)
          return proposalCreated(request, 'assessment', planningNode, proposal)
        }
        const node = await planTimeNode(tx, { ...request.body, dueAt }, act)
        return { body: node, location: `/v1/time-nodes/${node.id}`, version: node.version }
      })
    },
  )

  app.get(
    '/v1/time-nodes',
    {
      config: { access: 'time-node.read', clauses: ['A-2.3.7'] },
      schema: {
        operationId: 'listTimeNodes',
        summary:
          'Time nodes in your range, the last to fall due first; a user of the ERP sees none of a colleague.',
        tags: ['time nodes'],
        querystring: Type.Object({
          ...PageQuery,
          unitId: Type.Optional(Uuid),
          state: Type.Optional(NodeState),
          month: Type.Optional(Month),
        }),
        response: { 200: pageOf(TimeNodeView) },
      },
    },
    async (request) => {
      const { limit, cursor, unitId, state, month } = request.query
      const [afterAt, afterId] = decodeInstantCursor(cursor)
      const only = unitInRange(request)
      const query = db.manager
        .createQueryBuilder(TimeNodeEntity, 'node')
        .orderBy('node.dueAt', 'DESC')
        .addOrderBy('node.id', 'DESC')
        .limit(limit + 1)
      if (unitId !== undefined) query.andWhere('node.unitId = :unitId', { unitId })
      if (only !== null) query.andWhere('node.unitId = :only', { only })
      // What a colleague missed is no news for a user.
      if (isUser(request))
        query.andWhere('(node.personId is null or node.personId = :personId)', {
          personId: principalOf(request).personId,
        })
      if (state !== undefined) query.andWhere('node.state = :state', { state })
      if (month !== undefined) query.andWhere('node.month = :month', { month })
      if (afterAt !== null)
        query.andWhere('(node.dueAt, node.id) < (:afterAt::timestamptz, :afterId::uuid)', {
          afterAt,
          afterId,
        })
      return page(await query.getMany(), limit, ({ dueAt, id }) => [dueAt.toISOString(), id])
    },
  )

  app.get(
    '/v1/time-nodes/:id',
    {
      config: { access: 'time-node.read' },
      schema: {
        operationId: 'readTimeNode',
        summary: 'One time node.',
        tags: ['time nodes'],
        params: Id,
        response: { 200: TimeNodeView },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const node = await db.manager.findOneBy(TimeNodeEntity, { id })
      if (node === null)
        throw new Problem('time-node-not-found', `There is no time node ${id} in your range.`)
      assertInRange(request, node)
      if (
        isUser(request) &&
        node.personId !== null &&
        node.personId !== principalOf(request).personId
      )
        throw new Problem('time-node-not-found', `There is no time node ${id} in your range.`)
      void reply.header('etag', etag(node.version))
      return node
    },
  )

  app.post(
    '/v1/time-nodes/:id/complete',
    {
      config: { access: 'time-node.complete', clauses: ['A-2.3.7', 'A-6.1.2'] },
      schema: {
        operationId: 'completeTimeNode',
        summary:
          'Takes down when the step was finished, in time or late; the word of the unit concerned is a claim.',
        tags: ['time nodes'],
        params: Id,
        body: Type.Object({ completedAt: Instant }, { additionalProperties: false }),
        response: { 200: TimeNodeView },
      },
    },
    async (request, reply) => {
      const command = {
        id: request.params.id,
        completedAt: new Date(request.body.completedAt),
        reaches: (node: TimeNode) => {
          assertMayComplete(request, node)
        },
      }
      const node = await db.transaction((tx) =>
        completeTimeNode(tx, command, actOf(request, clock())),
      )
      void reply.header('etag', etag(node.version))
      return node
    },
  )

  app.post(
    '/v1/time-nodes/:id/refuse-claim',
    {
      config: { access: 'time-node.plan', clauses: ['A-2.3.7', 'A-6.1.2'], approves: true },
      schema: {
        operationId: 'refuseTimeNodeClaim',
        summary: 'Says, as somebody of another unit, that a step claimed to be finished was not.',
        tags: ['time nodes'],
        params: Id,
        response: { 200: TimeNodeView },
      },
    },
    async (request, reply) => {
      const reaches = (node: TimeNode) => {
        assertInRange(request, node)
      }
      const node = await db.transaction((tx) =>
        refuseClaim(tx, request.params.id, reaches, actOf(request, clock())),
      )
      void reply.header('etag', etag(node.version))
      return node
    },
  )
}
