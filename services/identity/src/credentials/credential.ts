import { EntitySchema } from 'typeorm'
import type { PasswordPolicy } from './rules/password-policy.ts'

/** A password of an account: the one in force, or an earlier one kept for the history. */
export interface Credential {
  id: string
  accountId: string
  /** `initial`: made by us, opens nothing but the choice of another; `chosen`: by its owner. */
  kind: 'initial' | 'chosen'
  /** argon2id in PHC form; of `comparable`, for a halved one. */
  hash: string
  /** Made of two halves that two people got. */
  halved: boolean
  /** Of an initial password: whoever chooses another in its place may not approve for the cooling time. */
  cools: boolean
  /** The rules and parameter versions it was accepted under. */
  policy: PasswordPolicy
  setAt: Date
  /** Of an initial password: unusable from then on. */
  expiresAt: Date | null
  /** Of an initial password: its first sign-in. */
  usedAt: Date | null
  /** When another took its place. */
  endedAt: Date | null
}

/** Passwords kept of an account: more than the longest history by number, and what is compared with a new one at most. */
export const MOST_KEPT = 50

export const CredentialEntity = new EntitySchema<Credential>({
  name: 'Credential',
  tableName: 'credential',
  columns: {
    id: { type: 'uuid', primary: true, primaryKeyConstraintName: 'credential_pkey' },
    accountId: { type: 'uuid', name: 'account_id' },
    kind: { type: 'text' },
    hash: { type: 'text' },
    halved: { type: 'boolean', default: false },
    cools: { type: 'boolean', default: true },
    policy: { type: 'jsonb' },
    setAt: { type: 'timestamptz', name: 'set_at' },
    expiresAt: { type: 'timestamptz', name: 'expires_at', nullable: true },
    usedAt: { type: 'timestamptz', name: 'used_at', nullable: true },
    endedAt: { type: 'timestamptz', name: 'ended_at', nullable: true },
  },
  foreignKeys: [
    {
      name: 'credential_account_id_fkey',
      target: 'Account',
      columnNames: ['account_id'],
      referencedColumnNames: ['id'],
    },
  ],
  checks: [
    { name: 'credential_kind_check', expression: `kind in ('initial', 'chosen')` },
    { name: 'credential_hash_check', expression: `hash like '$argon2id$v=19$m=%'` },
    {
      name: 'credential_initial_expires_check',
      expression: `(kind = 'initial') = (expires_at is not null)`,
    },
  ],
  indices: [
    {
      name: 'credential_live_key',
      columns: ['accountId'],
      unique: true,
      where: '(ended_at IS NULL)',
    },
    { name: 'credential_history', columns: ['accountId', 'setAt'] },
  ],
})
