import type { Act } from '@erp-steward/contracts/act'
import { InitialPasswordIssued } from '@erp-steward/contracts/identity-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { durationMs } from '@erp-steward/regulation/duration'
import { readParameter } from '@erp-steward/service-kit/parameters'
import type { EntityManager } from 'typeorm'
import type { Account } from '../accounts/account.ts'
import { rolesOfAccount } from '../accounts/roles-of-account.ts'
import { hashPassword } from './password-hash.ts'
import { passwordPolicyOf } from './password-policy-of.ts'
import { randomPassword } from './random-password.ts'
import { replaceCredential } from './replace-credential.ts'

/**
 * Gives the account a random initial password and voids whatever it had before; answers the password, which is
 * kept nowhere.
 *
 * Its sessions can only change the password. It opens them until another is chosen or `identity.password.initial_ttl`
 * is over.
 *
 * Source.
 */
export async function issueInitialPassword(
  tx: EntityManager,
  account: Account,
  act: Act,
): Promise<string> {
  const { unitId } = await rolesOfAccount(tx, account)
  const policy = await passwordPolicyOf(tx, account, act.now)
  const { value, version } = await readParameter(
    tx,
    'identity.password.initial_ttl',
    unitId,
    act.now,
  )
  const password = randomPassword(policy.minLength)
  const expiresAt = new Date(act.now.getTime() + durationMs(value))
  await replaceCredential(
    tx,
    {
      accountId: account.id,
      kind: 'initial',
      hash: await hashPassword(password),
      expiresAt,
      policy: {
        ...policy,
        versions: { ...policy.versions, 'identity.password.initial_ttl': version },
      },
    },
    act,
  )
  await appendEvent(
    tx,
    'identity',
    InitialPasswordIssued,
    account.id,
    {
      accountId: account.id,
      issuedAt: act.now.toISOString(),
      expiresAt: expiresAt.toISOString(),
    },
    act,
  )
  return password
}
