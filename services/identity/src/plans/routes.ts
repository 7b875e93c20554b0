import { Problem } from '@erp-steward/contracts/problem'
import { Code, InstantOut, LocalDate, nullable, Uuid } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { unitInRange } from '@erp-steward/service-kit/authentication'
import {
  assertVersion,
  change,
  createOnce,
  etag,
  type Committer,
} from '@erp-steward/service-kit/commit'
import { decodeInstantCursor, page, pageOf, PageQuery } from '@erp-steward/service-kit/paging'
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'
import { UserName } from '../accounts/account-change.ts'
import { Birthday, Email, EmployeeNumber, PersonName } from '../people/person-values.ts'
import { openPlanned, PersonPlanEntity, planStates, type PersonPlan } from './person-plan.ts'
import { planPerson, retryPlan, withdrawPlan } from './plan-person.ts'
import { lockPlan } from './take-plan.ts'

const PlanView = Type.Object({
  id: Uuid,
  kind: Type.Enum(['join', 'move']),
  effectiveOn: LocalDate,
  state: Type.Enum([...planStates], {
    description:
      '`failed`: refused on its day, with the code in `problem`; it may be retried or taken back.',
  }),
  problem: nullable(Type.String()),
  personId: nullable(Uuid),
  employeeNumber: nullable(Type.String()),
  name: nullable(Type.String()),
  unitCode: Code,
  departmentCode: Code,
  positionCode: Code,
  plannedBy: Type.String(),
  plannedAt: InstantOut,
  endedAt: nullable(InstantOut),
  version: Type.Integer(),
})

const strict = { additionalProperties: false }
const ById = Type.Object({ id: Uuid })
const config = { access: 'person.manage', clauses: ['A-1.2', 'A-2.1.3'] } as const
const tags = ['people']
const Place = { unitCode: Code, departmentCode: Code, positionCode: Code }
const EffectiveOn = Type.Unsafe<string>({
  ...LocalDate,
  description: 'First day of the new place, from 00:00 in China; after today.',
})

const PlanBody = Type.Union([
  Type.Object(
    {
      kind: Type.Literal('join'),
      effectiveOn: EffectiveOn,
      employeeNumber: EmployeeNumber,
      name: PersonName,
      ...Place,
      email: Type.Optional(nullable(Email)),
      birthday: Type.Optional(nullable(Birthday)),
      accountUserName: Type.Optional(UserName),
      withAccount: Type.Optional(
        Type.Boolean({
          description: 'Whether the account comes with the person; it does unless said.',
        }),
      ),
    },
    { ...strict, title: 'PlannedJoiner' },
  ),
  Type.Object(
    { kind: Type.Literal('move'), effectiveOn: EffectiveOn, personId: Uuid, ...Place },
    { ...strict, title: 'PlannedMover' },
  ),
])

/** Joiners and movers of a later day. */
export function planRoutes(app: App, deps: Committer): void {
  const { db } = deps
  app.post('/v1/person-plans', {
    config: { ...config, once: true },
    schema: {
      operationId: 'planPerson',
      summary: 'Plans a joiner or a mover of a later day; until then nothing changes.',
      description:
        'On the day it is done as whoever planned it, by the rules of that day. A leaver of a later day is planned with leavePerson.',
      tags,
      body: PlanBody,
      response: { 201: PlanView },
    },
    handler: (request, reply) =>
      createOnce(deps, request, reply, async (tx, act) => {
        const { body } = request
        const { effectiveOn, unitCode, departmentCode, positionCode } = body
        const place = { unitCode, departmentCode, positionCode }
        const planned =
          body.kind === 'move'
            ? { kind: body.kind, ...place }
            : {
                kind: body.kind,
                ...place,
                employeeNumber: body.employeeNumber,
                name: body.name,
                email: body.email ?? null,
                birthday: body.birthday ?? null,
                userName: body.accountUserName ?? null,
                withAccount: body.withAccount ?? true,
              }
        const personId = body.kind === 'move' ? body.personId : null
        const command = { planned, personId, effectiveOn, rangeId: unitInRange(request) }
        const plan = await planPerson(tx, command, act)
        const location = `/v1/person-plans/${plan.id}`
        return { body: viewOf(tx, plan), location, version: plan.version }
      }),
  })

  app.get('/v1/person-plans', {
    config,
    schema: {
      operationId: 'listPersonPlans',
      summary:
        'Planned joiners and movers in the order they were planned; into the own unit for callers of a unit.',
      tags,
      querystring: Type.Object({
        ...PageQuery,
        state: Type.Optional(Type.Enum([...planStates])),
        personId: Type.Optional(Uuid),
      }),
      response: { 200: pageOf(PlanView) },
    },
    handler: async (request) => {
      const { limit, cursor, ...equal } = request.query
      const [at, id] = decodeInstantCursor(cursor)
      const unitId = unitInRange(request)
      const found = db.manager
        .createQueryBuilder(PersonPlanEntity, 'plan')
        .where({ ...equal, ...(unitId !== null && { unitId }) })
        .orderBy({ 'plan.plannedAt': 'ASC', 'plan.id': 'ASC' })
        .limit(limit + 1)
      if (at !== null) found.andWhere('(plan.plannedAt, plan.id) > (:at, :id)', { at, id })
      const shown = (await found.getMany()).map((plan) => viewOf(db.manager, plan))
      return page(shown, limit, (plan) => [plan.plannedAt.toISOString(), plan.id])
    },
  })

  app.get('/v1/person-plans/:id', {
    config,
    schema: {
      operationId: 'readPersonPlan',
      summary: 'One plan, and what became of it.',
      tags,
      params: ById,
      response: { 200: PlanView },
    },
    handler: async (request, reply) => {
      const plan = await db.manager.findOneBy(PersonPlanEntity, { id: request.params.id })
      const reached = inRange(request, plan)
      void reply.header('etag', etag(reached.version))
      return viewOf(db.manager, reached)
    },
  })

  app.post('/v1/person-plans/:id/withdraw', {
    config: { ...config, versioned: true },
    schema: {
      operationId: 'withdrawPersonPlan',
      summary: 'Takes a plan back before its day, or one that failed and is done otherwise.',
      tags,
      params: ById,
      response: { 200: PlanView },
    },
    handler: (request, reply) =>
      change(deps, request, reply, async (tx, act, expected) => {
        const plan = inRange(request, await lockPlan(tx, request.params.id))
        assertVersion(plan.version, expected)
        return viewOf(tx, await withdrawPlan(tx, plan, act))
      }),
  })

  app.post('/v1/person-plans/:id/retry', {
    config: { ...config, versioned: true },
    schema: {
      operationId: 'retryPersonPlan',
      summary: 'Has a plan that failed take effect now, once its cause is mended.',
      description:
        'It is done within moments, as whoever planned it and by the rules of now; `state` tells what became of it.',
      tags,
      params: ById,
      response: { 200: PlanView },
    },
    handler: (request, reply) =>
      change(deps, request, reply, async (tx, act, expected) => {
        const plan = inRange(request, await lockPlan(tx, request.params.id))
        assertVersion(plan.version, expected)
        return viewOf(tx, await retryPlan(tx, plan, act))
      }),
  })
}

/** @throws Problem `not-found` also for a plan into another unit */
function inRange(
  request: FastifyRequest<{ Params: { id: string } }>,
  plan: PersonPlan | null,
): PersonPlan {
  const own = unitInRange(request)
  if (plan === null || (own !== null && plan.unitId !== own))
    throw new Problem('not-found', `There is no plan ${request.params.id}.`)
  return plan
}

/** In clear: whoever runs the register sees its people. */
function viewOf(tx: EntityManager, plan: PersonPlan) {
  const planned = openPlanned(tx, plan)
  const { unitCode, departmentCode, positionCode } = planned
  return {
    ...plan,
    employeeNumber: planned.kind === 'join' ? planned.employeeNumber : null,
    name: planned.kind === 'join' ? planned.name : null,
    unitCode,
    departmentCode,
    positionCode,
    plannedBy: plan.act.actor,
  }
}
