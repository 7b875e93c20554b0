import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { durationMs } from '@erp-steward/regulation/duration'
import { readParameter } from '@erp-steward/service-kit/parameters'
import { IsNull, type EntityManager } from 'typeorm'
import { AccountEntity, type Account } from '../accounts/account.ts'
import { rolesOfAccount } from '../accounts/roles-of-account.ts'
import { revokeAccount } from '../sessions/revoke-account.ts'
import { liveFactor } from './prove-factor.ts'
import { SecondFactorEntity } from './second-factor.ts'
import { stateSecondFactor } from './state-second-factor.ts'

/**
 * Ends the second factor of an account whose owner has lost it; the account is locked by the caller. Sessions and tokens end.
 * Whoever has the password sets the next one up: so the account approves nothing for the cooling time, unless a third person
 * vouches for its owner.
 *
 * @throws Problem `second-factor-state` when there is none any more
 */
export async function resetSecondFactor(
  tx: EntityManager,
  account: Account,
  act: Act,
): Promise<void> {
  const { id: accountId } = account
  const live = await liveFactor(tx, accountId)
  if (live === null) throw noFactor()
  await tx.update(SecondFactorEntity, { accountId, endedAt: IsNull() }, { endedAt: act.now })
  await tx.query('delete from factor_guard where account_id = $1', [accountId])
  await revokeAccount(tx, accountId, 'second-factor-reset', act)
  const { unitId } = await rolesOfAccount(tx, account, act.now)
  const { value } = await readParameter(tx, 'identity.password.cooling', unitId, act.now)
  const coolingUntil = new Date(act.now.getTime() + durationMs(value))
  await tx.update(AccountEntity, accountId, { coolingUntil })
  await stateSecondFactor(tx, account, live.id, 'reset', act)
}

export const noFactor = () =>
  new Problem(
    'second-factor-state',
    said('The account has no second factor.', '该账号没有第二验证因素。'),
  )
