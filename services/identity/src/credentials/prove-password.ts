import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { IsNull, type DataSource } from 'typeorm'
import { AccountEntity } from '../accounts/account.ts'
import { openUserName } from '../accounts/sealed-user-name.ts'
import { isInDirectory, type CompanyDirectory } from '../company-directory/company-directory.ts'
import { beginAttempt, checkPassword, failAttempt, judged, passAttempt } from './attempt.ts'
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
 * @throws Problem `sign-in-refused`, `sign-in-locked`, `account-unknown`, `unavailable` when the directory cannot be asked
 */
export async function provePassword(
  db: DataSource,
  directory: CompanyDirectory | null,
  { accountId, sessionId, password, sourceIp }: OwnPassword,
  act: Act,
): Promise<void> {
  const { account, userName, current, attempt } = await db.transaction(async (tx) => {
    const account = await tx.findOneBy(AccountEntity, { id: accountId })
    if (account === null)
      throw new Problem(
        'account-unknown',
        said(`There is no account ${accountId}.`, `没有账号 ${accountId}。`),
      )
    const userName = openUserName(tx, account)
    const device = await deviceOfSession(tx, sessionId)
    return {
      account,
      userName,
      attempt: await beginAttempt(tx, { userName, account, sourceIp, device }, act),
      current: await tx.findOneBy(CredentialEntity, { accountId, endedAt: IsNull() }),
    }
  })
  const matches = isInDirectory(directory, account)
    ? await judged(db, attempt, () => directory.check(userName, password))
    : await checkPassword(db, attempt, current?.hash ?? null, comparable(current, password))
  await db.transaction((tx) =>
    matches ? passAttempt(tx, attempt, act) : failAttempt(tx, attempt, act),
  )
  if (!matches)
    throw new Problem('sign-in-refused', said('The password is not right.', '密码不正确。'))
}
