import { createHash } from 'node:crypto'
import { EntitySchema, type EntityManager } from 'typeorm'
import type { GuardState } from './rules/lockout.ts'

/**
 * Counts attempts per user name, whether anybody has that name or not: a lock tells nothing about who exists, and
 * the same statements run for both. The name is kept as a digest, people type passwords there by mistake.
 */
export interface SignInGuard extends GuardState {
  /** SHA-256 of the user name in upper case. */
  nameDigest: Buffer
  touchedAt: Date
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
    attempts: { type: 'timestamptz', array: true },
    locks: { type: 'timestamptz', array: true },
    lockedUntil: { type: 'timestamptz', name: 'locked_until', nullable: true },
    held: { type: 'boolean' },
    touchedAt: { type: 'timestamptz', name: 'touched_at' },
  },
  indices: [{ name: 'sign_in_guard_by_age', columns: ['touchedAt'] }],
})

/** Key of the guard for a user name; case does not matter, as it does not for signing in. */
export function nameDigest(userName: string): Buffer {
  return createHash('sha256').update(userName.toUpperCase()).digest()
}

/** The guard of a name, locked for this transaction; a fresh one where there was none. */
export async function lockGuard(tx: EntityManager, digest: Buffer, at: Date): Promise<GuardState> {
  const [guard]: GuardState[] = await tx.query(
    `insert into sign_in_guard (name_digest, attempts, locks, held, touched_at)
     values ($1, '{}', '{}', false, $2)
     on conflict on constraint sign_in_guard_pkey do update set touched_at = excluded.touched_at
     returning attempts, locks, locked_until as "lockedUntil", held`,
    [digest, at],
  )
  if (guard === undefined) throw new TypeError('an upsert answered no row')
  return guard
}

/** Writes the guard back. */
export async function storeGuard(
  tx: EntityManager,
  digest: Buffer,
  { attempts, locks, lockedUntil, held }: GuardState,
): Promise<void> {
  await tx.query(
    `update sign_in_guard set attempts = $2, locks = $3, locked_until = $4, held = $5
      where name_digest = $1`,
    [digest, attempts, locks, lockedUntil, held],
  )
}
