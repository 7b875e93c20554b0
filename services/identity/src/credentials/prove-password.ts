import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { IsNull, type DataSource } from 'typeorm'
import { AccountEntity } from '../accounts/account.ts'
import { openUserName } from '../accounts/sealed-user-name.ts'
import { beginAttempt, checkPassword, failAttempt, passAttempt } from './attempt.ts'
import { comparable } from './claim-code.ts'
import { CredentialEntity } from './credential.ts'
import { deviceOfSession } from './known-device.ts'

export interface OwnPassword {
  readonly accountId: string
  /** The session that asks: its device has a budget of its own. */
  readonly sessionId: string | null
  readonly password: string
  readonly sourceIp: string
}

/**
 * Asks who has a session for the own password again, so that an open session alone is not enough. Wrong guesses count like
 * failed sign-ins.
 *
 * @throws Problem `sign-in-refused`, `sign-in-locked`, `account-unknown`
 */
export async function provePassword(
  db: DataSource,
  { accountId, sessionId, password, sourceIp }: OwnPassword,
  act: Act,
): Promise<void> {
  const { current, attempt } = await db.transaction(async (tx) => {
    const account = await tx.findOneBy(AccountEntity, { id: accountId })
    if (account === null)
      throw new Problem(
        'account-unknown',
        said(`There is no account ${accountId}.`, `没有账号 ${accountId}。`),
      )
    const userName = openUserName(tx, account)
    const device = await deviceOfSession(tx, sessionId)
    return {
      attempt: await beginAttempt(tx, { userName, account, sourceIp, device }, act),
      current: await tx.findOneBy(CredentialEntity, { accountId, endedAt: IsNull() }),
    }
  })
  const typed = comparable(current, password)
  const matches = await checkPassword(db, attempt, current?.hash ?? null, typed)
  await db.transaction((tx) =>
    matches ? passAttempt(tx, attempt, act) : failAttempt(tx, attempt, act),
  )
  if (!matches)
    throw new Problem('sign-in-refused', said('The password is not right.', '密码不正确。'))
}
