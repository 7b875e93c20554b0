import type { Act } from '@erp-steward/contracts/act'
import { about, closed, Paragraph, Reason, Uuid } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { actOf, principalOf, unitInRange } from '@erp-steward/service-kit/authentication'
import { inLanguage, languageOf } from '@erp-steward/service-kit/language'
import { byInstant } from '@erp-steward/service-kit/paging'
import { listRoute, PathId } from '@erp-steward/service-kit/route-shapes'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { Type } from 'typebox'
import type { DataSource, EntityManager } from 'typeorm'
import { AccountEntity } from '../accounts/account.ts'
import { unstored } from '../sessions/unstored.ts'
import { isInDirectory, type CompanyDirectory } from '../company-directory/company-directory.ts'
import { changePassword } from './change-password.ts'
import { confirmIdentity } from './confirm-identity.ts'
import { ResetView } from './credential-reset.ts'
import { credentialResets } from './credential-resets.ts'
import { IssuedHalf, issueFirstHalf, issueSecondHalf } from './issue-half.ts'
import { HalfOutcomes, issueHalves, MOST_HALVES, SealedHalfOutcomes } from './issue-halves.ts'
import { passwordPolicyOf } from './password-policy-of.ts'
import { PoliciesView, policiesOf, PolicyView, policyView } from './policy-view.ts'
import { LONGEST_PASSWORD } from './rules/password-policy.ts'
import { readSealingKey, sealHalf, SealingKey } from './seal-half.ts'
import { byAccount, SignInLock, signInLocks } from './sign-in-locks.ts'
import { unlockAccount } from './unlock-account.ts'

const Password = Type.String({ minLength: 1, maxLength: LONGEST_PASSWORD })

const accountIds = Type.Array(Uuid, {
  minItems: 1,
  maxItems: MOST_HALVES,
  uniqueItems: true,
  description: `The accounts, at most ${String(MOST_HALVES)}, each once.`,
})
const ForMany = closed({ accountIds, sealTo: Type.Optional(SealingKey) })
const ForAgent = closed({ accountIds, sealTo: SealingKey })

const tags = ['credentials']
const ById = Type.Object({ id: PathId })

interface Options {
  readonly db: DataSource
  readonly clock: () => Date
  readonly directory: CompanyDirectory | null
}

/** The own password, the end of a lock, and passwords that others issue in halves. */
export function credentialRoutes(app: App, options: Options): void {
  ownRoutes(app, options)
  resetRoutes(app, options)
}

function resetRoutes(app: App, { db, clock }: Options): void {
  app.post('/v1/accounts/:id/initial-password', {
    config: {
      access: 'account.issue-password',
      approves: true,
      clauses: ['A-2.1.1', 'A-2.2.3'],
    },
    schema: {
      operationId: 'issueInitialPassword',
      problems: [
        'account-state',
        'administrator-unnamed',
        'half-not-for-role',
        'not-found',
        'same-person',
      ],
      summary: 'The first half of an initial password, shown this once; alone it opens nothing.',
      description:
        'The second half goes to another person of another role. An administrator is reset by the two others only. What the account has now stays good until the second half is issued.',
      tags,
      params: ById,
      response: { 202: IssuedHalf },
    },
    handler: async (request, reply) => {
      const act = actOf(request, clock())
      const half = await db.transaction((tx) => issueFirstHalf(tx, request.params.id, act))
      return unstored(reply).code(202).send(half)
    },
  })

  app.post('/v1/accounts/:id/initial-password/second-half', {
    config: {
      access: 'account.complete-password',
      approves: true,
      clauses: ['A-2.1.1', 'A-2.2.3'],
    },
    schema: {
      operationId: 'completeInitialPassword',
      problems: [
        'account-state',
        'account-unknown',
        'administrator-unnamed',
        'first-half-missing',
        'half-not-for-role',
        'not-found',
        'outside-unit',
        'same-person',
      ],
      summary: 'The second half, shown this once; from now on both together open a session.',
      description:
        'For another person of another role than the first. The password is first half, dash, second half; the earlier one and its sessions are void.',
      tags,
      params: ById,
      response: { 201: IssuedHalf },
    },
    handler: async (request, reply) => {
      const act = actOf(request, clock())
      const own = unitInRange(request)
      const half = await db.transaction((tx) => issueSecondHalf(tx, request.params.id, own, act))
      return unstored(reply).code(201).send(half)
    },
  })

  const lists = [
    {
      path: '/v1/accounts/initial-passwords',
      access: 'account.issue-password',
      operationId: 'issueInitialPasswords',
      summary: 'First halves of initial passwords for many accounts, each shown this once.',
      description:
        'As `issueInitialPassword` for each account by itself; what is refused is told beside the others. A first half that is asked for again takes the place of the one before. With `sealTo` nobody but the holder of its private key reads them.',
      issue: () => issueFirstHalf,
    },
    {
      path: '/v1/accounts/initial-passwords/second-halves',
      access: 'account.complete-password',
      operationId: 'completeInitialPasswords',
      summary:
        'Second halves for many accounts, each shown this once, for another person of another role.',
      description:
        'As `completeInitialPassword` for each account by itself. The two lists reach the owners by two ways. If the answer is lost, both halves are asked for again.',
      issue: (own: string | null) => (tx: EntityManager, id: string, act: Act, key?: string) =>
        issueSecondHalf(tx, id, own, act, key),
    },
  ] as const
  for (const { path, access, operationId, summary, description, issue } of lists)
    app.post(path, {
      config: { access, approves: true, clauses: ['A-2.1.1', 'A-2.2.3'] },
      schema: {
        operationId,
        summary,
        description,
        tags,
        body: ForMany,
        response: { 200: HalfOutcomes },
      },
      handler: async (request, reply) => {
        const act = actOf(request, clock())
        const one = issue(unitInRange(request))
        const { accountIds, sealTo } = request.body
        const to = sealTo === undefined ? null : readSealingKey(sealTo)
        const items = await issueHalves(db, accountIds, async (tx, id) => {
          const half = await one(tx, id, act, to?.fingerprint)
          return to === null ? half : sealHalf(half, to)
        })
        return unstored(reply).send({ items: inLanguage(items, languageOf(request)) })
      },
    })

  app.post('/v1/accounts/initial-passwords/sealed-second-halves', {
    config: {
      access: 'account.deliver-password',
      clauses: ['A-2.1.1', 'A-2.2.3'],
    },
    schema: {
      operationId: 'deliverInitialPasswords',
      summary:
        'Sealed second halves of first passwords for a program that sends them on, each once.',
      description:
        'For newcomers whose first half an administrator has made, who has no part in the program. Whoever has chosen a password before is reset by people. As `completeInitialPassword` for each account by itself. If the answer is lost, both halves are asked for again.',
      tags: ['credentials'],
      body: ForAgent,
      response: { 200: SealedHalfOutcomes },
    },
    handler: async (request, reply) => {
      const act = actOf(request, clock())
      const own = unitInRange(request)
      const to = readSealingKey(request.body.sealTo)
      const items = await issueHalves(db, request.body.accountIds, async (tx, id) =>
        sealHalf(await issueSecondHalf(tx, id, own, act, to.fingerprint), to),
      )
      return unstored(reply).send({ items: inLanguage(items, languageOf(request)) })
    },
  })

  app.post('/v1/accounts/:id/confirm-identity', {
    config: {
      access: 'account.confirm-identity',
      approves: true,
      clauses: ['A-2.1.1', 'A-2.2.3'],
    },
    schema: {
      operationId: 'confirmIdentity',
      problems: [
        'account-not-cooling',
        'administrator-unnamed',
        'half-not-for-role',
        'not-found',
        'outside-unit',
        'same-person',
      ],
      summary: 'A third person vouches for the owner; the cooling time ends with the next token.',
      tags,
      params: ById,
      body: closed({
        how: about(Paragraph(500), 'How the identity was confirmed, in at most 500 characters.'),
      }),
      response: { 204: Type.Null() },
    },
    handler: async (request, reply) => {
      const command = { accountId: request.params.id, how: request.body.how }
      const act = actOf(request, clock())
      const own = unitInRange(request)
      await db.transaction((tx) => confirmIdentity(tx, command, own, act))
      return reply.code(204).send(null)
    },
  })

  listRoute(app, '/v1/credential-resets', {
    operationId: 'listCredentialResets',
    summary: 'Who issued passwords for whom, oldest first; they are kept for ever.',
    tags,
    access: 'credential-reset.read',
    clauses: ['A-2.2.3', 'A-4.3.3'],
    query: { accountId: Type.Optional(about(Uuid, 'Whose password it was.')) },
    row: ResetView,
    sorting: byInstant('firstAt'),
    list: ({ query: { accountId }, after, limit }) =>
      credentialResets(db.manager, { accountId, after, limit }),
  })
}

function ownRoutes(app: App, { db, clock, directory }: Options): void {
  app.put(
    '/v1/accounts/me/password',
    {
      config: {
        access: 'password.change',
        clauses: ['A-2.1.5', 'A-2.2.3', 'A-2.2.4', 'A-2.2.5'],
      },
      schema: {
        operationId: 'changeOwnPassword',
        problems: [
          'account-unknown',
          'not-found',
          'password-changed-meanwhile',
          'password-in-directory',
          'password-refused',
          'sign-in-locked',
          'sign-in-refused',
        ],
        summary: 'Changes the own password; every other session of the account ends.',
        tags,
        body: closed({
          currentPassword: about(Password, 'The password that is in force.'),
          newPassword: about(Password, 'Another one, by the rules of `readOwnPasswordPolicy`.'),
        }),
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) => {
      const { actor: accountId, sessionId } = principalOf(request)
      if (sessionId === null)
        throw new Problem('not-found', said('A client has no password.', '客户端没有密码。'))
      const account = await db.manager.findOneBy(AccountEntity, { id: accountId })
      if (account !== null && isInDirectory(directory, account))
        throw new Problem(
          'password-in-directory',
          said('Your password is that of the company directory.', '您的密码由公司目录服务管理。'),
        )
      await changePassword(
        db,
        { accountId, sessionId, ...request.body, sourceIp: request.ip },
        actOf(request, clock()),
      )
      return reply.code(204).send(null)
    },
  )

  app.get(
    '/v1/accounts/me/password-policy',
    {
      config: { access: 'password.change', clauses: ['A-2.2.4', 'A-2.2.5'] },
      schema: {
        operationId: 'readOwnPasswordPolicy',
        problems: ['account-unknown'],
        summary: 'The rules for the own password.',
        tags,
        response: { 200: PolicyView },
      },
    },
    async (request) => {
      const { actor: accountId } = principalOf(request)
      const account = await db.manager.findOneBy(AccountEntity, { id: accountId })
      if (account === null)
        throw new Problem(
          'account-unknown',
          said(`There is no account ${accountId}.`, `没有账号 ${accountId}。`),
        )
      return policyView(await passwordPolicyOf(db.manager, account, clock()))
    },
  )

  app.get(
    '/v1/password-policy',
    {
      config: { access: 'signed-in', clauses: ['A-2.2.4', 'A-2.2.5'] },
      schema: {
        operationId: 'readPasswordPolicy',
        summary: 'The rules for passwords in force, and where they deviate from either standard.',
        description:
          'GB/T 22239 and NIST SP 800-63B-4 contradict each other: no rules keep both. The parameter `identity.password.profile` says which one is followed; what of the other is not kept is listed, and what the regulation asks for against both.',
        tags,
        response: { 200: PoliciesView },
      },
    },
    async (request) => {
      const policies = await policiesOf(db.manager, principalOf(request).unitId, clock())
      return inLanguage(policies, languageOf(request))
    },
  )

  listRoute(app, '/v1/accounts/sign-in-locks', {
    operationId: 'listSignInLocks',
    problems: ['outside-unit'],
    summary: 'Where accounts cannot be signed in to after failed attempts, by account.',
    description:
      'Five failures at a place or a known device lock it for 30 minutes, twenty at unknown places lock all of those, the third lock of a day holds until somebody unlocks (parameters `identity.lockout.*`).',
    tags,
    access: 'session.read',
    clauses: ['A-2.2.2', 'A-4.2.4'],
    query: { accountId: Type.Optional(about(Uuid, 'Of this account only.')) },
    row: SignInLock,
    sorting: byAccount,
    list: ({ request, query: { accountId }, ...stretch }) =>
      signInLocks(db.manager, { accountId, unitId: unitInRange(request), ...stretch }, clock()),
  })

  app.post(
    '/v1/accounts/:id/unlock',
    {
      config: { access: 'account.unlock', approves: true, clauses: ['A-2.2.2', 'A-4.2.4'] },
      schema: {
        operationId: 'unlockAccount',
        problems: ['account-unknown', 'administrator-unnamed', 'same-person'],
        summary: 'Ends all locks of an account after failed sign-ins; may be repeated.',
        tags,
        params: ById,
        body: closed({ reason: Reason }),
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) => {
      const command = { accountId: request.params.id, reason: request.body.reason }
      const act = actOf(request, clock())
      await db.transaction((tx) => unlockAccount(tx, command, act))
      return reply.code(204).send(null)
    },
  )
}
