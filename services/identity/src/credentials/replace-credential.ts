import { randomUUID } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import type { EntityManager } from 'typeorm'
import { CredentialEntity, type Credential } from './credential.ts'

/**
 * Puts a password in force and ends the one before, which stays in the history.
 *
 * Takes the lock of the account's row first: of two replacements at once, the later one wins and both are kept.
 */
export async function replaceCredential(
  tx: EntityManager,
  {
    accountId,
    kind,
    hash,
    expiresAt,
    policy,
    halved = false,
    cools = false,
  }: Pick<Credential, 'accountId' | 'kind' | 'hash' | 'expiresAt' | 'policy'> &
    Partial<Pick<Credential, 'halved' | 'cools'>>,
  act: Act,
): Promise<void> {
  await tx.query('select from account where id = $1 for update', [accountId])
  await tx.query('update credential set ended_at = $2 where account_id = $1 and ended_at is null', [
    accountId,
    act.now,
  ])
  // Whoever had the password of before may have made a device known.
  if (kind === 'initial')
    await tx.query('delete from known_device where account_id = $1', [accountId])
  await tx.insert(CredentialEntity, {
    id: randomUUID(),
    accountId,
    kind,
    hash,
    halved,
    cools,
    policy,
    setAt: act.now,
    expiresAt,
    usedAt: null,
    endedAt: null,
  })
}
