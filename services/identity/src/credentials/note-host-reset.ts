import { randomUUID } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import type { EntityManager } from 'typeorm'
import type { Account } from '../accounts/account.ts'
import { CredentialResetEntity, stateReset, supersedeReset } from './credential-reset.ts'
import { initialLife } from './issue-initial-password.ts'

/** Opens the case of a password that was issued at the host, where one person reads it whole: it is listed, and it cools. */
export async function noteHostReset(tx: EntityManager, account: Account, act: Act): Promise<void> {
  const { expiresAt } = await initialLife(tx, account, act.now)
  await supersedeReset(tx, account.id)
  const id = randomUUID()
  await tx.insert(CredentialResetEntity, {
    id,
    accountId: account.id,
    state: 'issued',
    firstBy: act.actor,
    firstPerson: act.personId,
    firstRole: act.role,
    firstAt: act.now,
    firstDigest: null,
    expiresAt,
  })
  await stateReset(tx, account, { id, coolingUntil: null }, 'issued-at-host', act)
}
