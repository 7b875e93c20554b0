import { inForceAt } from '../grants/access-grant.ts'
import type { AccountStatus } from '../accounts/account.ts'
import { EBS_USER, ENTERPRISE_USER } from './user-resource.ts'
import type { Static } from 'typebox'
import type { EntityManager } from 'typeorm'
import { filterSql, type Columns } from './filter-sql.ts'
import type { Filter } from './rules/filter.ts'

/** A person with a business account, sealed as in the tables, and what the asking client keeps of it. */
export interface UserRow {
  readonly id: string
  readonly employeeNumber: string
  readonly name: string
  readonly email: string | null
  readonly createdAt: Date
  readonly changedAt: Date
  readonly personVersion: number
  readonly accountId: string
  readonly userName: string
  readonly status: Static<typeof AccountStatus>
  readonly rightsPending: boolean
  readonly accountVersion: number
  readonly unitCode: string
  readonly departmentCode: string
  readonly positionId: string
  readonly positionCode: string
  readonly positionName: string
  readonly profile: string | null
  readonly managerId: string | null
  readonly profileVersion: number
}

/** Which users a caller reaches. */
export interface UserRange {
  /** Account or client: whose externalId and texts are meant. */
  readonly provider: string
  /** Only people of this unit; `null` for all. */
  readonly unitId: string | null
}

const CHANGED =
  'greatest(person.changed_at, account.changed_at, coalesce(profile.changed_at, person.changed_at))'

const BESIDE = `
  left join unit on unit.id = person.unit_id
  left join department on department.id = person.department_id
  left join position on position.id = person.position_id
  left join scim_profile profile on profile.person_id = person.id and profile.provider = $1`

const REACHED = 'person.active and ($2::uuid is null or person.unit_id = $2)'

/** Who is a user here: belongs to the company and has an account that is not one of the three administrators'. */
const FROM = `
  from person
  join account on account.person_id = person.id and account.administrator_role is null ${BESIDE}
 where ${REACHED}`

/** The same as people come: of a page of all of them only so many accounts are looked up. */
const FROM_PEOPLE = `
  from person
 cross join lateral (select account.id, account.changed_at from account
                      where account.person_id = person.id and account.administrator_role is null limit 1) as account
  ${BESIDE}
 where ${REACHED}`

const COLUMNS = `
  person.id, person.employee_number as "employeeNumber", person.name, person.email, person.created_at as "createdAt",
  ${CHANGED} as "changedAt", person.version as "personVersion", account.id as "accountId",
  account.user_name as "userName", account.status, account.rights_pending as "rightsPending",
  account.version as "accountVersion", unit.code as "unitCode", department.code as "departmentCode",
  person.position_id as "positionId", position.code as "positionCode", position.name as "positionName",
  profile.sealed as profile, profile.manager_id as "managerId", coalesce(profile.version, 0) as "profileVersion"`

const userNameColumn = {
  kind: 'lookup',
  sql: 'account.user_name_lookup',
  field: 'user-name',
} as const
const emailColumn = { kind: 'lookup', sql: 'person.email_lookup', field: 'email' } as const
const withEmail = 'person.email_lookup is not null'
const positionIdColumn = { kind: 'uuid', sql: 'person.position_id' } as const
const managerColumn = { kind: 'uuid', sql: 'profile.manager_id' } as const

/** What of a user can be filtered by; attributes that are not here are worked out. */
const columns: Columns = {
  id: { kind: 'uuid', sql: 'person.id' },
  externalId: { kind: 'lookup', sql: 'profile.external_id_lookup', field: 'scim' },
  meta: { kind: 'present', where: 'true' },
  'meta.resourceType': { kind: 'constant', value: 'User', where: 'true' },
  'meta.created': { kind: 'instant', sql: 'person.created_at' },
  'meta.lastModified': { kind: 'instant', sql: CHANGED },
  userName: userNameColumn,
  name: { kind: 'present', where: 'true' },
  'name.formatted': { kind: 'lookup', sql: 'person.name_lookup', field: 'name' },
  'name.familyName': { kind: 'opened' },
  'name.givenName': { kind: 'opened' },
  displayName: { kind: 'opened' },
  title: { kind: 'opened' },
  active: { kind: 'boolean', sql: `(account.status = 'active')` },
  emails: { kind: 'present', where: withEmail },
  'emails.value': emailColumn,
  'emails.type': { kind: 'constant', value: 'work', where: withEmail },
  'emails.primary': { kind: 'constant', value: true, where: withEmail },
  groups: { kind: 'present', where: 'true' },
  'groups.value': positionIdColumn,
  'groups.display': { kind: 'text', sql: 'position.name' },
  'groups.type': { kind: 'constant', value: 'direct', where: 'true' },
  [`${ENTERPRISE_USER}:employeeNumber`]: {
    kind: 'lookup',
    sql: 'person.employee_number_lookup',
    field: 'employee-number',
  },
  [`${ENTERPRISE_USER}:organization`]: { kind: 'text', sql: 'unit.code' },
  [`${ENTERPRISE_USER}:department`]: { kind: 'text', sql: 'department.code' },
  [`${ENTERPRISE_USER}:manager`]: managerColumn,
  [`${ENTERPRISE_USER}:manager.value`]: managerColumn,
  [`${EBS_USER}:position`]: { kind: 'text', sql: 'position.code' },
  [`${EBS_USER}:userName`]: userNameColumn,
  [`${EBS_USER}:accountStatus`]: { kind: 'text', sql: 'account.status' },
  [`${EBS_USER}:rightsPending`]: { kind: 'boolean', sql: 'account.rights_pending' },
}

/** By what a list is sorted in PostgreSQL, with the id where two have the same. */
export type UserOrder = 'created' | 'lastModified'

const ORDERS: Readonly<Record<UserOrder, string>> = {
  created: 'person.created_at',
  lastModified: CHANGED,
}

export interface UserPage extends UserRange {
  readonly filter: Filter | null
  readonly order: UserOrder
  readonly descending: boolean
  /** Begins behind this row: instant and id. */
  readonly after: readonly [at: string, id: string] | null
  /** Rows that are passed over, from 0. */
  readonly offset: number
  readonly limit: number
}

/**
 * Rows of the condition of a filter. Where it is not the whole filter (`filterIsExact`), those that fit are among them.
 *
 * @throws Problem `scim-filter-refused`
 */
export function usersInRange(tx: EntityManager, wanted: UserPage): Promise<UserRow[]> {
  const { provider, unitId, filter, order, descending, after, offset, limit } = wanted
  const { condition, values } = filterSql(tx, filter, columns, 7)
  const [sign, direction] = descending ? ['<', 'desc'] : ['>', 'asc']
  // The page first, of the tables that decide it; what is told of each then.
  return tx.query(
    `select ${COLUMNS}
       from (select person.id as person_id, account.id as account_id, ${ORDERS[order]} as place
             ${filter === null && order === 'created' ? FROM_PEOPLE : FROM} and ${condition}
                and ($3::timestamptz is null or (${ORDERS[order]}, person.id) ${sign} ($3, $4::uuid))
              order by ${ORDERS[order]} ${direction}, person.id ${direction} offset $5 limit $6) as page
       join person on person.id = page.person_id
       join account on account.id = page.account_id ${BESIDE}
      order by page.place ${direction}, person.id ${direction}`,
    [provider, unitId, ...(after ?? [null, null]), offset, limit, ...values],
  )
}

/** How many users fit the condition of a filter. */
export async function countUsers(
  tx: EntityManager,
  { provider, unitId }: UserRange,
  filter: Filter | null,
): Promise<number> {
  const { condition, values } = filterSql(tx, filter, columns, 3)
  // Named once without an effect: PostgreSQL must know the type of a parameter that nothing reads.
  const [row]: { total: number }[] = await tx.query(
    `select count(*)::int as total ${FROM} and $1::text is not null and ${condition}`,
    [provider, unitId, ...values],
  )
  return row?.total ?? 0
}

/** Whether SQL alone decides a filter. */
export const filterIsExact = (tx: EntityManager, filter: Filter | null) =>
  filterSql(tx, filter, columns, 1).isExact

/** The user with an id, `null` where the caller reaches none. */
export async function userInRange(
  tx: EntityManager,
  { provider, unitId }: UserRange,
  id: string,
): Promise<UserRow | null> {
  if (!isId(id)) return null
  const [row]: UserRow[] = await tx.query(`select ${COLUMNS} ${FROM} and person.id = $3`, [
    provider,
    unitId,
    id,
  ])
  return row ?? null
}

/** Whether a text is an id as PostgreSQL writes it. */
export const isId = (text: string) => /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/.test(text)

/** What accounts have in EBS, and whether something of it is still to be read back. */
export interface EbsStanding {
  readonly provisioningState: 'synchronized' | 'pending' | 'failed'
  readonly responsibilities: readonly {
    readonly value: string
    readonly type: string
    readonly startsAt: string
    readonly endsAt: string | null
  }[]
}

/** By account. */
export async function ebsStandings(
  tx: EntityManager,
  accountIds: readonly string[],
  at: Date,
): Promise<ReadonlyMap<string, EbsStanding>> {
  const [grants, open] = await Promise.all([
    grantsInEbs(tx, accountIds, at),
    openTasks(tx, accountIds),
  ])
  const grantsOf = Map.groupBy(grants, ({ accountId }) => accountId)
  const openOf = new Map(open.map(({ accountId, failed }) => [accountId, failed]))
  return new Map(
    accountIds.map((id) => {
      const failed = openOf.get(id)
      const provisioningState =
        failed === undefined ? 'synchronized' : failed ? 'failed' : 'pending'
      const responsibilities = (grantsOf.get(id) ?? []).map(({ name, kind, startsAt, endsAt }) => ({
        value: name,
        type: kind,
        startsAt: startsAt.toISOString(),
        endsAt: endsAt?.toISOString() ?? null,
      }))
      return [id, { provisioningState, responsibilities }] as const
    }),
  )
}

function grantsInEbs(
  tx: EntityManager,
  accountIds: readonly string[],
  at: Date,
): Promise<
  { accountId: string; name: string; kind: string; startsAt: Date; endsAt: Date | null }[]
> {
  return tx.query(
    `select held.account_id as "accountId", held.name, held.kind, held.starts_at as "startsAt", held.ends_at as "endsAt"
       from access_grant held
      where held.account_id = any($1) and held.kind <> 'role' and ${inForceAt('held', '$2')}
      order by held.account_id, held.kind, held.name`,
    [accountIds, at],
  )
}

function openTasks(
  tx: EntityManager,
  accountIds: readonly string[],
): Promise<{ accountId: string; failed: boolean }[]> {
  return tx.query(
    `select account_id as "accountId", bool_or(status = 'failed') as failed from provisioning_task
      where account_id = any($1) and status in ('queued', 'leased', 'failed') group by account_id`,
    [accountIds],
  )
}
