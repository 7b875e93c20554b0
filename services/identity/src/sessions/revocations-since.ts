import type { SessionEnd } from '@erp-steward/contracts/session-end'
import type { EntityManager } from 'typeorm'

/** What a gateway must refuse, as far as tokens of it may still live. */
export interface Revocations {
  /** Accounts and clients: tokens of a smaller epoch are void. */
  readonly accounts: readonly { readonly id: string; readonly epoch: number }[]
  readonly sessions: readonly { readonly id: string; readonly reason: SessionEnd }[]
}

/** Everything revoked at `since` or later. */
export async function revocationsSince(tx: EntityManager, since: Date): Promise<Revocations> {
  return {
    accounts: await tx.query(
      'select subject_id as id, epoch from revocation where revoked_at >= $1',
      [since],
    ),
    sessions: await tx.query('select id, end_reason as reason from session where ended_at >= $1', [
      since,
    ]),
  }
}
