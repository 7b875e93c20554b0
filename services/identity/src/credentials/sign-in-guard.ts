import { createHash } from 'node:crypto'
import { EntitySchema, type EntityManager } from 'typeorm'
import { userNameLookup } from '../accounts/sealed-user-name.ts'
import type { GuardState } from './rules/lockout.ts'

/** Which guards an attempt meets: the one of its own source, and the one of all sources that the account is unknown at. */
export interface GuardKey {
  /** Digest of the keyed hash of the name: people type passwords there by mistake, and nobody may try names on it. */
  readonly nameDigest: Buffer
  /** The place, or `device:` and the id of a known device. */
  readonly source: string
  /**
   * `null` for a name that nobody has. No foreign key: whoever signs in locks the account before the guards, and the check of
   * a key would lock them the other way round.
   */
  readonly accountId: string | null
}

/** The source of the guard that all places share that the account is not known at; it is before all others in the order. */
export const ELSEWHERE = ''
/** Begins the source of a device's guard; no address does. */
export const DEVICE = 'device:'

/** The guards of an attempt, as they are remembered. */
export interface Guards {
  readonly own: GuardState
  readonly elsewhere: GuardState
}

/**
 * Counts attempts per user name, whether anybody has that name or not: a lock tells nothing about who exists, and
 * the same statements run for both.
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
    accountId: { type: 'uuid', name: 'account_id', nullable: true },
    attempts: { type: 'timestamptz', array: true },
    locks: { type: 'timestamptz', array: true },
    lockedUntil: { type: 'timestamptz', name: 'locked_until', nullable: true },
    held: { type: 'boolean' },
    touchedAt: { type: 'timestamptz', name: 'touched_at' },
  },
  indices: [
    { name: 'sign_in_guard_by_age', columns: ['touchedAt'] },
    {
      name: 'sign_in_guard_locked',
      columns: ['accountId'],
      where: '((locked_until IS NOT NULL) OR held)',
    },
  ],
})

/** Key of the guards for a user name; case does not matter, as it does not for signing in. */
export function nameDigestOf(tx: EntityManager, userName: string): Buffer {
  return createHash('sha256').update(userNameLookup(tx, userName)).digest()
}

/** The guards of an attempt, locked for this transaction in the order of their sources; fresh ones where there were none. */
export async function lockGuards(
  tx: EntityManager,
  { nameDigest, source, accountId }: GuardKey,
  at: Date,
): Promise<Guards> {
  const rows: (GuardState & { source: string })[] = await tx.query(
    `insert into sign_in_guard (name_digest, source, account_id, attempts, locks, held, touched_at)
     select $1, source, $4::uuid, '{}', '{}', false, $3 from unnest(array['', $2]::text[]) as source order by source
     on conflict on constraint sign_in_guard_pkey do update
       set touched_at = excluded.touched_at, account_id = excluded.account_id
     returning source, attempts, locks, locked_until as "lockedUntil", held`,
    [nameDigest, source, at, accountId],
  )
  const stateOf = (wanted: string): GuardState => {
    const row = rows.find((each) => each.source === wanted)
    if (row === undefined) throw new TypeError('an upsert answered no row')
    const { attempts, locks, lockedUntil, held } = row
    return { attempts, locks, lockedUntil, held }
  }
  return { own: stateOf(source), elsewhere: stateOf(ELSEWHERE) }
}

/** Writes the guards back. */
export async function storeGuards(
  tx: EntityManager,
  { nameDigest, source }: GuardKey,
  { own, elsewhere }: Guards,
): Promise<void> {
  const row = ({ attempts, locks, lockedUntil, held }: GuardState) => [
    attempts,
    locks,
    lockedUntil,
    held,
  ]
  await tx.query(
    `update sign_in_guard
        set attempts = next.attempts, locks = next.locks, locked_until = next.locked_until, held = next.held
       from (values ($2::text, $3::timestamptz[], $4::timestamptz[], $5::timestamptz, $6::boolean),
                    ('', $7, $8, $9, $10)) as next (source, attempts, locks, locked_until, held)
      where name_digest = $1 and sign_in_guard.source = next.source`,
    [nameDigest, source, ...row(own), ...row(elsewhere)],
  )
}
