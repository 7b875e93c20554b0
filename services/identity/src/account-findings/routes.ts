import { about, closed, Instant, Reason, Uuid } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { unitInRange } from '@erp-steward/service-kit/authentication'
import type { Committer } from '@erp-steward/service-kit/commit'
import { byInstant } from '@erp-steward/service-kit/paging'
import { changeRoute, listRoute, readRoute } from '@erp-steward/service-kit/route-shapes'
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'
import { acceptFinding, unknownAccountFinding } from './accept-finding.ts'
import { AccountFindingKind, AccountFindingState, AccountFindingView } from './account-finding.ts'
import { accountFindingsInRange } from './findings-in-range.ts'

const tags = ['accounts']
const clauses = ['A-2.1.4', 'A-2.2.1']
const read = { access: 'account-finding.read', clauses, tags } as const

/** Accounts that nobody uses, that belong to nobody, or whose name tells of nobody. */
export function accountFindingRoutes(app: App, deps: Committer): void {
  const { db, clock } = deps

  listRoute(app, '/v1/account-findings', {
    ...read,
    operationId: 'listAccountFindings',
    problems: ['outside-unit'],
    summary:
      'Dormant and orphan accounts and generic names, in the order they were found; of the own unit for callers of a unit.',
    description:
      'Looked for every day. A dormant account is warned of, shut and ended by itself, after `identity.dormant.warn_after`, `lock_after` and `end_after` without use here and in EBS, never without seven days between two steps. Of who has a user in EBS nothing is said unless the middleware tells when users signed in there.',
    query: {
      kind: Type.Optional(AccountFindingKind),
      state: Type.Optional(AccountFindingState),
      stage: Type.Optional(
        Type.Enum(['warned', 'locked', 'ended'], { description: 'How far a dormant account is.' }),
      ),
      accountId: Type.Optional(about(Uuid, 'The account.')),
    },
    row: AccountFindingView,
    sorting: byInstant('foundAt'),
    list: ({ request, query, ...stretch }) =>
      accountFindingsInRange(
        db.manager,
        { ...query, unitId: unitInRange(request), ...stretch },
        clock(),
      ),
  })

  readRoute(app, '/v1/account-findings/:id', {
    ...read,
    operationId: 'readAccountFinding',
    problems: ['not-found', 'outside-unit'],
    summary: 'What was found of one account.',
    answer: AccountFindingView,
    read: ({ request, params: { id } }) => viewOf(db.manager, request, id, clock()),
  })

  changeRoute(app, deps, 'POST', '/v1/account-findings/:id/accept', {
    operationId: 'acceptAccountFinding',
    problems: ['finding-state', 'not-found', 'outside-unit', 'same-person'],
    summary: 'Leaves an orphan or a generic name alone for at most 90 days, with a reason.',
    description: 'Nobody does so for himself. After it the finding is open again by itself.',
    tags,
    access: 'account-finding.accept',
    approves: true,
    clauses,
    body: closed({
      until: about(Instant, 'From then on it is open again; at most 90 days from now.'),
      reason: Reason,
    }),
    answer: AccountFindingView,
    apply: async (tx, { request, params: { id }, body: { until, reason }, expected, act }) => {
      await acceptFinding(tx, { id, until: new Date(until), reason }, expected, act)
      return viewOf(tx, request, id, act.now)
    },
  })
}

/** @throws Problem `not-found`, also outside the caller's unit */
async function viewOf(tx: EntityManager, request: FastifyRequest, id: string, at: Date) {
  const only = { id, unitId: unitInRange(request), after: [null, null] as const, limit: 1 }
  const [found] = await accountFindingsInRange(tx, only, at)
  if (found === undefined) throw unknownAccountFinding(id)
  return found
}
