import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { about, closed, nullable, Paragraph, Uuid } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import {
  actOf,
  assertReaches,
  principalOf,
  unitInRange,
} from '@erp-steward/service-kit/authentication'
import { newestFirst } from '@erp-steward/service-kit/list-rows'
import { byInstant } from '@erp-steward/service-kit/paging'
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
import type { EntityManager } from 'typeorm'
import type { Act } from '@erp-steward/contracts/act'
import type { BackupConfig } from '../config.ts'
import { CopyEntity } from '../copies/copy.ts'
import { approvePlan, refusePlan } from './decide-plan.ts'
import { drawUpPlan, rewritePlan } from './draw-up-plan.ts'
import { executePlan } from './execute-plan.ts'
import { PlanEntity, PlanState, PlanView, writtenPlan, type Plan } from './plan.ts'

const tags = ['restore-plans']
const read = { access: 'backup.read', tags } as const
const plan = { access: 'restore.plan', tags, answer: PlanView } as const

const Id = Type.Object({ id: PathId })

export function restoreRoutes(app: App, deps: Dependencies<BackupConfig>): void {
  const { db, clock } = deps

  /** @throws Problem `restore-plan-not-found` also for one out of range */
  async function readable(request: FastifyRequest, id: string): Promise<Plan> {
    const { range, unitId } = principalOf(request)
    const plan = await db.manager.findOneBy(PlanEntity, { id })
    if (plan === null || (range !== 'company' && plan.unitId !== unitId))
      throw new Problem(
        'restore-plan-not-found',
        said(`There is no restore plan ${id} in your range.`, `您的范围内没有恢复计划 ${id}。`),
      )
    return plan
  }

  /** A step of a plan whose state and digest guard it, so that it needs no If-Match. */
  async function step(
    request: FastifyRequest,
    id: string,
    take: (tx: EntityManager, act: Act) => Promise<Plan>,
  ): Promise<Plan> {
    await readable(request, id)
    return db.transaction((tx) => take(tx, actOf(request, clock())))
  }

  createRoute(app, deps, '/v1/restore-plans', {
    ...plan,
    operationId: 'drawUpRestorePlan',
    problems: ['backup-copy-not-found', 'backup-copy-state', 'outside-unit', 'person-required'],
    summary: 'Draws up a plan for the restore of a proven copy.',
    clauses: ['A-2.4.5', 'A-2.4.6'],
    body: closed({
      copyId: about(Uuid, 'The proven copy that is to be restored.'),
      ...writtenPlan,
    }),
    create: async (tx, { request, body, act }) => {
      const copy = await tx.findOneBy(CopyEntity, { id: body.copyId })
      if (copy !== null) assertReaches(request, copy.unitId)
      return drawUpPlan(tx, { ...body, plannedFor: new Date(body.plannedFor) }, act)
    },
  })

  listRoute(app, '/v1/restore-plans', {
    ...read,
    operationId: 'listRestorePlans',
    problems: ['outside-unit'],
    summary: 'Restore plans in your range, newest first.',
    clauses: ['A-2.4.6'],
    query: {
      targetId: Type.Optional(about(Uuid, 'Only plans for this target.')),
      state: Type.Optional(PlanState),
    },
    row: PlanView,
    sorting: byInstant('plannedAt'),
    list: ({ query: { targetId, state }, request, ...stretch }) =>
      newestFirst(db.manager, PlanEntity, 'plannedAt', stretch, {
        targetId,
        state,
        unitId: unitInRange(request),
      }),
  })

  readRoute(app, '/v1/restore-plans/:id', {
    ...read,
    operationId: 'readRestorePlan',
    problems: ['restore-plan-not-found'],
    summary: 'One plan; its `planDigest` is what an approval is about.',
    clauses: ['A-2.4.6'],
    answer: PlanView,
    read: ({ request, params }) => readable(request, params.id),
  })

  changeRoute(app, deps, 'PATCH', '/v1/restore-plans/:id', {
    ...plan,
    operationId: 'rewriteRestorePlan',
    problems: [
      'backup-copy-not-found',
      'backup-copy-state',
      'not-planner',
      'person-required',
      'restore-plan-not-found',
      'restore-plan-state',
    ],
    summary: 'The planner changes the plan; an approval of the former wording is void.',
    clauses: ['A-2.4.6', 'A-2.4.7'],
    body: Type.Partial(Type.Object(writtenPlan), { additionalProperties: false, minProperties: 1 }),
    apply: async (tx, { request, params, body: { plannedFor, ...rest }, expected, act }) => {
      const { id } = await readable(request, params.id)
      const time = plannedFor === undefined ? {} : { plannedFor: new Date(plannedFor) }
      return rewritePlan(tx, id, { ...rest, ...time }, expected, act)
    },
  })

  app.post(
    '/v1/restore-plans/:id/approve',
    {
      config: { access: 'restore.approve', approves: true, clauses: ['A-2.4.7'] },
      schema: {
        operationId: 'approveRestorePlan',
        problems: [
          'backup-target-not-found',
          'not-plan-approver',
          'person-required',
          'restore-plan-changed',
          'restore-plan-not-found',
          'restore-plan-state',
          'same-person',
        ],
        summary:
          'Who is in charge of the data, not the planner, approves exactly the plan that was read.',
        tags,
        params: Id,
        body: closed({
          planDigest: Type.String({
            pattern: '^[0-9a-f]{64}$',
            description: 'The `planDigest` that was read: exactly that wording is approved.',
          }),
          comment: Type.Optional(
            nullable(Paragraph(2_000), 'What the approver adds; null for nothing.'),
          ),
        }),
        response: { 200: PlanView },
      },
    },
    (request) => {
      const { planDigest, comment = null } = request.body
      const planId = request.params.id
      return step(request, planId, (tx, act) =>
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
        problems: [
          'backup-target-not-found',
          'not-plan-approver',
          'person-required',
          'restore-plan-not-found',
          'restore-plan-state',
          'same-person',
        ],
        summary: 'Who is in charge of the data, not the planner, refuses the plan; it is over.',
        tags,
        params: Id,
        body: closed({
          reason: about(Paragraph(2_000), 'Why it is refused; the planner reads it.'),
        }),
        response: { 200: PlanView },
      },
    },
    (request) =>
      step(request, request.params.id, (tx, act) =>
        refusePlan(tx, request.params.id, request.body.reason, principalOf(request), act),
      ),
  )

  app.post(
    '/v1/restore-plans/:id/execute',
    {
      config: { access: 'restore.execute', clauses: ['A-2.4.5', 'A-2.4.6', 'A-2.4.7'] },
      schema: {
        operationId: 'executeRestorePlan',
        problems: [
          'approval-expired',
          'backup-copy-not-found',
          'backup-copy-state',
          'backup-target-not-found',
          'not-plan-executor',
          'person-required',
          'restore-plan-changed',
          'restore-plan-not-found',
          'restore-plan-state',
          'same-person',
        ],
        summary:
          'Starts the approved restore into a scratch place, by somebody who neither planned nor approved it.',
        tags,
        params: Id,
        response: { 200: PlanView },
      },
    },
    (request) =>
      step(request, request.params.id, (tx, act) => executePlan(tx, request.params.id, act)),
  )

  readRoute(app, '/v1/restore-plans/:id/receipt', {
    ...read,
    operationId: 'readRestoreReceipt',
    problems: ['restore-plan-not-found', 'restore-plan-state'],
    summary: 'What binds plan, approval, people, times and outcome of a finished restore.',
    clauses: ['A-2.4.5', 'A-2.4.7'],
    answer: Type.Object(
      {
        digest: Type.String({ description: 'SHA-256 of `canonical` in UTF-8.' }),
        canonical: Type.String({ description: 'JSON with its members sorted by name.' }),
        receipt: Type.Unknown({ description: '`canonical`, read.' }),
      },
      { title: 'RestoreReceipt' },
    ),
    read: async ({ request, params }) => {
      const { state, receipt, receiptDigest } = await readable(request, params.id)
      if (receipt === null || receiptDigest === null)
        throw new Problem(
          'restore-plan-state',
          said(
            `The plan is ${state}; a receipt follows its end.`,
            `该计划的状态为 ${state}；结束之后才有回执。`,
          ),
        )
      return { digest: receiptDigest, canonical: receipt, receipt: JSON.parse(receipt) as unknown }
    },
  })
}
