import { randomUUID } from 'node:crypto'
import { EntitySchema, type EntityManager } from 'typeorm'
import { digestOf, randomToken } from '../sessions/refresh-token.ts'

/**
 * A device that an account was signed in at, known by a token that it keeps: its attempts have a budget of their own, so that
 * nobody who guesses elsewhere, be it at the same place, locks the owner out there.
 *
 * The token opens nothing. Source: ASVS 6.1.1; OWASP, device cookies.
 */
export interface KnownDevice {
  id: string
  accountId: string
  /** SHA-256 of the token. */
  digest: Buffer
  firstSeenAt: Date
  lastSeenAt: Date
}

/** Days without a sign-in after which a device or a place is no longer known. */
export const KNOWN_DAYS = 30
/** Devices that are known of an account; the one that was unused for longest makes room. */
const MOST = 10

export const KnownDeviceEntity = new EntitySchema<KnownDevice>({
  name: 'KnownDevice',
  tableName: 'known_device',
  columns: {
    id: { type: 'uuid', primary: true, primaryKeyConstraintName: 'known_device_pkey' },
    accountId: { type: 'uuid', name: 'account_id' },
    digest: { type: 'bytea' },
    firstSeenAt: { type: 'timestamptz', name: 'first_seen_at' },
    lastSeenAt: { type: 'timestamptz', name: 'last_seen_at' },
  },
  foreignKeys: [
    {
      name: 'known_device_account_id_fkey',
      target: 'Account',
      columnNames: ['account_id'],
      referencedColumnNames: ['id'],
    },
  ],
  uniques: [{ name: 'known_device_digest_key', columns: ['digest'] }],
  indices: [
    { name: 'known_device_by_account', columns: ['accountId', 'lastSeenAt'] },
    { name: 'known_device_by_age', columns: ['lastSeenAt'] },
  ],
})

/**
 * The token of the device that was just signed in at, with its id: the one that it presented while that is known, else a new
 * one. The row of the account is locked.
 */
export async function rememberDevice(
  tx: EntityManager,
  accountId: string,
  presented: string | null,
  now: Date,
): Promise<{ readonly id: string; readonly token: string }> {
  const [[known]]: [{ id: string }[], number] = await tx.query(
    `update known_device set last_seen_at = $3 where digest = $1 and account_id = $2 returning id`,
    [digestOf(presented ?? ''), accountId, now],
  )
  if (known !== undefined && presented !== null) return { id: known.id, token: presented }
  const token = randomToken()
  const id = randomUUID()
  await tx.query(
    `delete from known_device where id in
       (select id from known_device where account_id = $1 order by last_seen_at desc, id offset $2)`,
    [accountId, MOST - 1],
  )
  await tx.insert(KnownDeviceEntity, {
    ...{ id, accountId, digest: digestOf(token), firstSeenAt: now, lastSeenAt: now },
  })
  return { id, token }
}

/** The device that a session was opened at; `null` where none is known. */
export async function deviceOfSession(
  tx: EntityManager,
  sessionId: string | null,
): Promise<string | null> {
  const [session]: { device_id: string | null }[] = await tx.query(
    'select device_id from session where id = $1',
    [sessionId],
  )
  return session?.device_id ?? null
}
