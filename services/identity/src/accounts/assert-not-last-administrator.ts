import { Problem } from '@erp-steward/contracts/problem'
import type { EntityManager } from 'typeorm'
import type { Account } from './account.ts'

/**
 * Refuses to shut out the last active administrator of a kind: without a security administrator nothing could be
 * approved any more, and without an audit administrator nobody would watch.
 *
 * `lockAccount` holds the accounts of that kind, so two administrators cannot be shut out at the same moment.
 *
 * @throws Problem `last-administrator`
 */
export async function assertNotLastAdministrator(
  tx: EntityManager,
  { id, administratorRole }: Account,
): Promise<void> {
  if (administratorRole === null) return
  const others: unknown[] = await tx.query(
    `select from account where administrator_role = $1 and status = 'active' and id <> $2 limit 1`,
    [administratorRole, id],
  )
  if (others.length === 0)
    throw new Problem('last-administrator', `No other ${administratorRole} is active.`)
}
