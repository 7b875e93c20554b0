import { EntitySchema, type EntityManager } from 'typeorm'
import type { GuardState } from '../credentials/rules/lockout.ts'

/** What is asked for besides the password: a code of the authenticator app, or a recovery code in its place. */
export type Factor = 'totp' | 'recovery'

/**
 * Counts wrong codes of an account, for each factor by itself and apart from the passwords: whoever guesses at one uses up
 * nothing of the others. It stays when the factor is replaced.
 */
export interface FactorGuard extends GuardState {
  readonly accountId: string
  readonly factor: Factor
}

export const FactorGuardEntity = new EntitySchema<FactorGuard>({
  name: 'FactorGuard',
  tableName: 'factor_guard',
  columns: {
    accountId: {
      type: 'uuid',
      name: 'account_id',
      primary: true,
      primaryKeyConstraintName: 'factor_guard_pkey',
    },
    factor: { type: 'text', primary: true, primaryKeyConstraintName: 'factor_guard_pkey' },
    attempts: { type: 'timestamptz', array: true },
    locks: { type: 'timestamptz', array: true },
    lockedUntil: { type: 'timestamptz', name: 'locked_until', nullable: true },
    held: { type: 'boolean' },
  },
  foreignKeys: [
    {
      name: 'factor_guard_account_id_fkey',
      target: 'Account',
      columnNames: ['account_id'],
      referencedColumnNames: ['id'],
    },
  ],
  checks: [{ name: 'factor_guard_factor_check', expression: `factor in ('totp', 'recovery')` }],
})

/** The guard, locked for this transaction; a fresh one where there was none. */
export async function lockFactorGuard(
  tx: EntityManager,
  accountId: string,
  factor: Factor,
): Promise<GuardState> {
  const [guard]: GuardState[] = await tx.query(
    `insert into factor_guard (account_id, factor, attempts, locks, held)
     values ($1, $2, '{}', '{}', false)
     on conflict on constraint factor_guard_pkey do update set factor = excluded.factor
     returning attempts, locks, locked_until as "lockedUntil", held`,
    [accountId, factor],
  )
  if (guard === undefined) throw new TypeError('an upsert answered no row')
  return guard
}

/** Writes the guard back. */
export async function storeFactorGuard(
  tx: EntityManager,
  accountId: string,
  factor: Factor,
  { attempts, locks, lockedUntil, held }: GuardState,
): Promise<void> {
  await tx.query(
    `update factor_guard set attempts = $3, locks = $4, locked_until = $5, held = $6
      where account_id = $1 and factor = $2`,
    [accountId, factor, attempts, locks, lockedUntil, held],
  )
}
