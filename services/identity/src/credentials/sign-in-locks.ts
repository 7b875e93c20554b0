import { about, InstantOut, nullable, Uuid } from '@erp-steward/contracts/values'
import { decodeCursor, unusableCursor, type Sorting } from '@erp-steward/service-kit/paging'
import { Type, type Static } from 'typebox'
import type { EntityManager } from 'typeorm'
import { openUserName } from '../accounts/sealed-user-name.ts'
import { DEVICE, ELSEWHERE } from './sign-in-guard.ts'

/** Where an account cannot be signed in to after failed attempts. */
export const SignInLock = Type.Object(
  {
    accountId: about(Uuid, 'The account.'),
    userName: Type.String({ description: 'Its user name.' }),
    scope: Type.Enum(['place', 'device', 'elsewhere'], {
      description:
        'At one place, at one known device, or at every place that the account is not known at.',
    }),
    place: nullable(
      Type.String(),
      'The address, of IPv6 its network of 64 bits; null where it is no single place.',
    ),
    deviceId: nullable(Uuid, 'The device, as its sessions have it; null where it is none.'),
    lockedUntil: nullable(InstantOut, 'When it ends by itself; null: when somebody unlocks.'),
    locksOfTheDay: Type.Integer({ description: 'Locks of the 24 hours before the last one.' }),
  },
  { title: 'SignInLock' },
)

interface Row {
  readonly accountId: string
  readonly userName: string
  readonly source: string
  readonly lockedUntil: Date | null
  readonly locks: number
}
type ListedLock = Static<typeof SignInLock> & { readonly source: string }
type After = readonly [accountId: string, source: string] | null

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** By account, and within one by where. */
export const byAccount: Sorting<ListedLock, After> = {
  after: (cursor) => {
    const [accountId, source] = decodeCursor(cursor, 2) ?? []
    if (accountId === undefined || source === undefined) return null
    if (!UUID.test(accountId)) throw unusableCursor()
    return [accountId, source]
  },
  keyOf: ({ accountId, source }) => [accountId, source],
}

/** Locks of accounts that hold at an instant; names that nobody has are locked, too, and are in no list. */
export async function signInLocks(
  tx: EntityManager,
  filter: {
    readonly accountId: string | undefined
    /** Only of people of this unit; `null` for all. */
    readonly unitId: string | null
    readonly after: After
    readonly limit: number
  },
  at: Date,
): Promise<ListedLock[]> {
  const { accountId, unitId, after, limit } = filter
  const rows: Row[] = await tx.query(
    `select account_id as "accountId", user_name as "userName", source,
            case when not held then locked_until end as "lockedUntil", cardinality(locks) as locks
       from sign_in_guard join account on account.id = account_id
       left join person on person.id = person_id
      where (held or locked_until > $1) and ($2::uuid is null or account_id = $2)
        and ($3::uuid is null or person.unit_id = $3)
        and ($4::uuid is null or (account_id, source) > ($4, $5))
      order by account_id, source limit $6`,
    [at, accountId ?? null, unitId, after?.[0] ?? null, after?.[1] ?? null, limit],
  )
  return rows.map(({ locks, ...row }) => {
    const isDevice = row.source.startsWith(DEVICE)
    const scope = isDevice ? 'device' : row.source === ELSEWHERE ? 'elsewhere' : 'place'
    return {
      ...row,
      userName: openUserName(tx, { id: row.accountId, userName: row.userName }),
      scope,
      place: scope === 'place' ? row.source : null,
      deviceId: isDevice ? row.source.slice(DEVICE.length) : null,
      locksOfTheDay: locks,
    }
  })
}
