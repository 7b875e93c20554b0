import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import type { Seal } from '@erp-steward/service-kit/seal'
import { IsNull, type DataSource } from 'typeorm'
import { endSessionsOfAccount } from '../sessions/end-session.ts'
import { noteProof } from './note-proof.ts'
import { lockOwnAccount } from './own-second-factor.ts'
import { liveFactor } from './prove-factor.ts'
import { issueRecoveryCodes } from './recovery-code.ts'
import { beginsUntil } from './rules/begun-factor.ts'
import { matchedStep } from './rules/one-time-code.ts'
import { SecondFactorEntity } from './second-factor.ts'
import { stateSecondFactor } from './state-second-factor.ts'

export interface ConfirmSecondFactor {
  readonly accountId: string
  /** The session that asks: it goes on, all others end. */
  readonly sessionId: string
  readonly code: string
}

/**
 * Puts the begun factor in force, in place of the one of before, once a code shows that the app has it. Answers the recovery
 * codes, this once. Wrong codes are not counted: who may begin knows the secret.
 *
 * @throws Problem `account-unknown`, `second-factor-state` when none was begun in time, `second-factor-refused`
 */
export async function confirmSecondFactor(
  db: DataSource,
  seal: Seal,
  { accountId, sessionId, code }: ConfirmSecondFactor,
  act: Act,
): Promise<string[]> {
  return db.transaction(async (tx) => {
    const account = await lockOwnAccount(tx, accountId)
    const begun = await tx.findOneBy(SecondFactorEntity, {
      accountId,
      confirmedAt: IsNull(),
      endedAt: IsNull(),
    })
    if (begun === null || beginsUntil(begun.startedAt) <= act.now)
      throw new Problem(
        'second-factor-state',
        said('No new second factor waits to be confirmed.', '没有待确认的新第二验证因素。'),
      )
    const lastStep = matchedStep(seal.open(begun.id, begun.sealedSecret), code, act.now)
    if (lastStep === null)
      throw new Problem(
        'second-factor-refused',
        said('It is no code of the new secret.', '这不是新密钥的验证码。'),
      )
    const live = await liveFactor(tx, accountId)
    if (live !== null) await tx.update(SecondFactorEntity, live.id, { endedAt: act.now })
    await tx.update(SecondFactorEntity, begun.id, { confirmedAt: act.now, lastStep })
    const codes = await issueRecoveryCodes(tx, begun.id)
    await noteProof(tx, sessionId, 'totp', act.now)
    await endSessionsOfAccount(tx, accountId, 'second-factor-changed', act, { except: sessionId })
    await stateSecondFactor(tx, account, begun.id, 'set-up', act)
    return codes
  })
}
