import {
  about,
  closed,
  Instant,
  InstantOut,
  Line,
  Reason,
  Uuid,
} from '@erp-steward/contracts/values'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import type { App } from '@erp-steward/service-kit/app'
import { actOf } from '@erp-steward/service-kit/authentication'
import type { Committer } from '@erp-steward/service-kit/commit'
import { byInstant } from '@erp-steward/service-kit/paging'
import { changeRoute, listRoute, readRoute } from '@erp-steward/service-kit/route-shapes'
import { Type } from 'typebox'
import { AccountCaseEntity, AccountCaseView, CaseKind, CaseState } from './account-case.ts'
import { AccountSignalEntity, AccountSignalView } from './account-signal.ts'
import { decideCase } from './decide-case.ts'
import { reportTheft } from './report-theft.ts'

const tags = ['account cases']

/** What becomes of a report, for whoever made it. */
const TheftReceipt = Type.Object(
  {
    caseId: about(Uuid, 'The case: quote it when you call.'),
    accountId: about(Uuid, 'The account that was reported.'),
    frozen: Type.Boolean({
      description: 'Whether the account is shut; false: the security administrator has to do it.',
    }),
    reportedAt: about(InstantOut, 'When it was reported first.'),
  },
  { title: 'TheftReceipt' },
)

/** Signs that a case shows, the newest first; the audit ledger has all. */
const SHOWN_SIGNALS = 100

const AccountCaseFile = Type.Object(
  {
    ...AccountCaseView.properties,
    signals: Type.Array(AccountSignalView, {
      description: `What speaks for it, the newest first, at most ${String(SHOWN_SIGNALS)}.`,
    }),
  },
  { title: 'AccountCaseFile' },
)

/** Reports of theft, and the cases about accounts. */
export function detectionRoutes(app: App, deps: Committer): void {
  reportRoute(app, deps)
  caseRoutes(app, deps)
}

/** One call for whoever has lost a password: no id of a case, no version, and twice is as good as once. */
function reportRoute(app: App, { db, clock }: Committer): void {
  app.post('/v1/theft-reports', {
    config: { access: 'account.report-theft', clauses: ['A-2.1.7'] },
    schema: {
      operationId: 'reportTheft',
      problems: ['account-unknown'],
      summary: 'Says that an account is stolen or at risk: it is shut at once; may be repeated.',
      description:
        'Ends its sessions, opens a case and a ticket. Whoever reports accounts of others shuts at most three in a day; what is reported beyond that is shut by whoever decides the case.',
      tags,
      body: Type.Union([
        closed({ reason: Reason }),
        closed({ accountId: about(Uuid, 'Whose, if not the own one.'), reason: Reason }),
        closed({
          userName: about(Line(100), 'Whose, if not the own one, as the owner signs in.'),
          reason: Reason,
        }),
      ]),
      response: { 200: TheftReceipt },
    },
    handler: async (request) => {
      const { reason, ...named } = request.body
      const account = 'accountId' in named || 'userName' in named ? named : null
      const act = actOf(request, clock())
      return db.transaction(async (tx) => {
        const { id: caseId, accountId, openedAt } = await reportTheft(tx, { account, reason }, act)
        const active: unknown[] = await tx.query(
          `select from account where id = $1 and status = 'active'`,
          [accountId],
        )
        return { caseId, accountId, frozen: active.length === 0, reportedAt: openedAt }
      })
    },
  })
}

function caseRoutes(app: App, deps: Committer): void {
  const { db } = deps
  const cases = '/v1/account-cases'
  const read = {
    access: 'account-case.read',
    clauses: ['A-2.1.6', 'A-2.1.7', 'A-2.1.8', 'A-2.2.2'],
    tags,
  } as const

  listRoute(app, cases, {
    ...read,
    operationId: 'listAccountCases',
    summary: 'Cases of theft and lending, the newest first; they are kept for ever.',
    query: {
      state: Type.Optional(CaseState),
      kind: Type.Optional(CaseKind),
      accountId: Type.Optional(about(Uuid, 'Only about this account.')),
    },
    row: AccountCaseView,
    sorting: byInstant('openedAt'),
    list: ({ query: { state, kind, accountId }, after: [at, id], limit }) => {
      const query = db.manager
        .createQueryBuilder(AccountCaseEntity, 'each')
        .orderBy('each.openedAt', 'DESC')
        .addOrderBy('each.id', 'DESC')
        .limit(limit)
      if (at !== null) query.andWhere('(each.openedAt, each.id) < (:at, :id)', { at, id })
      if (state !== undefined) query.andWhere('each.state = :state', { state })
      if (kind !== undefined) query.andWhere('each.kind = :kind', { kind })
      if (accountId !== undefined) query.andWhere('each.accountId = :accountId', { accountId })
      return query.getMany()
    },
  })

  readRoute(app, `${cases}/:id`, {
    ...read,
    operationId: 'readAccountCase',
    problems: ['not-found'],
    summary: 'One case with its decision, and the signs that speak for it.',
    answer: AccountCaseFile,
    read: async ({ params: { id } }) => {
      const found = await db.manager.findOneBy(AccountCaseEntity, { id })
      if (found === null)
        throw new Problem('not-found', said(`There is no case ${id}.`, `没有事项 ${id}。`))
      const signals = await db.manager.find(AccountSignalEntity, {
        where: { caseId: id },
        order: { at: 'DESC', id: 'ASC' },
        take: SHOWN_SIGNALS,
      })
      return { ...found, signals }
    },
  })

  changeRoute(app, deps, 'POST', `${cases}/:id/decide`, {
    operationId: 'decideAccountCase',
    problems: ['account-case-decided', 'administrator-unnamed', 'not-found', 'same-person'],
    summary: 'Says whether it was so; only then the account can be released.',
    description:
      'Of a theft the passwords and the second factor of the account end, whatever it was, and of a lending that is confirmed: unfreeze the account, then issue another. A lending that is confirmed counts in the assessment.',
    tags,
    access: 'account-case.decide',
    approves: true,
    clauses: ['A-2.1.6', 'A-2.1.8', 'A-2.2.2', 'A-4.3.5'],
    body: closed({
      decision: Type.Enum(['confirmed', 'dismissed'], {
        description: '`confirmed`: the account was stolen or lent; `dismissed`: it was not.',
      }),
      reason: Reason,
      lastGoodAt: Type.Optional(
        about(
          Instant,
          'Time of the last sign-in known to be good, from which on the ledger was looked through; a theft needs it.',
        ),
      ),
    }),
    answer: AccountCaseView,
    apply: (tx, { params, body: { decision, reason, lastGoodAt }, expected, act }) => {
      const good = lastGoodAt === undefined ? null : new Date(lastGoodAt)
      const command = { caseId: params.id, decision, reason, lastGoodAt: good }
      return decideCase(tx, command, expected, act)
    },
  })
}
