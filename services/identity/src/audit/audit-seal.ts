import type { SignedHead } from '@erp-steward/contracts/ledger-events'
import { EntitySchema, type DataSource, type EntityManager } from 'typeorm'
import type { HeadWitness } from './compare-witness.ts'

/** Seals read at a time. */
const BATCH = 1_000

/** A signed head beside the ledger: what the witnesses outside are given. */
export interface AuditSeal {
  /** A bigint, which PostgreSQL hands over as text. */
  seq: string
  keyId: string
  hash: Buffer
  signedAt: Date
  signature: Buffer
}

export const AuditSealEntity = new EntitySchema<AuditSeal>({
  name: 'AuditSeal',
  tableName: 'audit_seal',
  columns: {
    seq: { type: 'bigint', primary: true, primaryKeyConstraintName: 'audit_seal_pkey' },
    keyId: { type: 'text', name: 'key_id' },
    hash: { type: 'bytea' },
    signedAt: { type: 'timestamptz', name: 'signed_at', precision: 3 },
    signature: { type: 'bytea' },
  },
})

/** Seals after a number, in order, `limit` at most. */
export async function sealsAfter(
  tx: EntityManager,
  seq: number,
  limit: number,
): Promise<SignedHead[]> {
  const rows: AuditSeal[] = await tx.query(
    `select seq, key_id as "keyId", hash, signed_at as "signedAt", signature from audit_seal
      where seq > $1 order by seq limit $2`,
    [seq, limit],
  )
  return rows.map(signedHead)
}

/** The seals as a witness: a thief of the database can remove them, and cannot make others. */
export function sealWitness(db: DataSource): HeadWitness {
  return {
    witness: 'signature',
    heads: async function* () {
      let last = 0
      for (;;) {
        const some = await sealsAfter(db.manager, last, BATCH)
        yield some
        const newest = some.at(-1)
        if (newest === undefined) return
        last = newest.seq
      }
    },
  }
}

/** The seal with the highest number. */
export async function newestSeal(tx: EntityManager): Promise<SignedHead | undefined> {
  const rows: AuditSeal[] = await tx.query(
    `select seq, key_id as "keyId", hash, signed_at as "signedAt", signature from audit_seal
      order by seq desc limit 1`,
  )
  return rows.map(signedHead)[0]
}

function signedHead({ seq, keyId, hash, signedAt, signature }: AuditSeal): SignedHead {
  return {
    seq: Number(seq),
    hash: hash.toString('hex'),
    signedAt: signedAt.toISOString(),
    keyId,
    signature: signature.toString('base64url'),
  }
}
