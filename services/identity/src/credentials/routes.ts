import type { Act } from '@erp-steward/contracts/act'
import { InstantOut, nullable, Paragraph, Uuid } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { actOf, principalOf, unitInRange } from '@erp-steward/service-kit/authentication'
import { decodeInstantCursor, page, pageOf, PageQuery } from '@erp-steward/service-kit/paging'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { Type } from 'typebox'
import type { DataSource, EntityManager } from 'typeorm'
import { AccountEntity } from '../accounts/account.ts'
import { unstored } from '../sessions/unstored.ts'
import { changePassword } from './change-password.ts'
import { confirmIdentity } from './confirm-identity.ts'
import { credentialResets } from './credential-resets.ts'
import { issueFirstHalf, issueSecondHalf } from './issue-half.ts'
import { issueHalves, MOST_HALVES } from './issue-halves.ts'
import { passwordPolicyOf } from './password-policy-of.ts'
import { LONGEST_PASSWORD } from './rules/password-policy.ts'
import { unlockAccount } from './unlock-account.ts'

const Password = Type.String({ minLength: 1, maxLength: LONGEST_PASSWORD })

const PolicyView = Type.Object({
  profile: Type.Enum(['gbt22239-level3', 'nist-800-63b-4']),
  minLength: Type.Integer({ description: 'In characters (code points).' }),
  classes: Type.Integer({
    description: 'How many of upper case, lower case, digit, special; 0: none asked.',
  }),
  history: Type.Integer({ description: 'How many earlier passwords may not return.' }),
  maxAgeDays: Type.Union([Type.Number(), Type.Null()], {
    description: 'After so many days it must be changed; null: never for its age.',
  }),
  versions: Type.Record(Type.String(), Type.Integer(), {
    description: 'Parameter versions in force; 0: as shipped.',
  }),
})

const IssuedHalf = Type.Object({
  accountId: Uuid,
  half: Type.Enum(['first', 'second']),
  claimCode: Type.String({
    description: 'The password is the first half, a dash and the second half.',
  }),
  expiresAt: InstantOut,
})

const ForMany = Type.Object(
  {
    accountIds: Type.Array(Uuid, { minItems: 1, maxItems: MOST_HALVES, uniqueItems: true }),
  },
  { additionalProperties: false },
)

const HalfOutcomes = Type.Object({
  items: Type.Array(
    Type.Union([
      Type.Object({ ...IssuedHalf.properties, userName: Type.String() }),
      Type.Object(
        { accountId: Uuid, code: Type.String(), detail: Type.String() },
        { description: 'Why there is no half for this account.' },
      ),
    ]),
    { description: 'In the order of `accountIds`.' },
  ),
})

const ResetView = Type.Object({
  id: Uuid,
  accountId: Uuid,
  userName: Type.String(),
  state: Type.Enum(['half-issued', 'issued', 'chosen', 'superseded']),
  firstBy: Type.String(),
  firstRole: Type.String(),
  firstAt: InstantOut,
  secondBy: nullable(Type.String()),
  secondRole: nullable(Type.String()),
  secondAt: nullable(InstantOut),
  expiresAt: InstantOut,
  chosenAt: nullable(InstantOut),
  coolingUntil: nullable(InstantOut),
  confirmedBy: nullable(Type.String()),
  confirmedAt: nullable(InstantOut),
  confirmation: nullable(Type.String()),
})

const ById = Type.Object({ id: Uuid })

interface Options {
  readonly db: DataSource
  readonly clock: () => Date
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
      summary: 'The first half of an initial password, shown this once; alone it opens nothing.',
      description:
        'The second half goes to another person of another role. An administrator is reset by the two others only. What the account has now stays good until the second half is issued.',
      tags: ['credentials'],
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
      summary: 'The second half, shown this once; from now on both together open a session.',
      description:
        'For another person of another role than the first. The password is first half, dash, second half; the earlier one and its sessions are void.',
      tags: ['credentials'],
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
        'As `issueInitialPassword` for each account by itself; what is refused is told beside the others. A first half that is asked for again takes the place of the one before.',
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
      issue: (own: string | null) => (tx: EntityManager, id: string, act: Act) =>
        issueSecondHalf(tx, id, own, act),
    },
  ] as const
  for (const { path, access, operationId, summary, description, issue } of lists)
    app.post(path, {
      config: { access, approves: true, clauses: ['A-2.1.1', 'A-2.2.3'] },
      schema: {
        operationId,
        summary,
        description,
        tags: ['credentials'],
        body: ForMany,
        response: { 200: HalfOutcomes },
      },
      handler: async (request, reply) => {
        const act = actOf(request, clock())
        const one = issue(unitInRange(request))
        const { accountIds } = request.body
        const items = await issueHalves(db, accountIds, (tx, id) => one(tx, id, act))
        return unstored(reply).send({ items })
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
      summary: 'A third person vouches for the owner; the cooling time ends with the next token.',
      tags: ['credentials'],
      params: ById,
      body: Type.Object({ how: Paragraph(500) }, { additionalProperties: false }),
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

  app.get('/v1/credential-resets', {
    config: { access: 'credential-reset.read', clauses: ['A-2.2.3', 'A-4.3.3'] },
    schema: {
      operationId: 'listCredentialResets',
      summary: 'Who issued passwords for whom, oldest first; they are kept for ever.',
      tags: ['credentials'],
      querystring: Type.Object({ ...PageQuery, accountId: Type.Optional(Uuid) }),
      response: { 200: pageOf(ResetView) },
    },
    handler: async ({ query: { limit, cursor, accountId } }) => {
      const after = decodeInstantCursor(cursor)
      const rows = await credentialResets(db.manager, { accountId, after, limit: limit + 1 })
      return page(rows, limit, ({ firstAt, id }) => [firstAt.toISOString(), id])
    },
  })
}

function ownRoutes(app: App, { db, clock }: Options): void {
  app.put(
    '/v1/accounts/me/password',
    {
      config: {
        access: 'password.change',
        clauses: ['A-2.1.5', 'A-2.2.3', 'A-2.2.4', 'A-2.2.5'],
      },
      schema: {
        operationId: 'changeOwnPassword',
        summary: 'Changes the own password; every other session of the account ends.',
        tags: ['credentials'],
        body: Type.Object(
          { currentPassword: Password, newPassword: Password },
          { additionalProperties: false },
        ),
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) => {
      const { actor: accountId, sessionId } = principalOf(request)
      if (sessionId === null)
        throw new Problem('not-found', said('A client has no password.', '客户端没有密码。'))
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
        summary: 'The rules for the own password.',
        tags: ['credentials'],
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
      const { maxAgeMs, ...policy } = await passwordPolicyOf(db.manager, account, clock())
      return { ...policy, maxAgeDays: maxAgeMs === null ? null : maxAgeMs / 86_400_000 }
    },
  )

  app.post(
    '/v1/accounts/:id/unlock',
    {
      config: { access: 'account.unlock', approves: true, clauses: ['A-2.2.2', 'A-4.2.4'] },
      schema: {
        operationId: 'unlockAccount',
        summary: 'Ends a lock after failed sign-ins; may be repeated.',
        tags: ['credentials'],
        params: Type.Object({ id: Uuid }),
        body: Type.Object({ reason: Paragraph(500) }, { additionalProperties: false }),
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
