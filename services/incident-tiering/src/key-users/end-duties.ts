import type { Act } from '@erp-steward/contracts/act'
import { KeyUserRemoved } from '@erp-steward/contracts/incident-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { PersonEntity } from '@erp-steward/directory/directory'
import { assertVersion } from '@erp-steward/service-kit/commit'
import { IsNull, type EntityManager } from 'typeorm'
import { releaseTicketsOf } from '../tickets/release-tickets.ts'
import { coverageGaps, type CoverageGap } from './coverage-gaps.ts'
import { KeyUserEntity, type KeyUser } from './key-user.ts'
import { waitForOtherChanges } from './follow-gaps.ts'
import { nominateKeyUser } from './nominate-key-user.ts'

export interface RemoveKeyUser {
  readonly keyUserId: string
  readonly reason: string
  /** Takes the duty over in the same transaction. */
  readonly successorPersonId: string | null
}

/**
 * Ends a duty; tickets that the holder may no longer work go back to their tiers. The last holder needs a successor.
 * Source: B-4.1.2.
 *
 * @throws Problem `not-found`, `version-stale`, `last-key-user`, and those of a nomination for the successor
 */
export async function removeKeyUser(
  tx: EntityManager,
  { keyUserId, reason, successorPersonId }: RemoveKeyUser,
  expected: number,
  act: Act,
): Promise<KeyUser> {
  const duty = await tx.findOne(KeyUserEntity, {
    where: { id: keyUserId, endedAt: IsNull() },
    lock: { mode: 'pessimistic_write' },
  })
  if (duty === null)
    throw new Problem(
      'not-found',
      said(`Nobody holds the duty ${keyUserId}.`, `无人担任职责 ${keyUserId}。`),
    )
  assertVersion(duty.version, expected)
  const { tier, kind, unitId, moduleCode } = duty
  if (successorPersonId !== null)
    await nominateKeyUser(tx, { personId: successorPersonId, tier, kind, unitId, moduleCode }, act)
  await waitForOtherChanges(tx)
  const ended = await end(tx, duty, reason, act)
  if ((await coverageGaps(tx)).some((gap) => isGapOf(gap, duty)))
    throw new Problem(
      'last-key-user',
      said(
        'Nobody else can do this duty; name a successor.',
        '无其他人能担任此职责，请指定继任者。',
      ),
    )
  await releaseTicketsOf(tx, duty.personId, act)
  return ended
}

/**
 * Ends the duties that a person cannot get back by having rights restored: all of somebody who is gone, those of a unit
 * that is no longer theirs. Duties of a frozen or unreachable person stay, as gaps until the person is back.
 *
 * @returns whether the person held any duty
 */
export async function endLostDuties(
  tx: EntityManager,
  personId: string,
  act: Act,
): Promise<boolean> {
  const person = await tx.findOneBy(PersonEntity, { id: personId })
  const duties = await tx.find(KeyUserEntity, {
    where: { personId, endedAt: IsNull() },
    lock: { mode: 'pessimistic_write' },
    order: { id: 'asc' },
  })
  for (const duty of duties)
    if (person?.active !== true) await end(tx, duty, 'The person has left.', act)
    else if (duty.unitId !== null && duty.unitId !== person.unitId)
      await end(tx, duty, 'The person has moved to another unit.', act)
  return duties.length > 0
}

async function end(tx: EntityManager, duty: KeyUser, reason: string, act: Act): Promise<KeyUser> {
  const ended = { ...duty, endedAt: act.now, endedReason: reason, version: duty.version + 1 }
  await tx.update(KeyUserEntity, { id: duty.id }, ended)
  await appendEvent(
    tx,
    'incident-tiering',
    KeyUserRemoved,
    duty.id,
    { keyUserId: duty.id, personId: duty.personId, reason, endedAt: act.now.toISOString() },
    act,
  )
  return ended
}

function isGapOf(gap: CoverageGap, duty: KeyUser): boolean {
  return (
    gap.tier === duty.tier &&
    gap.kind === duty.kind &&
    gap.unitId === duty.unitId &&
    gap.moduleCode === duty.moduleCode
  )
}
