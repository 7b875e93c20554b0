import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { about, closed, Reason, Uuid } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { assertReaches, principalOf, unitInRange } from '@erp-steward/service-kit/authentication'
import type { Committer } from '@erp-steward/service-kit/commit'
import { columnsOf } from '@erp-steward/service-kit/entity'
import { byInstant } from '@erp-steward/service-kit/paging'
import {
  changeRoute,
  createRoute,
  listRoute,
  readRoute,
} from '@erp-steward/service-kit/route-shapes'
import type { FastifyRequest } from 'fastify'
import { Type, type Static } from 'typebox'
import type { EntityManager } from 'typeorm'
import { lockPerson } from '../people/lock-person.ts'
import {
  AccessChange,
  AccessRequestEntity,
  AccessRequestState,
  AccessRequestView,
} from './access-request.ts'
import { approveRequest, assertRequester, endRequest, heldRequest } from './decide-request.ts'
import { changeRequest, submitRequest } from './submit-request.ts'

const tags = ['access requests']
const clauses = ['A-2.1.2', 'B-4.1.5']
const read = { access: 'access-request.read', clauses, tags } as const

/** What a request may be refused for, when it is asked for, changed or put in force. */
const refusals = [
  'account-case-open',
  'account-exists',
  'account-state',
  'account-unknown',
  'administrator-has-business-role',
  'not-found',
  'outside-unit',
  'person-left',
  'same-person',
  'sod-violation',
] as const

/** What is asked for beside the position, and who approves it. */
export function accessRequestRoutes(app: App, deps: Committer): void {
  readingRoutes(app, deps)
  askingRoutes(app, deps)
  decidingRoutes(app, deps)
}

function readingRoutes(app: App, { db, clock }: Committer): void {
  listRoute(app, '/v1/access-requests', {
    ...read,
    operationId: 'listAccessRequests',
    problems: ['outside-unit'],
    summary:
      'Requests in the order they were made or last changed; of the own unit for callers of a unit.',
    query: {
      state: Type.Optional(AccessRequestState),
      kind: Type.Optional(AccessRequestView.properties.kind),
      personId: Type.Optional(about(Uuid, 'Whom it is for.')),
    },
    row: AccessRequestView,
    sorting: byInstant('requestedAt'),
    list: ({ request, query, ...stretch }) =>
      requestsInRange(db.manager, { ...query, unitId: unitInRange(request), ...stretch }, clock()),
  })

  readRoute(app, '/v1/access-requests/:id', {
    ...read,
    operationId: 'readAccessRequest',
    problems: ['not-found', 'outside-unit'],
    summary: 'One request, who approved it, and whether it has taken effect.',
    answer: AccessRequestView,
    read: ({ request, params: { id } }) => viewOf(db.manager, request, id, clock()),
  })
}

function askingRoutes(app: App, deps: Committer): void {
  const ask = { access: 'access-request.submit', clauses, tags } as const
  createRoute(app, deps, '/v1/access-requests', {
    ...ask,
    operationId: 'requestAccess',
    problems: [...refusals],
    summary:
      'Asks for an account, for rights beside the position, for a time or not, or that an account is shut or opened.',
    description:
      'It waits for the leader of the unit, then for the company, and for what is not in the row of the position for one more. What would break the rules of incompatible duties is refused here already.',
    body: AccessChange,
    answer: AccessRequestView,
    create: async (tx, { request, body, act }) => {
      const person = await personInRange(tx, request, body.personId)
      const { id } = await submitRequest(tx, person, body, act)
      return viewOf(tx, request, id, act.now)
    },
  })

  changeRoute(app, deps, 'PUT', '/v1/access-requests/:id', {
    ...ask,
    operationId: 'changeAccessRequest',
    problems: [...refusals, 'access-request-state', 'not-concerned'],
    summary: 'Asks for something else in its place; approvals given before count no more.',
    body: AccessChange,
    answer: AccessRequestView,
    apply: async (tx, { request, params: { id }, body, expected, act }) => {
      await viewOf(tx, request, id, act.now)
      const held = await heldRequest(tx, id, expected, act)
      assertRequester(held.request, act)
      if (body.personId !== held.person.id)
        throw new Problem(
          'not-concerned',
          said('For somebody else it is another request.', '为他人申请须另行提出。'),
        )
      await changeRequest(tx, held.person, held.request, body, act)
      return viewOf(tx, request, id, act.now)
    },
  })

  changeRoute(app, deps, 'POST', '/v1/access-requests/:id/withdraw', {
    ...ask,
    operationId: 'withdrawAccessRequest',
    problems: ['access-request-state', 'not-concerned', 'not-found', 'outside-unit'],
    summary: 'Takes a request back that waits; only who asked may.',
    body: closed({ reason: Reason }),
    answer: AccessRequestView,
    apply: async (tx, { request, params: { id }, body: { reason }, expected, act }) => {
      await viewOf(tx, request, id, act.now)
      await endRequest(tx, { id, state: 'withdrawn', reason }, principalOf(request), expected, act)
      return viewOf(tx, request, id, act.now)
    },
  })
}

function decidingRoutes(app: App, deps: Committer): void {
  const decide = { access: 'access-request.decide', approves: true, clauses, tags } as const
  changeRoute(app, deps, 'POST', '/v1/access-requests/:id/approve', {
    ...decide,
    operationId: 'approveAccessRequest',
    problems: [
      ...refusals,
      'access-request-changed',
      'access-request-state',
      'administrator-unnamed',
      'last-administrator',
      'user-name-taken',
    ],
    summary: 'Approves the next stage of a request; the last approval puts it in force.',
    description:
      'Nobody approves what he asked for, what is about him, or two stages. `digest` is that of the request as the approver read it. Whoever has several roles acts in the one that the stage asks for.',
    body: closed({
      digest: Type.String({
        pattern: '^[0-9a-f]{64}$',
        description: '`digest` of the request as it was read.',
      }),
    }),
    answer: AccessRequestView,
    apply: async (tx, { request, params: { id }, body: { digest }, expected, act }) => {
      await viewOf(tx, request, id, act.now)
      await approveRequest(tx, { id, digest }, principalOf(request), expected, act)
      return viewOf(tx, request, id, act.now)
    },
  })

  changeRoute(app, deps, 'POST', '/v1/access-requests/:id/reject', {
    ...decide,
    operationId: 'rejectAccessRequest',
    problems: ['access-request-state', 'not-found', 'outside-unit', 'same-person'],
    summary: 'Rejects a request that waits, with a reason; whoever approves one of its stages may.',
    body: closed({ reason: Reason }),
    answer: AccessRequestView,
    apply: async (tx, { request, params: { id }, body: { reason }, expected, act }) => {
      await viewOf(tx, request, id, act.now)
      await endRequest(tx, { id, state: 'rejected', reason }, principalOf(request), expected, act)
      return viewOf(tx, request, id, act.now)
    },
  })
}

/** @throws Problem `not-found`, `outside-unit` */
async function personInRange(tx: EntityManager, request: FastifyRequest, id: string) {
  const person = await lockPerson(tx, id)
  if (person === null)
    throw new Problem('not-found', said(`There is no person ${id}.`, `没有人员 ${id}。`))
  assertReaches(request, person.unitId)
  return person
}

interface RequestFilter {
  readonly id?: string
  readonly state?: AccessRequestState
  readonly kind?: string
  readonly personId?: string
  /** Only requests for people of this unit; `null` for all. */
  readonly unitId: string | null
  readonly after: readonly [at: string | null, id: string | null]
  readonly limit: number
}

/** Requests with the state that they have at an instant: EBS and time have a part in it. */
async function requestsInRange(
  tx: EntityManager,
  { id, state, kind, personId, unitId, after, limit }: RequestFilter,
  at: Date,
): Promise<Static<typeof AccessRequestView>[]> {
  const rows: (Static<typeof AccessRequestView> & { stateNow: AccessRequestState })[] =
    await tx.query(
      `select * from (
       select ${columnsOf(AccessRequestEntity, 'asked')},
              case when asked.state in ('rejected', 'withdrawn') then asked.state
                   when asked.state <> 'approved' then case when expires_at <= $1 then 'expired' else asked.state end
                   when exists (
                     select from provisioning_task task join account on account.id = task.account_id
                      where account.person_id = asked.person_id and task.request_id = asked.applied_in
                        and task.status not in ('done', 'superseded')) then 'approved'
                   else 'applied' end as "stateNow"
         from access_request asked
        where ($2::uuid is null or asked.id = $2) and ($3::text is null or asked.kind = $3)
          and ($4::uuid is null or asked.person_id = $4) and ($5::uuid is null or asked.unit_id = $5)
          and ($6::timestamptz is null or (asked.requested_at, asked.id) > ($6, $7::uuid))) as found
      where $8::text is null or "stateNow" = $8
      order by "requestedAt", id limit $9`,
      [at, id ?? null, kind ?? null, personId ?? null, unitId, ...after, state ?? null, limit],
    )
  return rows.map((row) => ({ ...row, state: row.stateNow }))
}

/** @throws Problem `not-found`, also outside the caller's unit */
async function viewOf(tx: EntityManager, request: FastifyRequest, id: string, at: Date) {
  const only = { id, unitId: unitInRange(request), after: [null, null] as const, limit: 1 }
  const [found] = await requestsInRange(tx, only, at)
  if (found === undefined)
    throw new Problem('not-found', said(`There is no request ${id}.`, `没有申请 ${id}。`))
  return found
}
