import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import type { EntityManager } from 'typeorm'
import { assertNotAbout } from '../accounts/another-hand.ts'
import { leavePerson } from '../people/leave-person.ts'
import { lockPerson } from '../people/lock-person.ts'
import type { LeaveKind } from '../people/person.ts'
import type { Departure, DepartureKind } from './departure.ts'
import { departureToldBefore, tellDeparture } from './tell-departure.ts'

export interface DepartmentNotice {
  readonly personId: string
  readonly kind: DepartureKind
  /** First day without the old place. */
  readonly effectiveOn: string
  /** Why somebody leaves; `null` for a move. */
  readonly leaveKind: LeaveKind | null
  /** The unit of the caller; `null` for one whose range is the company. */
  readonly unitId: string | null
}

/**
 * A department tells that one of its people leaves or moves. A leave that nobody told of, or only of a later day, takes effect
 * by it; of a move it is kept until whoever runs the register says where to.
 *
 * Source.
 *
 * @throws Problem `not-found` also for a person of another unit, `same-person`, `person-left` for one who left long ago,
 *   and what `leavePerson` throws
 */
export async function tellAsDepartment(
  tx: EntityManager,
  { personId, kind, effectiveOn, leaveKind, unitId }: DepartmentNotice,
  act: Act,
): Promise<Departure> {
  const person = await lockPerson(tx, personId)
  const told = { kind, effectiveOn, toldBy: 'department' } as const
  const known = await departureToldBefore(tx, personId, told)
  // Who has moved on is told of by the unit that was left.
  if (person === null || (unitId !== null && (known?.unitId ?? person.unitId) !== unitId))
    throw new Problem(
      'not-found',
      said(`There is no person ${personId}.`, `没有人员 ${personId}。`),
    )
  await assertNotAbout(
    tx,
    act,
    personId,
    said('Nobody gives notice for himself.', '不得为本人办理离职通知。'),
  )
  if (!person.active && known === undefined)
    throw new Problem('person-left', said('The person has left.', '该人员已离开。'))
  const isSooner = person.leaveOn === null || effectiveOn < person.leaveOn
  if (!person.active || leaveKind === null || !isSooner) return tellDeparture(tx, person, told, act)
  const { toldBy } = told
  const left = await leavePerson(tx, person, { leaveOn: effectiveOn, kind: leaveKind, toldBy }, act)
  // A dismissal takes effect today, whatever day was named.
  return tellDeparture(tx, person, { ...told, effectiveOn: String(left.leaveOn) }, act)
}
