import type { Act } from '@erp-steward/contracts/act'
import { durationMs } from '@erp-steward/regulation/duration'
import { readParameter } from '@erp-steward/service-kit/parameters'
import type { EntityManager } from 'typeorm'
import type { Person } from '../people/person.ts'
import { openPerson } from '../people/sealed-person.ts'
import { openUserName } from '../accounts/sealed-user-name.ts'
import { chinaDay } from '../people/rules/china-day.ts'
import type { EbsCall } from './provisioning-task.ts'
import { queueTasks, type EbsTarget } from './queue-tasks.ts'
import { accessDifference, noAccess, type EbsAccess } from './rules/access-difference.ts'
import { createUser, enableUser, endDateUser, updateUser } from './rules/ebs-request.ts'
import { supersedeGrants, type Superseded } from './supersede-grants.ts'

const DAY_MS = 86_400_000

/** Sealed, as it is stored; opened where the call is made up. */
type Holder = Pick<Person, 'id' | 'name' | 'employeeNumber' | 'email' | 'birthday' | 'unitId'>

export interface NewUser {
  readonly account: EbsTarget['account']
  readonly holder: Holder
  readonly access: EbsAccess
  /** As `passwordDaysOf` says. */
  readonly passwordDays: number
}

/** How long a password of the unit is good for, in days. */
export async function passwordDaysOf(
  tx: EntityManager,
  unitId: string,
  { now }: Act,
): Promise<number> {
  const maxAge = await readParameter(tx, 'identity.password.max_age', unitId, now)
  return Math.max(1, Math.floor(durationMs(maxAge.value) / DAY_MS))
}

/** A joiner: the user, then everything the position gives. */
export async function queueNewUser(
  tx: EntityManager,
  { account, holder, access, passwordDays }: NewUser,
  act: Act,
): Promise<void> {
  const { unitId } = holder
  const day = chinaDay(act.now)
  const userName = openUserName(tx, account)
  const { added } = accessDifference(userName, noAccess, access, day)
  const user = createUser({ ...openPerson(tx, holder), userName }, day, passwordDays)
  await queueTasks(tx, { account, unitId }, [user, ...added], act)
}

/** A position with new rights: what is no longer in it ends, then what is new begins. */
export async function queueAccessChange(
  tx: EntityManager,
  target: EbsTarget,
  from: EbsAccess,
  to: EbsAccess,
  act: Act,
): Promise<{ ended: number; added: number }> {
  const { ended, added } = accessDifference(
    openUserName(tx, target.account),
    from,
    to,
    chinaDay(act.now),
  )
  await queueTasks(tx, target, [...ended, ...added], act)
  return { ended: ended.length, added: added.length }
}

/** A mover: everything that the old position gave ends, also what the new one gives too: that waits for an approval. */
export async function queueAccessEnd(
  tx: EntityManager,
  target: EbsTarget,
  from: EbsAccess,
  dueAt: Date,
  act: Act,
): Promise<number> {
  const userName = openUserName(tx, target.account)
  const { ended } = accessDifference(userName, from, noAccess, chinaDay(act.now))
  await queueTasks(tx, target, ended, act, dueAt)
  return ended.length
}

/** New name or address. */
export async function queueUserUpdate(
  tx: EntityManager,
  account: EbsTarget['account'],
  holder: Holder,
  act: Act,
): Promise<void> {
  const update = updateUser({ ...openPerson(tx, holder), userName: openUserName(tx, account) })
  await queueTasks(tx, { account, unitId: holder.unitId }, [update], act)
}

/**
 * A leaver: the end date first, which stops the login at once, then every right, so that enabling the user later
 * does not bring them back. What EBS never got is taken out of the queue instead. Source: EBS conventions 4.2.
 */
export async function queueUserEnd(
  tx: EntityManager,
  target: EbsTarget,
  access: EbsAccess,
  { endDate, dueAt }: { endDate: string; dueAt: Date | null },
  act: Act,
): Promise<void> {
  const { account } = target
  const superseded = await supersedeGrants(tx, account.id, 'account-disabled', act)
  const untouched = superseded.filter(({ attempts }) => attempts === 0)
  if (untouched.some(({ kind }) => kind === 'create-user')) return
  const userName = openUserName(tx, account)
  const { ended } = accessDifference(userName, access, noAccess, endDate)
  const reached = ended.filter(({ call }) => !untouched.some((grant) => grants(grant, call)))
  await queueTasks(tx, target, [endDateUser(userName, endDate), ...reached], act, dueAt)
}

/** A frozen account: no login in EBS; rights stay, for the person comes back. */
export async function queueUserFreeze(
  tx: EntityManager,
  target: EbsTarget,
  act: Act,
): Promise<void> {
  await queueTasks(
    tx,
    target,
    [endDateUser(openUserName(tx, target.account), chinaDay(act.now))],
    act,
  )
}

/**
 * An account that may be used again: the login, the name as it is now, and the rights that were ended beside the end
 * date. A user that EBS never got is created.
 */
export async function queueUserReturn(
  tx: EntityManager,
  { account, holder, access }: { account: EbsTarget['account']; holder: Holder; access: EbsAccess },
  act: Act,
): Promise<void> {
  const reached: unknown[] = await tx.query(
    `select from provisioning_task where account_id = $1 and kind = 'create-user'
        and not (status = 'superseded' and attempts = 0)
     union all select from ebs_user_seen where account_id = $1 limit 1`,
    [account.id],
  )
  if (reached.length === 0) {
    const passwordDays = await passwordDaysOf(tx, holder.unitId, act)
    await queueNewUser(tx, { account, holder, access, passwordDays }, act)
    return
  }
  const day = chinaDay(act.now)
  const userName = openUserName(tx, account)
  const { added } = accessDifference(userName, noAccess, access, day)
  const calls = [
    enableUser(userName, day),
    updateUser({ ...openPerson(tx, holder), userName }),
    ...added,
  ]
  await queueTasks(tx, { account, unitId: holder.unitId }, calls, act)
}

/** A released account: the login comes back, the rights were never gone. */
export async function queueUserRelease(
  tx: EntityManager,
  target: EbsTarget,
  act: Act,
): Promise<void> {
  await queueTasks(
    tx,
    target,
    [enableUser(openUserName(tx, target.account), chinaDay(act.now))],
    act,
  )
}

function grants({ kind, call }: Superseded, end: EbsCall): boolean {
  const given = call.arguments
  const ended = end.arguments
  if (kind === 'add-responsibility')
    return (
      given.resp_app === ended.resp_app &&
      given.resp_key === ended.resp_key &&
      given.security_group === ended.security_group
    )
  return kind === 'add-role' && given.p_role_name === ended.p_role_name
}
