import { randomUUID } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { about, InstantOut } from '@erp-steward/contracts/values'
import type { Seal } from '@erp-steward/service-kit/seal'
import { Type, type Static } from 'typebox'
import { IsNull, type DataSource, type EntityManager } from 'typeorm'
import type { Account } from '../accounts/account.ts'
import { openUserName } from '../accounts/sealed-user-name.ts'
import type { Means } from '../sessions/sign-in.ts'
import { provePassword } from '../credentials/prove-password.ts'
import { refusedAfterCommit } from './after-commit.ts'
import { lockOwnAccount } from './own-second-factor.ts'
import { liveFactor, proveFactor } from './prove-factor.ts'
import { beginsUntil } from './rules/begun-factor.ts'
import { enrolmentUri, newSecret } from './rules/one-time-code.ts'
import { SecondFactorEntity } from './second-factor.ts'
import { stateSecondFactor } from './state-second-factor.ts'

/** A new secret, shown this once to its owner. */
export const BegunSecondFactor = Type.Object(
  {
    secret: Type.String({
      description: 'For the authenticator app, in base32; it is not shown again.',
    }),
    uri: Type.String({
      description: 'The same as the app reads it from a picture: `otpauth://…`.',
    }),
    confirmUntil: about(InstantOut, 'Until when a code of it must be shown.'),
  },
  { title: 'BegunSecondFactor' },
)
export type BegunSecondFactor = Static<typeof BegunSecondFactor>

export interface BeginSecondFactor {
  readonly accountId: string
  readonly sessionId: string | null
  readonly password: string
  /** Of the factor in force, if there is one. */
  readonly code: string | null
  readonly sourceIp: string
}

/**
 * Makes the secret of an authenticator app, which counts once a code of it was confirmed; one that was begun before is void.
 * Whoever finds an open session begins nothing: the password is asked for again, and a code of the factor in force.
 *
 * @throws Problem `sign-in-refused`, `sign-in-locked`, `account-unknown`, `second-factor-needed`, `second-factor-refused`,
 *   `second-factor-locked`
 */
export async function beginSecondFactor(
  db: DataSource,
  { seal, directory }: Means,
  { accountId, sessionId, password, code, sourceIp }: BeginSecondFactor,
  act: Act,
): Promise<BegunSecondFactor> {
  await provePassword(db, directory, { accountId, sessionId, password, sourceIp }, act)
  return refusedAfterCommit(db, async (tx) => {
    const account = await lockOwnAccount(tx, accountId)
    const refusal = await refusalOfCode(tx, seal, account, { code, sourceIp }, act)
    return refusal ?? newFactor(tx, seal, account, act)
  })
}

async function refusalOfCode(
  tx: EntityManager,
  seal: Seal,
  account: Account,
  { code, sourceIp }: { code: string | null; sourceIp: string },
  act: Act,
): Promise<Problem | null> {
  if ((await liveFactor(tx, account.id)) === null) return null
  if (code === null)
    return new Problem(
      'second-factor-needed',
      said(
        'A second factor is in force: a code of it is needed to replace it.',
        '已有生效的第二验证因素：更换时须提供其验证码。',
      ),
    )
  return (await proveFactor(tx, seal, account, { code, sourceIp }, act)).refusal
}

async function newFactor(
  tx: EntityManager,
  seal: Seal,
  account: Account,
  act: Act,
): Promise<BegunSecondFactor> {
  const { id: accountId } = account
  await tx.update(
    SecondFactorEntity,
    { accountId, confirmedAt: IsNull(), endedAt: IsNull() },
    { endedAt: act.now },
  )
  const [id, secret] = [randomUUID(), newSecret()]
  await tx.insert(SecondFactorEntity, {
    ...{ id, accountId, sealedSecret: seal.seal(id, secret) },
    ...{ startedAt: act.now, confirmedAt: null, lastStep: null, endedAt: null },
  })
  await stateSecondFactor(tx, account, id, 'begun', act)
  return {
    secret,
    uri: enrolmentUri(secret, openUserName(tx, account)),
    confirmUntil: beginsUntil(act.now),
  }
}
