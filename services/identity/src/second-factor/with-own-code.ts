import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import type { Seal } from '@erp-steward/service-kit/seal'
import type { DataSource, EntityManager } from 'typeorm'
import type { Account } from '../accounts/account.ts'
import { rolesOfAccount } from '../accounts/roles-of-account.ts'
import { endSessionsOfAccount } from '../sessions/end-session.ts'
import { refusedAfterCommit } from './after-commit.ts'
import type { Factor } from './factor-guard.ts'
import { noteProof } from './note-proof.ts'
import { lockOwnAccount } from './own-second-factor.ts'
import { liveFactor, proveFactor } from './prove-factor.ts'
import { issueRecoveryCodes } from './recovery-code.ts'
import { requirementOf } from './requirement.ts'
import { noFactor } from './reset-second-factor.ts'
import { SecondFactorEntity, type SecondFactor } from './second-factor.ts'
import { stateSecondFactor } from './state-second-factor.ts'

/** What its owner asks for with a code of the factor in force. */
export interface WithOwnCode {
  readonly accountId: string
  readonly sessionId: string
  readonly code: string
  readonly sourceIp: string
}

/**
 * Proves the second factor again in an open session, for what wants a fresh one.
 *
 * @throws Problem `account-unknown`, `second-factor-state`, `second-factor-refused`, `second-factor-locked`
 */
export async function proveAgain(
  db: DataSource,
  seal: Seal,
  command: WithOwnCode,
  act: Act,
): Promise<void> {
  await withOwnCode(db, seal, command, act, (tx, { factor }) =>
    noteProof(tx, command.sessionId, factor, act.now),
  )
}

/**
 * Ten new recovery codes; those of before are void.
 *
 * @throws Problem as `proveAgain`
 */
export async function renewRecoveryCodes(
  db: DataSource,
  seal: Seal,
  command: WithOwnCode,
  act: Act,
): Promise<string[]> {
  return withOwnCode(db, seal, command, act, async (tx, { account, live }) => {
    const codes = await issueRecoveryCodes(tx, live.id)
    await stateSecondFactor(tx, account, live.id, 'recovery-codes-renewed', act)
    return codes
  })
}

/**
 * Ends the second factor: the next sign-in asks for the password alone. Other sessions of the account end.
 *
 * @throws Problem as `proveAgain`, `second-factor-state` also where the account has to have one
 */
export async function removeSecondFactor(
  db: DataSource,
  seal: Seal,
  command: WithOwnCode,
  act: Act,
): Promise<void> {
  await withOwnCode(db, seal, command, act, async (tx, { account, live }) => {
    const { unitId } = await rolesOfAccount(tx, account, act.now)
    if ((await requirementOf(tx, account, unitId, act.now)).isBound)
      throw new Problem(
        'second-factor-state',
        said(
          'The account has to have a second factor; it can be replaced.',
          '该账号必须使用第二验证因素；可以更换。',
        ),
      )
    await tx.update(SecondFactorEntity, live.id, { endedAt: act.now })
    await endSessionsOfAccount(tx, account.id, 'second-factor-changed', act, {
      except: command.sessionId,
    })
    await stateSecondFactor(tx, account, live.id, 'removed', act)
  })
}

interface Proved {
  readonly account: Account
  readonly live: SecondFactor
  readonly factor: Factor
}

function withOwnCode<Result>(
  db: DataSource,
  seal: Seal,
  { accountId, code, sourceIp }: WithOwnCode,
  act: Act,
  work: (tx: EntityManager, proved: Proved) => Promise<Result>,
): Promise<Result> {
  return refusedAfterCommit<Result>(db, async (tx) => {
    const account = await lockOwnAccount(tx, accountId)
    const live = await liveFactor(tx, accountId)
    if (live === null) throw noFactor()
    const { factor, refusal } = await proveFactor(tx, seal, account, { code, sourceIp }, act)
    return refusal ?? work(tx, { account, live, factor })
  })
}
