import { Month } from '@erp-steward/contracts/assessment-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { about, closed, Instant, OfUnit } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import {
  actOf,
  assertReaches,
  principalOf,
  unitInRange,
} from '@erp-steward/service-kit/authentication'
import { createOnce } from '@erp-steward/service-kit/commit'
import { byInstant } from '@erp-steward/service-kit/paging'
import { ProposalView } from '@erp-steward/service-kit/proposal'
import { proposalCreated } from '@erp-steward/service-kit/proposal-routes'
import { propose } from '@erp-steward/service-kit/proposals'
import { listRoute, PathId, readRoute } from '@erp-steward/service-kit/route-shapes'
import type { Dependencies } from '@erp-steward/service-kit/service'
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { AssessmentConfig } from '../config.ts'
import { completeTimeNode } from './complete-time-node.ts'
import { interestOf } from '../facts/interest.ts'
import { listTimeNodes } from './list-time-nodes.ts'
import { assertPlannable, planTimeNode } from './plan-time-node.ts'
import { NodePlan, planningNode } from './propose-node.ts'
import { refuseClaim } from './refuse-claim.ts'
import { NodeState, TimeNodeEntity, TimeNodeView, type TimeNode } from './time-node.ts'

const tags = ['time nodes']
const read = { access: 'time-node.read', tags } as const
const Id = Type.Object({ id: PathId })

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
      throw new Problem(
        'time-node-not-found',
        said(`There is no time node ${id} in your range.`, `您的范围内没有时间节点 ${id}。`),
      )
  }

  /** A user of the ERP without another role completes the own steps and those of the department or unit. */
  function assertMayComplete(request: FastifyRequest, node: TimeNode): void {
    assertInRange(request, node)
    const { personId } = principalOf(request)
    if (isUser(request) && node.personId !== null && node.personId !== personId)
      throw new Problem(
        'not-concerned',
        said('The step is one of another person.', '此步骤须由另一人办理。'),
      )
  }

  app.post(
    '/v1/time-nodes',
    {
      config: { access: 'time-node.plan', once: true, clauses: ['A-2.3.7'] },
      schema: {
        operationId: 'planTimeNode',
        problems: [
          'administrator-unnamed',
          'department-unknown',
          'outside-unit',
          'person-unknown',
          'proposal-pending',
          'time-node-refused',
          'unit-unknown',
        ],
        summary:
          'Sets the time by which a unit, a department or a person finishes a step; of the own unit it is a proposal.',
        tags,
        body: closed(NodePlan),
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

  listRoute(app, '/v1/time-nodes', {
    ...read,
    operationId: 'listTimeNodes',
    problems: ['outside-unit'],
    summary:
      'Time nodes in your range, the last to fall due first; a user of the ERP sees none of a colleague.',
    clauses: ['A-2.3.7'],
    query: {
      unitId: Type.Optional(OfUnit),
      state: Type.Optional(NodeState),
      month: Type.Optional(Month),
    },
    row: TimeNodeView,
    sorting: byInstant('dueAt'),
    list: ({ query: { unitId = null, state = null, month = null }, request, after, limit }) =>
      listTimeNodes(db.manager, {
        ...{ unitId, state, month, after, limit },
        onlyUnitId: unitInRange(request),
        // What a colleague missed is no news for a user.
        user: isUser(request) ? principalOf(request) : null,
      }),
  })

  readRoute(app, '/v1/time-nodes/:id', {
    ...read,
    operationId: 'readTimeNode',
    problems: ['time-node-not-found'],
    summary: 'One time node.',
    answer: TimeNodeView,
    read: async ({ request, params: { id } }) => {
      const node = await db.manager.findOneBy(TimeNodeEntity, { id })
      if (node === null)
        throw new Problem(
          'time-node-not-found',
          said(`There is no time node ${id} in your range.`, `您的范围内没有时间节点 ${id}。`),
        )
      assertInRange(request, node)
      if (
        isUser(request) &&
        node.personId !== null &&
        node.personId !== principalOf(request).personId
      )
        throw new Problem(
          'time-node-not-found',
          said(`There is no time node ${id} in your range.`, `您的范围内没有时间节点 ${id}。`),
        )
      return node
    },
  })

  app.post(
    '/v1/time-nodes/:id/complete',
    {
      config: { access: 'time-node.complete', clauses: ['A-2.3.7', 'A-6.1.2'] },
      schema: {
        operationId: 'completeTimeNode',
        problems: ['not-concerned', 'same-person', 'time-node-not-found', 'time-node-state'],
        summary:
          'Takes down when the step was finished, in time or late; the word of the unit concerned is a claim.',
        tags,
        params: Id,
        body: closed({ completedAt: about(Instant, 'When it was finished, never in the future.') }),
        response: { 200: TimeNodeView },
      },
    },
    (request) => {
      const command = {
        id: request.params.id,
        completedAt: new Date(request.body.completedAt),
        reaches: (node: TimeNode) => {
          assertMayComplete(request, node)
        },
      }
      return db.transaction((tx) => completeTimeNode(tx, command, actOf(request, clock())))
    },
  )

  app.post(
    '/v1/time-nodes/:id/refuse-claim',
    {
      config: { access: 'time-node.plan', clauses: ['A-2.3.7', 'A-6.1.2'], approves: true },
      schema: {
        operationId: 'refuseTimeNodeClaim',
        problems: ['person-required', 'same-person', 'time-node-not-found', 'time-node-state'],
        summary: 'Says, as somebody of another unit, that a step claimed to be finished was not.',
        tags,
        params: Id,
        response: { 200: TimeNodeView },
      },
    },
    (request) => {
      const reaches = (node: TimeNode) => {
        assertInRange(request, node)
      }
      return db.transaction((tx) =>
        refuseClaim(tx, request.params.id, reaches, actOf(request, clock())),
      )
    },
  )
}
