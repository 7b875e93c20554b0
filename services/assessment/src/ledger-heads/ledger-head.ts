import { EntitySchema } from 'typeorm'

/** A signed head of the audit ledger, kept here because identity cannot reach it: nothing of it is ever changed. */
export interface LedgerHeadWitness {
  /** In the order in which they came; a bigint, which PostgreSQL hands over as text. */
  no: string
  seq: string
  /** Lower-case hex, as it was signed. */
  hash: string
  /** The very text that was signed. */
  signedAt: string
  keyId: string
  signature: string
  witnessedAt: Date
}

export const LedgerHeadWitnessEntity = new EntitySchema<LedgerHeadWitness>({
  name: 'LedgerHeadWitness',
  tableName: 'ledger_head_witness',
  columns: {
    no: {
      type: 'bigint',
      primary: true,
      generated: 'increment',
      primaryKeyConstraintName: 'ledger_head_witness_pkey',
    },
    seq: { type: 'bigint' },
    hash: { type: 'text' },
    signedAt: { type: 'text', name: 'signed_at' },
    keyId: { type: 'text', name: 'key_id' },
    signature: { type: 'text' },
    witnessedAt: { type: 'timestamptz', name: 'witnessed_at' },
  },
  uniques: [{ name: 'ledger_head_witness_signature_key', columns: ['signature'] }],
})
