import type { Act } from '@erp-steward/contracts/act'
import { LeaveNoticed, LeaveWithdrawn } from '@erp-steward/contracts/directory-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { durationMs } from '@erp-steward/regulation/duration'
import { defineTask, enqueue } from '@erp-steward/service-kit/jobs'
import { readParameter } from '@erp-steward/service-kit/parameters'
import { LocalDate, Uuid } from '@erp-steward/contracts/values'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'
import { AccountEntity } from '../accounts/account.ts'
import { assertNotAbout } from '../accounts/another-hand.ts'
import { disableAccount, type LeaveLag } from '../accounts/disable-account.ts'
import { lockAccount } from '../accounts/lock-account.ts'
import { supersedeAsked } from '../accounts/request-account-change.ts'
import { stateStanding } from '../accounts/state-standing.ts'
import { tellDeparture, withdrawDeparture } from '../departures/tell-departure.ts'
import { announcePerson } from './announce-person.ts'
import { lockPerson } from './lock-person.ts'
import { PersonEntity, type LeaveKind, type Person } from './person.ts'
import { startOfChinaDay } from './rules/china-day.ts'
import { leaveTiming, secondsBetween, type Leave } from './rules/leave-timing.ts'

const TASK = 'take-leave'

/**
 * Takes notice that a person leaves: at once when the date has come, by a job at the start of the date otherwise. A
 * later notice takes the place of an earlier one.
 *
 * Source. The caller holds the person's row.
 *
 * @throws Problem `person-left`, `same-person`
 */
export async function leavePerson(
  tx: EntityManager,
  before: Person,
  leave: Leave,
  act: Act,
): Promise<Person> {
  if (!before.active)
    throw new Problem('person-left', said('The person has left.', '该人员已离开。'))
  await assertNotAbout(
    tx,
    act,
    before.id,
    said('Nobody gives notice for himself.', '不得为本人办理离职通知。'),
  )
  const { leaveOn, effectiveAt, atOnce, noticeLagSeconds } = leaveTiming(leave, act.now)
  if (leave.toldBy === 'personnel')
    await tellDeparture(
      tx,
      before,
      { kind: 'leave', effectiveOn: leaveOn, toldBy: leave.toldBy },
      act,
    )
  const person: Person = {
    ...before,
    leaveOn,
    leaveKind: leave.kind,
    noticedAt: act.now,
    version: before.version + 1,
  }
  await appendEvent(
    tx,
    'identity',
    LeaveNoticed,
    person.id,
    {
      personId: person.id,
      departmentId: person.departmentId,
      leaveOn,
      kind: leave.kind,
      noticedAt: act.now.toISOString(),
      lagSeconds: noticeLagSeconds,
    },
    act,
  )
  if (atOnce) return takeEffect(tx, person, effectiveAt, act)
  await tx.save(PersonEntity, person)
  await enqueue(tx, 'identity', TASK, { personId: person.id, leaveOn }, act, {
    runAt: effectiveAt,
    key: `${TASK}:${person.id}`,
  })
  return person
}

/**
 * Takes a notice back before its date.
 *
 * @throws Problem `person-left`, `no-leave-noticed`, `same-person`
 */
export async function withdrawLeave(tx: EntityManager, before: Person, act: Act): Promise<Person> {
  await assertNotAbout(
    tx,
    act,
    before.id,
    said('Nobody takes the own notice back.', '不得撤回本人的离职通知。'),
  )
  const { id, active, leaveOn } = before
  if (!active) throw new Problem('person-left', said('The person has left.', '该人员已离开。'))
  if (leaveOn === null)
    throw new Problem('no-leave-noticed', said('Nobody gave notice.', '没有离职通知。'))
  const version = before.version + 1
  const person: Person = { ...before, leaveOn: null, leaveKind: null, noticedAt: null, version }
  await tx.save(PersonEntity, person)
  await withdrawDeparture(tx, id, leaveOn, act)
  await appendEvent(tx, 'identity', LeaveWithdrawn, id, { personId: id, leaveOn }, act)
  return person
}

/** The job of the leave date; a notice that was withdrawn or changed since finds nothing to do. */
export const takeLeave = defineTask(
  TASK,
  Type.Object({ personId: Uuid, leaveOn: LocalDate }),
  async (tx, { personId, leaveOn }, act) => {
    const person = await lockPerson(tx, personId)
    if (person === null || !person.active || person.leaveOn !== leaveOn) return
    await takeEffect(tx, { ...person, version: person.version + 1 }, startOfChinaDay(leaveOn), act)
  },
)

/** From here on the person is gone: register, account, tokens and EBS in one commit. */
async function takeEffect(
  tx: EntityManager,
  noticed: Person,
  effectiveAt: Date,
  act: Act,
): Promise<Person> {
  const person: Person = { ...noticed, active: false, leftOn: noticed.leaveOn }
  const account = await tx.findOneBy(AccountEntity, { personId: person.id })
  const held = account === null ? null : await lockAccount(tx, account.id)
  await tx.save(PersonEntity, person)
  await announcePerson(tx, person, act)
  await supersedeAsked(tx, person.id, act)
  if (held !== null && held.account.status !== 'disabled') {
    const leave = await lagOf(tx, person.unitId, person.leaveKind, effectiveAt, act)
    await disableAccount(
      tx,
      held,
      {
        reason:
          held.account.status === 'frozen'
            ? `frozen, then ${leaverReason(person)}`
            : leaverReason(person),
        endDate: String(person.leftOn),
        leave,
        dueAt: new Date(effectiveAt.getTime() + leave.targetSeconds * 1_000),
      },
      act,
    )
  } else if (held !== null) await stateStanding(tx, person.id, act)
  return person
}

/** Why the account of a leaver is disabled, if nothing but the leave shut it. */
export function leaverReason({ leaveKind }: Pick<Person, 'leaveKind'>): string {
  return `leaver: ${String(leaveKind)}`
}

/** The measured lag against the parameter in force, whose version is kept with it. */
async function lagOf(
  tx: EntityManager,
  unitId: string,
  kind: LeaveKind | null,
  effectiveAt: Date,
  act: Act,
): Promise<LeaveLag> {
  const key =
    kind === 'dismissal'
      ? 'identity.leaver.dismissal_disable_within'
      : 'identity.leaver.disable_within'
  const { value, version } = await readParameter(tx, key, unitId, act.now)
  const lagSeconds = secondsBetween(effectiveAt, act.now)
  const targetSeconds = durationMs(value) / 1_000
  return {
    lagSeconds,
    targetSeconds,
    withinTarget: lagSeconds <= targetSeconds,
    parameterVersion: version,
  }
}
