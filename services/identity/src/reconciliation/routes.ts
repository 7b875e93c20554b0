import { about, closed, Code, Instant, nullable, Reason, Uuid } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { principalOf, unitInRange } from '@erp-steward/service-kit/authentication'
import type { Committer } from '@erp-steward/service-kit/commit'
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
import { AccountEntity } from '../accounts/account.ts'
import { UserName } from '../accounts/account-change.ts'
import { askForChange } from '../accounts/ask-for-change.ts'
import { userNameLookup } from '../accounts/sealed-user-name.ts'
import { placeFilter } from '../organisation/place-filter.ts'
import { ignoreFinding, unknownFinding } from './decide-finding.ts'
import {
  EbsFindingEntity,
  FindingKind,
  FindingState,
  FindingView,
  viewOfFinding,
  type EbsFinding,
} from './ebs-finding.ts'
import { EbsStateView, ebsStateOf } from './ebs-state.ts'
import { endFinding, restoreFinding } from './mend-finding.ts'
import { matchUsers } from './match-users.ts'
import { matchOutcomes } from './rules/match-person.ts'

const findings = '/v1/ebs-findings'
const tags = ['reconciliation']
const clauses = ['A-2.1.2', 'A-2.1.4', 'A-2.2.5', 'A-4.3.4', 'A-4.3.5', 'B-6.2']

/** An account id that nobody has. */
const NOBODY = '00000000-0000-0000-0000-000000000000'

/** How EBS differs from the register, and what becomes of it. */
export function reconciliationRoutes(app: App, deps: Committer): void {
  findingRoutes(app, deps)
  stateRoute(app, deps)
  decisionRoutes(app, deps)
  adoptionRoutes(app, deps)
}

function findingRoutes(app: App, { db, clock }: Committer): void {
  const read = { access: 'reconciliation.read', clauses, tags } as const

  listRoute(app, findings, {
    ...read,
    operationId: 'listEbsFindings',
    problems: ['outside-unit', 'unit-unknown'],
    summary: 'Differences between EBS and the register, the newest first.',
    query: {
      state: Type.Optional(FindingState),
      kind: Type.Optional(FindingKind),
      userName: Type.Optional(about(UserName, 'The whole user name of an account.')),
      unitCode: Type.Optional(about(Code, 'Code of the unit of the person.')),
      seenBy: Type.Optional(about(Uuid, 'The upload that showed it last.')),
    },
    row: FindingView,
    sorting: byInstant('foundAt'),
    list: async ({ request, query: { state, kind, userName, unitCode, seenBy }, ...stretch }) => {
      const unitId = unitInRange(request)
      const {
        after: [at, id],
        limit,
      } = stretch
      const now = clock()
      const query = db.manager
        .createQueryBuilder(EbsFindingEntity, 'finding')
        .orderBy('finding.foundAt', 'DESC')
        .addOrderBy('finding.id', 'DESC')
        .limit(limit)
      if (at !== null) query.andWhere('(finding.foundAt, finding.id) < (:at, :id)', { at, id })
      if (state !== undefined) query.andWhere(`${stateInQuery} = :state`, { state, now })
      if (kind !== undefined) query.andWhere('finding.kind = :kind', { kind })
      if (seenBy !== undefined) query.andWhere('finding.seenBy = :seenBy', { seenBy })
      if (unitId !== null) query.andWhere('finding.unitId = :unitId', { unitId })
      if (unitCode !== undefined) {
        const { unitId: named } = await placeFilter(db.manager, { unitCode })
        query.andWhere('finding.unitId = :named', { named })
      }
      if (userName !== undefined) {
        const lookup = userNameLookup(db.manager, userName)
        const account = await db.manager.findOneBy(AccountEntity, { userNameLookup: lookup })
        query.andWhere('finding.accountId = :account', { account: account?.id ?? NOBODY })
      }
      return (await query.getMany()).map((each) => shown(request, db.manager, each, now))
    },
  })

  readRoute(app, `${findings}/:id`, {
    ...read,
    operationId: 'readEbsFinding',
    problems: ['not-found', 'outside-unit'],
    summary: 'One difference, with what was decided and what closed it.',
    answer: FindingView,
    read: async ({ request, params: { id } }) => {
      const own = unitInRange(request)
      const found = await db.manager.findOneBy(EbsFindingEntity, { id })
      if (found === null || (own !== null && found.unitId !== own)) throw unknownFinding(id)
      return shown(request, db.manager, found, clock())
    },
  })
}

/** What is known of the user of one account. */
function stateRoute(app: App, { db }: Committer): void {
  readRoute(app, '/v1/accounts/:id/ebs-state', {
    access: 'reconciliation.read',
    clauses: ['A-2.1.4', 'A-4.3.4'],
    tags,
    operationId: 'readEbsState',
    problems: ['not-found', 'outside-unit'],
    summary: 'How the user of an account stood in EBS when it was read last.',
    answer: EbsStateView,
    read: ({ request, params: { id } }) => ebsStateOf(db.manager, id, unitInRange(request)),
  })
}

/** The state at `:now`: what is left alone for a time is open again after it, as `stateOf` says. */
const stateInQuery = `case when finding.state = 'open' and finding.ignoredUntil > :now then 'ignored' else finding.state end`

function decisionRoutes(app: App, deps: Committer): void {
  const handle = {
    access: 'reconciliation.handle',
    clauses: ['A-2.1.2', 'A-2.1.4', 'A-4.3.5'],
    tags,
    answer: FindingView,
  } as const
  const body = closed({ reason: Reason })

  changeRoute(app, deps, 'POST', `${findings}/:id/end`, {
    ...handle,
    operationId: 'endEbsFinding',
    problems: ['finding-state', 'not-found', 'same-person'],
    summary: 'Ends in EBS what should not be there: queues the task for the middleware.',
    description:
      'For `unknown-account`, `generic-name`, `not-disabled`, `reopened` and `unapproved-grant`. It closes when a later upload no longer shows it.',
    body,
    apply: async (tx, { request, params: { id }, body: { reason }, expected, act }) =>
      shown(request, tx, await endFinding(tx, { id, reason }, expected, act), act.now),
  })

  changeRoute(app, deps, 'POST', `${findings}/:id/restore`, {
    ...handle,
    operationId: 'restoreEbsFinding',
    problems: ['finding-state', 'not-found', 'same-person'],
    summary: 'Gives EBS again what it lacks and was approved: queues the tasks.',
    description:
      'For `missing-account` and `missing-grant`, while it is approved still, and for `profile-option`, which is set as the parameters ask.',
    body,
    apply: async (tx, { request, params: { id }, body: { reason }, expected, act }) =>
      shown(request, tx, await restoreFinding(tx, { id, reason }, expected, act), act.now),
  })

  changeRoute(app, deps, 'POST', `${findings}/:id/ignore`, {
    ...handle,
    access: 'reconciliation.ignore',
    approves: true,
    operationId: 'ignoreEbsFinding',
    problems: ['finding-state', 'not-found', 'same-person'],
    summary: 'Leaves a difference alone for at most 90 days, with a reason.',
    description: 'Nobody does so for himself. After it the difference is open again by itself.',
    body: closed({
      until: about(Instant, 'From then on it is open again; at most 90 days from now.'),
      reason: Reason,
    }),
    apply: async (tx, { request, params: { id }, body, expected, act }) => {
      const command = { id, until: new Date(body.until), reason: body.reason }
      return shown(request, tx, await ignoreFinding(tx, command, expected, act), act.now)
    },
  })
}

const MatchedUserView = Type.Object(
  {
    findingId: about(Uuid, 'The difference of kind `unknown-account`.'),
    userName: Type.String({ description: 'User of EBS.' }),
    outcome: Type.Enum([...matchOutcomes], {
      title: 'EbsAdoptionOutcome',
      description:
        '`matched`: one active person without an account; `nobody`: no active person has its number or address; `ambiguous`: several have, or it is one of several users of a person; `has-account`: the person has an account of another name; `name-unusable`: its name cannot be one of an account here.',
    }),
    personId: nullable(Uuid, 'Whose user it is; null: nobody, or not one alone.'),
    by: nullable(
      Type.Enum(['employee-number', 'email']),
      'By what the person was found; null: by nothing.',
    ),
  },
  { title: 'MatchedEbsUser' },
)

const AdoptionView = Type.Object(
  {
    dryRun: Type.Boolean({ description: 'Whether nothing was asked for.' }),
    changeId: nullable(
      Uuid,
      'The account change of kind `adopt-ebs-users` that waits for its approval; null: a dry run, or nobody matched.',
    ),
    rows: Type.Array(MatchedUserView, { description: 'What became of each user.' }),
    next: nullable(Uuid, '`after` of the next call; null: these were the last.'),
  },
  { title: 'EbsAdoption' },
)

/** Users to look at in one call, which become one account change. */
const MOST_ADOPTED = 500

function adoptionRoutes(app: App, deps: Committer): void {
  createRoute(app, deps, '/v1/ebs-adoptions', {
    access: 'reconciliation.adopt',
    clauses: ['A-2.1.1', 'A-2.1.2'],
    tags,
    operationId: 'adoptEbsUsers',
    problems: ['finding-state', 'person-unknown', 'same-person', 'outside-unit'],
    summary: 'Finds whose the unknown users of EBS are, and asks for their adoption.',
    description:
      'By employee number and mail address, for at most 500 users whose difference is open, in the order of their ids. Those that match become one account change of kind `adopt-ebs-users`; when the security administrator has approved it, each person has the account with the rights of the position, and EBS is not touched. A single user is adopted by asking for such a change.',
    body: closed({
      dryRun: Type.Boolean({ description: 'Only tells whose they are.' }),
      limit: Type.Integer({
        minimum: 1,
        maximum: MOST_ADOPTED,
        default: MOST_ADOPTED,
        description: 'Most users to look at.',
      }),
      after: Type.Optional(about(Uuid, '`next` of the call before.')),
      reason: Reason,
    }),
    answer: AdoptionView,
    located: false,
    create: async (tx, { body: { dryRun, limit, after = null, reason }, act }) => {
      const rows = await matchUsers(tx, { after, limit }, act)
      const users = rows.flatMap(({ findingId, personId, outcome }) =>
        outcome === 'matched' && personId !== null ? [{ findingId, personId }] : [],
      )
      const command = { kind: 'adopt-ebs-users', users } as const
      const change =
        dryRun || users.length === 0 ? null : await askForChange(tx, command, reason, act)
      const next = rows.length < limit ? null : (rows.at(-1)?.findingId ?? null)
      return { dryRun, changeId: change?.id ?? null, rows, next }
    },
  })
}

/** What the caller may see of a difference. */
const shown = (request: FastifyRequest, tx: EntityManager, finding: EbsFinding, now: Date) =>
  viewOfFinding(tx, finding, now, principalOf(request).permissions.has('person.read-sensitive'))
