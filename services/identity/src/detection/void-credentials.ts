import type { Act } from '@erp-steward/contracts/act'
import type { EntityManager } from 'typeorm'
import type { Account } from '../accounts/account.ts'
import { supersedeReset } from '../credentials/credential-reset.ts'
import { KnownDeviceEntity } from '../credentials/known-device.ts'
import { liveFactor } from '../second-factor/prove-factor.ts'
import { stateSecondFactor } from '../second-factor/state-second-factor.ts'
import { revokeAccount } from '../sessions/revoke-account.ts'

/**
 * Ends all that opens an account: passwords, halves that wait, the second factor, devices that are known, and sessions. Others
 * may know or hold each of them. The caller holds the account. Source.
 */
export async function voidCredentials(
  tx: EntityManager,
  account: Account,
  act: Act,
): Promise<void> {
  const { id } = account
  await tx.query('update credential set ended_at = $2 where account_id = $1 and ended_at is null', [
    id,
    act.now,
  ])
  await supersedeReset(tx, id)
  const factor = await liveFactor(tx, id)
  await tx.query(
    'update second_factor set ended_at = $2 where account_id = $1 and ended_at is null',
    [id, act.now],
  )
  if (factor !== null) await stateSecondFactor(tx, account, factor.id, 'reset', act)
  await tx.delete(KnownDeviceEntity, { accountId: id })
  await revokeAccount(tx, id, 'account-case', act)
}
