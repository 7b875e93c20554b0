import { Executor } from '@erp-steward/contracts/backup-events'
import { Problem } from '@erp-steward/contracts/problem'
import { Instant, InstantOut, Line, nullable, Paragraph, Uuid } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import {
  actOf,
  assertReaches,
  principalOf,
  unitInRange,
} from '@erp-steward/service-kit/authentication'
import { change, createOnce, etag } from '@erp-steward/service-kit/commit'
import { decodeInstantCursor, page, pageOf, PageQuery } from '@erp-steward/service-kit/paging'
import type { Dependencies } from '@erp-steward/service-kit/service'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'
import type { Act } from '@erp-steward/contracts/act'
import type { BackupConfig } from '../config.ts'
import { CopyEntity } from '../copies/copy.ts'
import { approvePlan, refusePlan } from './decide-plan.ts'
import { drawUpPlan, rewritePlan } from './draw-up-plan.ts'
import { executePlan } from './execute-plan.ts'
import { PlanEntity, planStates, type Plan } from './plan.ts'

const PlanState = Type.Enum([...planStates])

const writtenMembers = {
  purpose: Paragraph(2_000),
  kind: Type.Enum(['drill', 'recovery']),
  incidentNumber: nullable(Line(40)),
  steps: Type.Array(Paragraph(2_000), { minItems: 1, maxItems: 100 }),
  checkPoints: Type.Array(Paragraph(2_000), { minItems: 1, maxItems: 100 }),
  fallback: Paragraph(5_000),
  peopleInvolved: Type.Array(Line(200), { minItems: 1, maxItems: 50 }),
  plannedFor: Instant,
}

const PlanView = Type.Object({
  id: Uuid,
  number: Type.String(),
  targetId: Uuid,
  unitId: Uuid,
  runId: Uuid,
  copyId: Uuid,
  ...writtenMembers,
  plannedFor: InstantOut,
  facts: Type.Object({
    targetCode: Type.String(),
    systemCode: Type.String(),
    executor: Executor,
    siteCode: Type.String(),
    objectName: Type.String(),
    digest: Type.String(),
    manifestDigest: Type.String(),
    storedBytes: Type.Number(),
    items: Type.Number(),
    dataAt: Type.String({ description: 'Whatever came after this instant is lost.' }),
    lastVerifiedAt: Type.String(),
    lossSeconds: Type.Integer({ description: 'From the instant of the data to the planned time.' }),
  }),
  planDigest: Type.String(),
  state: PlanState,
  requesterPersonId: Uuid,
  plannedAt: InstantOut,
  approverPersonId: nullable(Uuid),
  approvedDigest: nullable(Type.String()),
  approvalComment: nullable(Type.String()),
  approvedAt: nullable(InstantOut),
  validUntil: nullable(InstantOut),
  refusedByPersonId: nullable(Uuid),
  refusal: nullable(Type.String()),
  refusedAt: nullable(InstantOut),
  executorPersonId: nullable(Uuid),
  startedAt: nullable(InstantOut),
  finishedAt: nullable(InstantOut),
  outcome: nullable(Type.Enum(['identical', 'different', 'failed'])),
  detail: nullable(Type.String()),
  compared: nullable(Type.Number()),
  scratch: nullable(Type.String()),
  withinRto: nullable(Type.Boolean()),
  receiptDigest: nullable(Type.String()),
  version: Type.Integer(),
})

const Id = Type.Object({ id: Uuid })

export function restoreRoutes(app: App, deps: Dependencies<BackupConfig>): void {
  const { db, clock } = deps

  /** @throws Problem `restore-plan-not-found` also for one out of range */
  async function readable(request: FastifyRequest, id: string): Promise<Plan> {
    const { range, unitId } = principalOf(request)
    const plan = await db.manager.findOneBy(PlanEntity, { id })
    if (plan === null || (range !== 'company' && plan.unitId !== unitId))
      throw new Problem('restore-plan-not-found', `There is no restore plan ${id} in your range.`)
    return plan
  }

  /** A step of a plan whose state and digest guard it, so that it needs no If-Match. */
  async function step(
    request: FastifyRequest,
    reply: FastifyReply,
    id: string,
    take: (tx: EntityManager, act: Act) => Promise<Plan>,
  ): Promise<Plan> {
    await readable(request, id)
    const plan = await db.transaction((tx) => take(tx, actOf(request, clock())))
    void reply.header('etag', etag(plan.version))
    return plan
  }

  app.post(
    '/v1/restore-plans',
    {
      config: { access: 'restore.plan', once: true, clauses: ['A-2.4.5', 'A-2.4.6'] },
      schema: {
        operationId: 'drawUpRestorePlan',
        summary: 'Draws up a plan for the restore of a proven copy.',
        tags: ['restore-plans'],
        body: Type.Object({ copyId: Uuid, ...writtenMembers }, { additionalProperties: false }),
        response: { 201: PlanView },
      },
    },
    (request, reply) =>
      createOnce(deps, request, reply, async (tx, act) => {
        const { plannedFor, ...written } = request.body
        const copy = await tx.findOneBy(CopyEntity, { id: written.copyId })
        if (copy !== null) assertReaches(request, copy.unitId)
        const plan = await drawUpPlan(tx, { ...written, plannedFor: new Date(plannedFor) }, act)
        return { body: plan, location: `/v1/restore-plans/${plan.id}`, version: plan.version }
      }),
  )

  app.get(
    '/v1/restore-plans',
    {
      config: { access: 'backup.read', clauses: ['A-2.4.6'] },
      schema: {
        operationId: 'listRestorePlans',
        summary: 'Restore plans in your range, newest first.',
        tags: ['restore-plans'],
        querystring: Type.Object({
          ...PageQuery,
          targetId: Type.Optional(Uuid),
          state: Type.Optional(PlanState),
        }),
        response: { 200: pageOf(PlanView) },
      },
    },
    async (request) => {
      const { limit, cursor, targetId, state } = request.query
      const [at, id] = decodeInstantCursor(cursor)
      const found = db.manager
        .createQueryBuilder(PlanEntity, 'p')
        .orderBy('p.plannedAt', 'DESC')
        .addOrderBy('p.id', 'DESC')
        .limit(limit + 1)
      if (at !== null) found.andWhere('(p.planned_at, p.id) < (:at, :id)', { at, id })
      if (targetId !== undefined) found.andWhere('p.target_id = :targetId', { targetId })
      if (state !== undefined) found.andWhere('p.state = :state', { state })
      const own = unitInRange(request)
      if (own !== null) found.andWhere('p.unit_id = :own', { own })
      return page(await found.getMany(), limit, (row) => [row.plannedAt.toISOString(), row.id])
    },
  )

  app.get(
    '/v1/restore-plans/:id',
    {
      config: { access: 'backup.read', clauses: ['A-2.4.6'] },
      schema: {
        operationId: 'readRestorePlan',
        summary: 'One plan; its `planDigest` is what an approval is about.',
        tags: ['restore-plans'],
        params: Id,
        response: { 200: PlanView },
      },
    },
    async (request, reply) => {
      const plan = await readable(request, request.params.id)
      void reply.header('etag', etag(plan.version))
      return plan
    },
  )

  app.patch(
    '/v1/restore-plans/:id',
    {
      config: { access: 'restore.plan', versioned: true, clauses: ['A-2.4.6', 'A-2.4.7'] },
      schema: {
        operationId: 'rewriteRestorePlan',
        summary: 'The planner changes the plan; an approval of the former wording is void.',
        tags: ['restore-plans'],
        params: Id,
        body: Type.Partial(Type.Object(writtenMembers), {
          additionalProperties: false,
          minProperties: 1,
        }),
        response: { 200: PlanView },
      },
    },
    (request, reply) =>
      change(deps, request, reply, async (tx, act, expected) => {
        const { id } = await readable(request, request.params.id)
        const { plannedFor, ...rest } = request.body
        const changes = {
          ...rest,
          ...(plannedFor !== undefined && { plannedFor: new Date(plannedFor) }),
        }
        return rewritePlan(tx, id, changes, expected, act)
      }),
  )

  app.post(
    '/v1/restore-plans/:id/approve',
    {
      config: { access: 'restore.approve', approves: true, clauses: ['A-2.4.7'] },
      schema: {
        operationId: 'approveRestorePlan',
        summary:
          'Who is in charge of the data, not the planner, approves exactly the plan that was read.',
        tags: ['restore-plans'],
        params: Id,
        body: Type.Object(
          {
            planDigest: Type.String({ pattern: '^[0-9a-f]{64}$' }),
            comment: Type.Optional(nullable(Paragraph(2_000))),
          },
          { additionalProperties: false },
        ),
        response: { 200: PlanView },
      },
    },
    (request, reply) => {
      const { planDigest, comment = null } = request.body
      const planId = request.params.id
      return step(request, reply, planId, (tx, act) =>
        approvePlan(tx, { planId, planDigest, comment }, principalOf(request), act),
      )
    },
  )

  app.post(
    '/v1/restore-plans/:id/refuse',
    {
      config: { access: 'restore.approve', approves: true, clauses: ['A-2.4.7'] },
      schema: {
        operationId: 'refuseRestorePlan',
        summary: 'Who is in charge of the data, not the planner, refuses the plan; it is over.',
        tags: ['restore-plans'],
        params: Id,
        body: Type.Object({ reason: Paragraph(2_000) }, { additionalProperties: false }),
        response: { 200: PlanView },
      },
    },
    (request, reply) =>
      step(request, reply, request.params.id, (tx, act) =>
        refusePlan(tx, request.params.id, request.body.reason, principalOf(request), act),
      ),
  )

  app.post(
    '/v1/restore-plans/:id/execute',
    {
      config: { access: 'restore.execute', clauses: ['A-2.4.5', 'A-2.4.6', 'A-2.4.7'] },
      schema: {
        operationId: 'executeRestorePlan',
        summary:
          'Starts the approved restore into a scratch place, by somebody who neither planned nor approved it.',
        tags: ['restore-plans'],
        params: Id,
        response: { 200: PlanView },
      },
    },
    (request, reply) =>
      step(request, reply, request.params.id, (tx, act) => executePlan(tx, request.params.id, act)),
  )

  app.get(
    '/v1/restore-plans/:id/receipt',
    {
      config: { access: 'backup.read', clauses: ['A-2.4.5', 'A-2.4.7'] },
      schema: {
        operationId: 'readRestoreReceipt',
        summary: 'What binds plan, approval, people, times and outcome of a finished restore.',
        tags: ['restore-plans'],
        params: Id,
        response: {
          200: Type.Object({
            digest: Type.String({ description: 'SHA-256 of `canonical` in UTF-8.' }),
            canonical: Type.String({ description: 'JSON with its members sorted by name.' }),
            receipt: Type.Unknown({ description: '`canonical`, read.' }),
          }),
        },
      },
    },
    async (request) => {
      const { state, receipt, receiptDigest } = await readable(request, request.params.id)
      if (receipt === null || receiptDigest === null)
        throw new Problem('restore-plan-state', `The plan is ${state}; a receipt follows its end.`)
      return { digest: receiptDigest, canonical: receipt, receipt: JSON.parse(receipt) as unknown }
    },
  )
}
