import type { EntityManager } from 'typeorm'
import type { AccountStatus } from '../accounts/account.ts'
import type { EbsAccess } from '../provisioning/rules/access-difference.ts'
import { noAccess } from '../provisioning/rules/access-difference.ts'
import { nameOf, type Deviation, type Wanted } from './rules/deviation.ts'

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
  readonly pending: boolean
  readonly responsibilities: EbsAccess['responsibilities']
  readonly ebsRoles: EbsAccess['ebsRoles']
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
): Promise<Map<string, WantedUser>> {
  const rows: Row[] = await tx.query(
    `select account.id, user_name_lookup as lookup, person.id as "personId", person.unit_id as "unitId", status,
            rights_pending as pending, position.responsibilities, position.ebs_roles as "ebsRoles"
       from account
       join person on person.id = account.person_id
       join position on position.id = person.position_id
      where user_name_lookup = any($1) and administrator_role is null`,
    [lookups],
  )
  const ids = rows.map(({ id }) => id)
  const moving = await tasksInMotion(tx, ids, takenAt)
  const ended = await endedInEbs(
    tx,
    rows.filter(({ status }) => status !== 'active').map(({ id }) => id),
  )
  return new Map(
    rows.map(({ id, lookup, personId, unitId, status, pending, ...access }) => [
      lookup,
      {
        accountId: id,
        personId,
        unitId,
        status,
        wasEnded: ended.has(id),
        access: pending || status === 'disabled' ? noAccess : access,
        moving: moving.get(id) ?? new Set(),
      },
    ]),
  )
}

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
          name: nameOf({ application: app, key, securityGroup }),
        }),
      )
    else if (kind !== 'update-user') of.add('user')
  }
  return moving
}
