import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { InstantOut, nullable } from '@erp-steward/contracts/values'
import { Type, type Static } from 'typebox'
import { IsNull, type DataSource, type EntityManager } from 'typeorm'
import { AccountEntity, type Account } from '../accounts/account.ts'
import { SessionEntity } from '../sessions/session.ts'
import { liveFactor } from './prove-factor.ts'
import { beginsUntil } from './rules/begun-factor.ts'
import { requirementOf } from './requirement.ts'
import { SecondFactorEntity } from './second-factor.ts'
import { recoveryCodesLeft } from './state-second-factor.ts'

export const OwnSecondFactor = Type.Object(
  {
    required: Type.Boolean({ description: 'Whether the own account has to have one.' }),
    setUpAt: nullable(InstantOut, 'Since when sign-ins ask for a code; null: they do not.'),
    begunUntil: nullable(
      InstantOut,
      'Until when the secret that was made last can be confirmed; null: none waits.',
    ),
    recoveryCodesLeft: Type.Integer({
      minimum: 0,
      maximum: 10,
      description: 'Recovery codes that were not used yet.',
    }),
    provedAt: nullable(
      InstantOut,
      'When a code was typed last in this session; null: never in this one.',
    ),
  },
  { title: 'OwnSecondFactor' },
)
export type OwnSecondFactor = Static<typeof OwnSecondFactor>

/** What the own account has besides its password. */
export async function ownSecondFactor(
  db: DataSource,
  { accountId, sessionId }: { accountId: string; sessionId: string },
  unitId: string | null,
  now: Date,
): Promise<OwnSecondFactor> {
  const account = await db.manager.findOneBy(AccountEntity, { id: accountId })
  const live = await liveFactor(db.manager, accountId)
  const begun = await db.manager.findOneBy(SecondFactorEntity, {
    accountId,
    confirmedAt: IsNull(),
    endedAt: IsNull(),
  })
  const session = await db.manager.findOneBy(SessionEntity, { id: sessionId })
  const until = begun === null ? null : beginsUntil(begun.startedAt)
  return {
    required: account !== null && (await requirementOf(db.manager, account, unitId, now)).isBound,
    setUpAt: live?.confirmedAt ?? null,
    begunUntil: until !== null && now < until ? until : null,
    recoveryCodesLeft: live === null ? 0 : await recoveryCodesLeft(db.manager, live.id),
    provedAt: session?.secondFactorAt ?? null,
  }
}

/**
 * The account, whose sign-ins and changes queue up here.
 *
 * @throws Problem `account-unknown`
 */
export async function lockOwnAccount(tx: EntityManager, id: string): Promise<Account> {
  const account = await tx.findOne(AccountEntity, {
    where: { id, status: 'active' },
    lock: { mode: 'pessimistic_write' },
  })
  if (account === null)
    throw new Problem('account-unknown', said(`There is no account ${id}.`, `没有账号 ${id}。`))
  return account
}
