import type { EntityManager } from 'typeorm'
import type { LedgerSigner } from './ledger-key.ts'

/** A public key of the ledger and what it signed. */
export interface ShownKey {
  readonly keyId: string
  readonly publicKey: string
  /** Whether it is the one that signs now. */
  readonly signs: boolean
  readonly heads: number
  /** When its first and its last head were signed; `null` before the first. */
  readonly since: Date | null
  readonly until: Date | null
}

/** The keys that are configured, the one that signs first; one that was taken from the settings shows no more. */
export async function ledgerKeys(tx: EntityManager, signer: LedgerSigner): Promise<ShownKey[]> {
  const used: Pick<ShownKey, 'keyId' | 'heads' | 'since' | 'until'>[] = await tx.query(
    `select key_id as "keyId", count(*)::int as heads, min(signed_at) as since, max(signed_at) as until
       from audit_seal group by key_id`,
  )
  const byId = new Map(used.map((each) => [each.keyId, each]))
  return signer.publicKeys.map(({ keyId, publicKey }) => {
    const { heads = 0, since = null, until = null } = byId.get(keyId) ?? {}
    return { keyId, publicKey, signs: keyId === signer.keyId, heads, since, until }
  })
}
