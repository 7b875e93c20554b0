import type { Act } from '@erp-steward/contracts/act'
import { InitialPasswordIssued } from '@erp-steward/contracts/sign-in-events'
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
 * kept nowhere. Only for whoever runs the host: everybody else gets halves (`issueSecondHalf`).
 *
 * @param cools whether whoever chooses another in its place may not approve for the cooling time
 *
 * Source.
 */
export async function issueInitialPassword(
  tx: EntityManager,
  account: Account,
  cools: boolean,
  act: Act,
): Promise<string> {
  const { minLength } = await passwordPolicyOf(tx, account, act.now)
  const password = randomPassword(minLength)
  await putInitialInForce(tx, account, { text: password, halved: false, cools }, act)
  return password
}

/**
 * Puts an initial password in force; answers when it ends. Its sessions can only change the password. It opens them until
 * another is chosen or `identity.password.initial_ttl` is over.
 */
export async function putInitialInForce(
  tx: EntityManager,
  account: Account,
  { text, halved, cools }: { text: string; halved: boolean; cools: boolean },
  act: Act,
): Promise<Date> {
  const policy = await passwordPolicyOf(tx, account, act.now)
  const { expiresAt, version } = await initialLife(tx, account, act.now)
  await replaceCredential(
    tx,
    {
      accountId: account.id,
      kind: 'initial',
      hash: await hashPassword(text),
      halved,
      cools,
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
  return expiresAt
}

/** When an initial password that is issued now ends, and the version of the parameter that says so. */
export async function initialLife(
  tx: EntityManager,
  account: Account,
  now: Date,
): Promise<{ expiresAt: Date; version: number }> {
  const { unitId } = await rolesOfAccount(tx, account, now)
  const { value, version } = await readParameter(tx, 'identity.password.initial_ttl', unitId, now)
  return { expiresAt: new Date(now.getTime() + durationMs(value)), version }
}
