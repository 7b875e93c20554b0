import type { EntityManager } from 'typeorm'
import type { AccountStatus } from '../accounts/account.ts'
import { inForceAt, type GrantKind } from '../grants/access-grant.ts'
import { accessOf, responsibilityName, type GrantItem } from '../grants/rules/grant-item.ts'
import type { Deviation, Wanted } from './rules/deviation.ts'

/** An account of the register as EBS should have it. */
export interface WantedUser extends Wanted {
  readonly accountId: string
  readonly personId: string
  readonly unitId: string
  /** What tasks are changing, or have changed since EBS was read; see `motionOf`. */
  readonly moving: ReadonlySet<string>
}

interface Row {
  readonly id: string
  readonly lookup: string
  readonly personId: string
  readonly unitId: string
  readonly status: AccountStatus
}

/**
 * The accounts with these user names, by their keyed hash; administrators have no user in EBS.
 *
 * @param takenAt when EBS was read
 */
export async function wantedUsers(
  tx: EntityManager,
  lookups: readonly string[],
  takenAt: Date,
  now: Date,
): Promise<Map<string, WantedUser>> {
  const rows: Row[] = await tx.query(
    `select account.id, user_name_lookup as lookup, person.id as "personId", person.unit_id as "unitId", status
       from account join person on person.id = account.person_id
      where user_name_lookup = any($1) and administrator_role is null`,
    [lookups],
  )
  const ids = rows.map(({ id }) => id)
  const moving = await tasksInMotion(tx, ids, takenAt)
  const people = rows.map(({ personId }) => personId)
  const grants = await grantsOf(tx, people, takenAt, now)
  const shut = rows.filter(({ status }) => status !== 'active')
  const ended = await endedInEbs(
    tx,
    shut.map(({ id }) => id),
  )
  return new Map(
    rows.map(({ id, lookup, personId, unitId, status }) => {
      const own = grants.get(personId) ?? []
      const access = accessOf(own.filter(({ inForce }) => inForce))
      const changed = own.filter(({ since }) => since).map(motionOfGrant)
      const all = new Set([...(moving.get(id) ?? []), ...changed])
      const user = { accountId: id, personId, unitId, status, wasEnded: ended.has(id) }
      return [lookup, { ...user, access, moving: all }]
    }),
  )
}

interface HeldGrant extends GrantItem {
  readonly personId: string
  readonly inForce: boolean
  /** Whether it began or ended after EBS was read. */
  readonly since: boolean
}

/** What people have been given of EBS, and what has begun or ended since it was read. */
async function grantsOf(
  tx: EntityManager,
  personIds: readonly string[],
  takenAt: Date,
  now: Date,
): Promise<Map<string, HeldGrant[]>> {
  const found: HeldGrant[] = await tx.query(
    `select person_id as "personId", kind, name, ${inForceAt('held', '$3')} as "inForce",
            (starts_at > $2 or coalesce(ended_at, ends_at) > $2 and coalesce(ended_at, ends_at) <= $3) is true as since
       from access_grant held
      where person_id = any($1) and kind <> 'role' and (ended_at is null or ended_at > $2)`,
    [personIds, takenAt, now],
  )
  return Map.groupBy(found, ({ personId }) => personId)
}

const motionOfGrant = ({ kind, name }: { readonly kind: GrantKind; readonly name: string }) =>
  `${kind}:${name}`

/** Accounts whose user EBS ended last, as it was read back. */
async function endedInEbs(tx: EntityManager, ids: readonly string[]): Promise<Set<string>> {
  if (ids.length === 0) return new Set()
  const rows: { id: string; kind: string }[] = await tx.query(
    `select distinct on (account_id) account_id as id, kind from provisioning_task
      where account_id = any($1) and status = 'done' and kind in ('create-user', 'enable-user', 'end-date-user')
      order by account_id, seq desc`,
    [ids],
  )
  return new Set(rows.filter(({ kind }) => kind === 'end-date-user').map(({ id }) => id))
}

/** What of EBS a task changes, or a deviation is about: the user itself, a responsibility or a role. */
export function motionOf({ holds, name }: Pick<Deviation, 'holds' | 'name'>): string {
  return holds === null ? 'user' : `${holds}:${name ?? ''}`
}

interface TaskRow {
  readonly id: string
  readonly kind: string
  readonly app: string | null
  readonly key: string | null
  readonly securityGroup: string | null
  readonly role: string | null
}

/**
 * What tasks of these subjects, accounts or findings, are to change, or have changed since EBS was read: EBS differs there for
 * a reason that is known. A task that failed is no such reason.
 */
export async function tasksInMotion(
  tx: EntityManager,
  subjects: readonly string[],
  takenAt: Date,
): Promise<Map<string, Set<string>>> {
  const moving = new Map<string, Set<string>>()
  if (subjects.length === 0) return moving
  const tasks: TaskRow[] = await tx.query(
    `select account_id as id, kind, call #>> '{arguments,resp_app}' as app, call #>> '{arguments,resp_key}' as key,
            call #>> '{arguments,security_group}' as "securityGroup", call #>> '{arguments,p_role_name}' as role
       from provisioning_task
      where account_id = any($1) and (status in ('queued', 'leased') or status = 'done' and ended_at >= $2)`,
    [subjects, takenAt],
  )
  for (const { id, kind, app, key, securityGroup, role } of tasks) {
    const of = moving.get(id) ?? new Set()
    moving.set(id, of)
    if (role !== null) of.add(motionOf({ holds: 'ebs-role', name: role }))
    else if (app !== null && key !== null && securityGroup !== null)
      of.add(
        motionOf({
          holds: 'ebs-responsibility',
          name: responsibilityName({ application: app, key, securityGroup }),
        }),
      )
    else if (!['update-user', 'reset-password'].includes(kind)) of.add('user')
  }
  return moving
}
