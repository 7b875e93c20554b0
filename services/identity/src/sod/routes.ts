import { about, closed, Code, Line, nullable, Reason, Uuid } from '@erp-steward/contracts/values'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import type { App } from '@erp-steward/service-kit/app'
import { actOf, assertReaches, unitInRange } from '@erp-steward/service-kit/authentication'
import { createOnce, type Committer } from '@erp-steward/service-kit/commit'
import { columnsOf } from '@erp-steward/service-kit/entity'
import { byInstant, listOf } from '@erp-steward/service-kit/paging'
import { ProposalView } from '@erp-steward/service-kit/proposal'
import { proposalCreated } from '@erp-steward/service-kit/proposal-routes'
import { propose } from '@erp-steward/service-kit/proposals'
import { listRoute, readRoute } from '@erp-steward/service-kit/route-shapes'
import { Type } from 'typebox'
import { GrantKind, GrantName } from '../grants/access-grant.ts'
import { itemsOf } from '../grants/rules/grant-item.ts'
import { PersonEntity } from '../people/person.ts'
import { PositionEntity } from '../organisation/position.ts'
import {
  AskedSodException,
  assertExceptable,
  grantException,
  SodExceptionEntity,
  SodExceptionView,
} from './exception.ts'
import {
  holdersNow,
  holdersUnder,
  SodViolationEntity,
  SodViolationState,
  SodViolationView,
} from './find-violations.ts'
import { SodRules } from './rules/rule-set.ts'
import { changeRules, proposeRules, ruleSetById, SodRuleSetView } from './rule-set.ts'
import { stateBlocked } from './state-blocked.ts'
import { violatedPairs, ViolatedPair } from './violations-of.ts'

const tags = ['incompatible duties']
const clauses = ['A-2.1.2']
const read = { access: 'sod.read', clauses, tags } as const

/** Most people that a simulation names. */
const NAMED = 200

const SodRuleSetHead = Type.Omit(SodRuleSetView, ['duties', 'pairs', 'carriers'], {
  title: 'SodRuleSetHead',
})

const SodSimulation = Type.Object(
  {
    violating: Type.Integer({ minimum: 0, description: 'Pairs of duties held under these rules.' }),
    added: Type.Integer({
      minimum: 0,
      description: 'Of them those that the rules in force allow.',
    }),
    gone: Type.Integer({
      minimum: 0,
      description: 'Pairs of duties held that only the rules in force forbid.',
    }),
    items: Type.Array(Type.Omit(ViolatedPair, ['exceptionId'], { title: 'SodSimulatedPair' }), {
      description: `Who would hold what, those that are added first; at most ${String(NAMED)}.`,
    }),
  },
  { title: 'SodSimulation' },
)

/** Duties that one person may not hold together: the rules, exceptions, and who holds them all the same. */
export function sodRoutes(app: App, deps: Committer): void {
  keepBlocked(app, deps)
  ruleSetRoutes(app, deps)
  askingRoutes(app, deps)
  exceptionRoutes(app, deps)
  violationRoute(app, deps)
}

/** What was refused leaves nothing behind by itself, for its transaction is undone. */
function keepBlocked(app: App, { db, clock }: Committer): void {
  app.addHook('onError', async (request, _reply, error) => {
    if (!(error instanceof Problem) || error.code !== 'sod-violation') return
    const operation = request.routeOptions.schema?.operationId ?? request.method
    // As `assertCompatible` names them, which alone throws it.
    const violations = error.extras.violations as readonly ViolatedPair[]
    await stateBlocked(db.manager, operation, violations, actOf(request, clock()))
  })
}

function ruleSetRoutes(app: App, deps: Committer): void {
  const { db } = deps
  app.post('/v1/sod/rule-sets', {
    config: { access: 'sod.propose', once: true, clauses },
    schema: {
      operationId: 'proposeSodRules',
      problems: [
        'administrator-unnamed',
        'outside-unit',
        'proposal-pending',
        'sod-rules-inconsistent',
      ],
      summary:
        'Proposes another set of rules of incompatible duties (202); simulate it before you do.',
      description:
        'The whole set takes effect when the security administrator approves it, and everybody is looked over by it at once. Whoever violates it keeps what he has, and is listed.',
      tags,
      body: closed({ ...SodRules.properties, reason: Reason }),
      response: { 202: ProposalView },
    },
    handler: async (request, reply) => {
      assertReaches(request, null)
      const { reason, ...rules } = request.body
      return createOnce(deps, request, reply, async (tx, act) =>
        proposalCreated(
          request,
          'identity',
          changeRules,
          await proposeRules(tx, rules, reason, act),
        ),
      )
    },
  })

  listRoute(app, '/v1/sod/rule-sets', {
    ...read,
    operationId: 'listSodRuleSets',
    summary: 'Every set of rules that was proposed, oldest first, without what is in it.',
    query: {
      inForce: Type.Optional(
        Type.Boolean({ description: 'Only the one in force, or all others.' }),
      ),
    },
    row: SodRuleSetHead,
    sorting: byInstant('proposedAt'),
    list: ({ query: { inForce }, after: [at, id], limit }) =>
      db.query(
        `select id, number, digest, proposed_by as "proposedBy", proposed_at as "proposedAt",
                approved_by as "approvedBy", valid_from as "validFrom"
           from sod_rule_set
          where ($1::boolean is null
              or (number is not distinct from (select max(number) from sod_rule_set)) = $1)
            and ($2::timestamptz is null or (proposed_at, id) > ($2, $3::uuid))
          order by proposed_at, id limit $4`,
        [inForce ?? null, at, id, limit],
      ),
  })

  readRoute(app, '/v1/sod/rule-sets/:id', {
    ...read,
    operationId: 'readSodRuleSet',
    problems: ['not-found'],
    summary: 'One set of rules, whole.',
    answer: SodRuleSetView,
    read: ({ params: { id } }) => ruleSetById(db.manager, id),
  })
}

function askingRoutes(app: App, { db, clock }: Committer): void {
  app.post('/v1/sod/checks', {
    config: { access: 'sod.read', clauses },
    schema: {
      operationId: 'checkDuties',
      problems: ['not-found', 'outside-unit', 'position-unknown'],
      summary: 'Which incompatible duties somebody would hold; nothing changes.',
      tags,
      body: closed({
        personId: nullable(Uuid, 'Who; null: somebody who holds nothing yet.'),
        positionCode: Type.Optional(about(Code, 'What this position gives, beside what is held.')),
        grants: Type.Optional(
          Type.Array(
            Type.Object(
              { kind: GrantKind, name: GrantName },
              { title: 'WantedGrant', additionalProperties: false },
            ),
            { maxItems: 200, description: 'These, beside what is held.' },
          ),
        ),
      }),
      response: { 200: listOf(ViolatedPair) },
    },
    handler: async (request) => {
      const { personId, positionCode, grants = [] } = request.body
      const unitId = unitInRange(request)
      if (personId !== null) {
        const where = { id: personId, ...(unitId !== null && { unitId }) }
        if (!(await db.manager.existsBy(PersonEntity, where)))
          throw new Problem(
            'not-found',
            said(`There is no person ${personId}.`, `没有人员 ${personId}。`),
          )
      }
      const items = [...grants]
      if (positionCode !== undefined) {
        const position = await db.manager.findOneBy(PositionEntity, { code: positionCode })
        if (position === null)
          throw new Problem(
            'position-unknown',
            said(`There is no position ${positionCode}.`, `没有岗位 ${positionCode}。`),
          )
        items.push(...itemsOf(position))
      }
      return { items: await violatedPairs(db.manager, [{ personId, items }], clock()) }
    },
  })

  app.post('/v1/sod/simulations', {
    config: { access: 'sod.simulate', clauses },
    schema: {
      operationId: 'simulateSodRules',
      problems: ['not-found', 'outside-unit'],
      summary: 'Who would hold incompatible duties under other rules; nothing changes.',
      tags,
      body: Type.Union([
        closed({ ruleSetId: about(Uuid, 'A set of rules that was proposed.') }),
        closed({ rules: SodRules }),
      ]),
      response: { 200: SodSimulation },
    },
    handler: async (request) => {
      assertReaches(request, null)
      const { body } = request
      const rules = 'rules' in body ? body.rules : await ruleSetById(db.manager, body.ruleSetId)
      const [now, then] = await Promise.all([
        holdersNow(db.manager, clock()),
        holdersUnder(db.manager, rules, clock()),
      ])
      const keyOf = ({ personId, first, second }: (typeof now)[number]) =>
        `${personId} ${first} ${second}`
      const [known, found] = [new Set(now.map(keyOf)), new Set(then.map(keyOf))]
      const [old, added] = [
        then.filter((each) => known.has(keyOf(each))),
        then.filter((each) => !known.has(keyOf(each))),
      ]
      return {
        violating: then.length,
        added: added.length,
        gone: now.filter((each) => !found.has(keyOf(each))).length,
        items: [...added, ...old].slice(0, NAMED),
      }
    },
  })
}

function exceptionRoutes(app: App, deps: Committer): void {
  const { db } = deps
  app.post('/v1/sod/exceptions', {
    config: { access: 'sod.propose', once: true, clauses },
    schema: {
      operationId: 'askSodException',
      problems: [
        'administrator-unnamed',
        'outside-unit',
        'person-unknown',
        'proposal-pending',
        'same-person',
        'sod-pair-unknown',
      ],
      summary:
        'Proposes that somebody may hold two incompatible duties until an end (202); the security administrator approves it.',
      tags,
      body: AskedSodException,
      response: { 202: ProposalView },
    },
    handler: async (request, reply) => {
      assertReaches(request, null)
      return createOnce(deps, request, reply, async (tx, act) => {
        const { body } = request
        await assertExceptable(tx, body, act.now)
        const { reason } = body
        const made = await propose(tx, 'identity', grantException, { body, reason }, act)
        return proposalCreated(request, 'identity', grantException, made)
      })
    },
  })

  listRoute(app, '/v1/sod/exceptions', {
    ...read,
    operationId: 'listSodExceptions',
    problems: ['outside-unit'],
    summary: 'Exceptions that were granted, oldest first; of the own unit for callers of a unit.',
    query: {
      personId: Type.Optional(about(Uuid, 'Who may hold both duties.')),
      endsBefore: Type.Optional(
        Type.String({
          format: 'date-time',
          description: 'Only those that end before this instant.',
        }),
      ),
    },
    row: SodExceptionView,
    sorting: byInstant('startsAt'),
    list: ({ request, query: { personId, endsBefore }, after: [at, id], limit }) =>
      db.query(
        `select ${columnsOf(SodExceptionEntity, 'exception')}
           from sod_exception exception join person on person.id = exception.person_id
          where ($1::uuid is null or person_id = $1) and ($2::timestamptz is null or ends_at < $2)
            and ($3::uuid is null or person.unit_id = $3)
            and ($4::timestamptz is null or (starts_at, exception.id) > ($4, $5::uuid))
          order by starts_at, exception.id limit $6`,
        [personId ?? null, endsBefore ?? null, unitInRange(request), at, id, limit],
      ),
  })
}

function violationRoute(app: App, { db, clock }: Committer): void {
  listRoute(app, '/v1/sod/violations', {
    ...read,
    operationId: 'listSodViolations',
    problems: ['outside-unit'],
    summary:
      'Who holds or held incompatible duties, in the order it was found; of the own unit for callers of a unit.',
    description:
      'Found every night and whenever the rules change. Grants are checked where they begin: what is listed was left behind by other rules, or by an exception that ended.',
    query: {
      state: Type.Optional(SodViolationState),
      personId: Type.Optional(about(Uuid, 'Who holds both.')),
      duty: Type.Optional(about(Line(40), 'Code of one of the two duties.')),
    },
    row: SodViolationView,
    sorting: byInstant('foundAt'),
    list: ({ request, query: { state, personId, duty }, after: [at, id], limit }) =>
      db.query(
        `select * from (
           select ${columnsOf(SodViolationEntity, 'violation')}, exception.id as "exceptionId",
                  case when violation.ended_at is not null then 'ended' when exception.id is not null then 'excepted'
                       else 'open' end as state
             from sod_violation violation
             join person on person.id = violation.person_id
             left join lateral (
               select id from sod_exception
                where person_id = violation.person_id and first = violation.first and second = violation.second
                  and starts_at <= $1 and ends_at > $1 limit 1) as exception on true
            where ($2::uuid is null or violation.person_id = $2) and ($3::text is null or $3 in (first, second))
              and ($4::uuid is null or person.unit_id = $4)
              and ($5::timestamptz is null or (violation.found_at, violation.id) > ($5, $6::uuid))) as found
          where $7::text is null or state = $7
          order by "foundAt", id limit $8`,
        [
          clock(),
          personId ?? null,
          duty ?? null,
          unitInRange(request),
          at,
          id,
          state ?? null,
          limit,
        ],
      ),
  })
}
