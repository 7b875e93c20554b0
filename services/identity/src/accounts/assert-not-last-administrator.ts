import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import type { EntityManager } from 'typeorm'
import type { Account } from './account.ts'
import { isLastOfRole } from './administrator-role.ts'

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
  account: Account,
): Promise<void> {
  if (await isLastOfRole(tx, account))
    throw new Problem(
      'last-administrator',
      said(
        `No other ${String(account.administratorRole)} is active.`,
        `没有其他启用的 ${String(account.administratorRole)}。`,
      ),
    )
}
