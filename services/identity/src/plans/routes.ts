import { said, together } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { problemNamed } from '@erp-steward/contracts/problems'
import { about, Uuid } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { unitInRange } from '@erp-steward/service-kit/authentication'
import { assertVersion, type Committer } from '@erp-steward/service-kit/commit'
import { languageOf, type Language } from '@erp-steward/service-kit/language'
import { byInstant } from '@erp-steward/service-kit/paging'
import {
  changeRoute,
  createRoute,
  listRoute,
  readRoute,
} from '@erp-steward/service-kit/route-shapes'
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'
import { UserName } from '../accounts/account-change.ts'
import {
  BirthdayOrUnknown,
  EmailOrNone,
  EmployeeNumber,
  PersonName,
} from '../people/person-values.ts'
import {
  EffectiveOn,
  openPlanned,
  PersonPlanEntity,
  PlanState,
  PlanView,
  type PersonPlan,
} from './person-plan.ts'
import { PlaceCodes } from '../people/place.ts'
import { planPerson, retryPlan, withdrawPlan } from './plan-person.ts'
import { lockPlan } from './take-plan.ts'

const tags = ['people']
const manage = { access: 'person.manage', clauses: ['A-1.2', 'A-2.1.3'], tags } as const

const PlanBody = Type.Union(
  [
    Type.Object(
      {
        kind: Type.Literal('join', { description: 'Somebody is taken in.' }),
        effectiveOn: EffectiveOn,
        employeeNumber: EmployeeNumber,
        name: PersonName,
        ...PlaceCodes,
        email: Type.Optional(EmailOrNone),
        birthday: Type.Optional(BirthdayOrUnknown),
        accountUserName: Type.Optional(UserName),
        withAccount: Type.Optional(
          Type.Boolean({
            description: 'Whether the account comes with the person; it does unless said.',
          }),
        ),
      },
      { title: 'PlannedJoiner', additionalProperties: false },
    ),
    Type.Object(
      {
        kind: Type.Literal('move', { description: 'Somebody gets another place.' }),
        effectiveOn: EffectiveOn,
        personId: about(Uuid, 'Who moves.'),
        ...PlaceCodes,
      },
      { title: 'PlannedMover', additionalProperties: false },
    ),
  ],
  { title: 'PlannedPerson' },
)

/** Joiners and movers of a later day. */
export function planRoutes(app: App, deps: Committer): void {
  const { db } = deps

  createRoute(app, deps, '/v1/person-plans', {
    ...manage,
    operationId: 'planPerson',
    problems: [
      'department-unknown',
      'employee-number-taken',
      'not-found',
      'outside-unit',
      'person-left',
      'plan-state',
      'position-unknown',
      'same-person',
      'unit-unknown',
    ],
    summary: 'Plans a joiner or a mover of a later day; until then nothing changes.',
    description:
      'On the day it is done as whoever planned it, by the rules of that day. A leaver of a later day is planned with leavePerson.',
    body: PlanBody,
    answer: PlanView,
    create: async (tx, { request, body, act }) => {
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
      return viewOf(tx, await planPerson(tx, command, act), languageOf(request))
    },
  })

  listRoute(app, '/v1/person-plans', {
    ...manage,
    operationId: 'listPersonPlans',
    problems: ['outside-unit'],
    summary:
      'Planned joiners and movers in the order they were planned; into the own unit for callers of a unit.',
    query: {
      state: Type.Optional(PlanState),
      personId: Type.Optional(about(Uuid, 'Who moves, or has joined.')),
    },
    row: PlanView,
    sorting: byInstant('plannedAt'),
    list: async ({ request, query: { state, personId }, after: [at, id], limit }) => {
      const unitId = unitInRange(request)
      const found = db.manager
        .createQueryBuilder(PersonPlanEntity, 'plan')
        .where({
          ...(state !== undefined && { state }),
          ...(personId !== undefined && { personId }),
          ...(unitId !== null && { unitId }),
        })
        .orderBy({ 'plan.plannedAt': 'ASC', 'plan.id': 'ASC' })
        .limit(limit)
      if (at !== null) found.andWhere('(plan.plannedAt, plan.id) > (:at, :id)', { at, id })
      const language = languageOf(request)
      return (await found.getMany()).map((plan) => viewOf(db.manager, plan, language))
    },
  })

  readRoute(app, '/v1/person-plans/:id', {
    ...manage,
    operationId: 'readPersonPlan',
    problems: ['not-found', 'outside-unit'],
    summary: 'One plan, and what became of it.',
    answer: PlanView,
    read: async ({ request, params: { id } }) =>
      viewOf(
        db.manager,
        inRange(request, id, await db.manager.findOneBy(PersonPlanEntity, { id })),
        languageOf(request),
      ),
  })

  const handling = [
    {
      verb: 'withdraw',
      summary: 'Takes a plan back before its day, or one that failed and is done otherwise.',
      handle: withdrawPlan,
    },
    {
      verb: 'retry',
      summary: 'Has a plan that failed take effect now, once its cause is mended.',
      description:
        'It is done within moments, as whoever planned it and by the rules of now; `state` tells what became of it.',
      handle: retryPlan,
    },
  ]
  for (const { verb, summary, description, handle } of handling)
    changeRoute(app, deps, 'POST', `/v1/person-plans/:id/${verb}`, {
      ...manage,
      operationId: `${verb}PersonPlan`,
      problems: ['not-found', 'outside-unit', 'plan-state', 'same-person'],
      summary,
      ...(description !== undefined && { description }),
      answer: PlanView,
      apply: async (tx, { request, params: { id }, expected, act }) => {
        const plan = inRange(request, id, await lockPlan(tx, id))
        assertVersion(plan.version, expected)
        return viewOf(tx, await handle(tx, plan, act), languageOf(request))
      },
    })
}

/** @throws Problem `not-found` also for a plan into another unit */
function inRange(request: FastifyRequest, id: string, plan: PersonPlan | null): PersonPlan {
  const own = unitInRange(request)
  if (plan === null || (own !== null && plan.unitId !== own))
    throw new Problem('not-found', said(`There is no plan ${id}.`, `没有计划 ${id}。`))
  return plan
}

/** In clear: whoever runs the register sees its people. */
function viewOf(tx: EntityManager, plan: PersonPlan, language: Language) {
  const planned = openPlanned(tx, plan)
  const { unitCode, departmentCode, positionCode } = planned
  return {
    ...plan,
    problemMeaning: plan.problem === null ? null : meaningOf(plan.problem, language),
    employeeNumber: planned.kind === 'join' ? planned.employeeNumber : null,
    name: planned.kind === 'join' ? planned.name : null,
    unitCode,
    departmentCode,
    positionCode,
    plannedBy: plan.act.actor,
  }
}

/** In the words of today; null for a code of an earlier release that is no more. */
function meaningOf(code: string, language: Language): string | null {
  const found = problemNamed(code)
  if (found === undefined) return null
  const { title, remedy } = found
  return together([said(`${title.en}.`, `${title['zh-CN']}。`), remedy])[language]
}
