import { Paragraph, Uuid } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { actOf, principalOf } from '@erp-steward/service-kit/authentication'
import { Problem } from '@erp-steward/contracts/problem'
import { Type } from 'typebox'
import type { DataSource } from 'typeorm'
import { AccountEntity } from '../accounts/account.ts'
import { changePassword } from './change-password.ts'
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

/** The own password, and the end of a lock. */
export function credentialRoutes(
  app: App,
  { db, clock }: { readonly db: DataSource; readonly clock: () => Date },
): void {
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
      if (sessionId === null) throw new Problem('not-found', 'A client has no password.')
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
        throw new Problem('account-unknown', `There is no account ${accountId}.`)
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
