import { createHash } from 'node:crypto'
import { EntitySchema, type EntityManager } from 'typeorm'
import { userNameLookup } from '../accounts/sealed-user-name.ts'
import type { GuardState } from './rules/lockout.ts'

/** Which guard an attempt meets. */
export interface GuardKey {
  /** Digest of the keyed hash of the name: people type passwords there by mistake, and nobody may try names on it. */
  readonly nameDigest: Buffer
  /** The address, where the account has been signed in from lately; empty for all other places together. */
  readonly source: string
}

/**
 * Counts attempts per user name, whether anybody has that name or not: a lock tells nothing about who exists, and
 * the same statements run for both.
 *
 * A place that the account was signed in from lately has a guard of its own, so that a stranger who guesses cannot
 * lock the owner out there. Source: ASVS 6.1.1.
 */
export interface SignInGuard extends GuardKey, GuardState {
  readonly touchedAt: Date
}

export const SignInGuardEntity = new EntitySchema<SignInGuard>({
  name: 'SignInGuard',
  tableName: 'sign_in_guard',
  columns: {
    nameDigest: {
      type: 'bytea',
      name: 'name_digest',
      primary: true,
      primaryKeyConstraintName: 'sign_in_guard_pkey',
    },
    source: { type: 'text', primary: true, primaryKeyConstraintName: 'sign_in_guard_pkey' },
    attempts: { type: 'timestamptz', array: true },
    locks: { type: 'timestamptz', array: true },
    lockedUntil: { type: 'timestamptz', name: 'locked_until', nullable: true },
    held: { type: 'boolean' },
    touchedAt: { type: 'timestamptz', name: 'touched_at' },
  },
  indices: [{ name: 'sign_in_guard_by_age', columns: ['touchedAt'] }],
})

/** Key of the guards for a user name; case does not matter, as it does not for signing in. */
export function nameDigestOf(tx: EntityManager, userName: string): Buffer {
  return createHash('sha256').update(userNameLookup(tx, userName)).digest()
}

/** The guard of a key, locked for this transaction; a fresh one where there was none. */
export async function lockGuard(
  tx: EntityManager,
  { nameDigest, source }: GuardKey,
  at: Date,
): Promise<GuardState> {
  const [guard]: GuardState[] = await tx.query(
    `insert into sign_in_guard (name_digest, source, attempts, locks, held, touched_at)
     values ($1, $2, '{}', '{}', false, $3)
     on conflict on constraint sign_in_guard_pkey do update set touched_at = excluded.touched_at
     returning attempts, locks, locked_until as "lockedUntil", held`,
    [nameDigest, source, at],
  )
  if (guard === undefined) throw new TypeError('an upsert answered no row')
  return guard
}

/** Writes the guard back. */
export async function storeGuard(
  tx: EntityManager,
  { nameDigest, source }: GuardKey,
  { attempts, locks, lockedUntil, held }: GuardState,
): Promise<void> {
  await tx.query(
    `update sign_in_guard set attempts = $3, locks = $4, locked_until = $5, held = $6
      where name_digest = $1 and source = $2`,
    [nameDigest, source, attempts, locks, lockedUntil, held],
  )
}
