import type { Act } from '@erp-steward/contracts/act'
import { KeyUserGapFound, KeyUserRemoved } from '@erp-steward/contracts/incident-events'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { assertVersion } from '@erp-steward/service-kit/commit'
import { IsNull, type EntityManager } from 'typeorm'
import { coverageGaps, type CoverageGap } from './coverage-gaps.ts'
import { KeyUserEntity, type KeyUser } from './key-user.ts'
import { nominateKeyUser } from './nominate-key-user.ts'

export interface RemoveKeyUser {
  readonly keyUserId: string
  readonly reason: string
  /** Takes the duty over in the same transaction. */
  readonly successorPersonId: string | null
}

/**
 * Ends a duty. The last holder needs a successor. Source: B-4.1.2.
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
  if (duty === null) throw new Problem('not-found', `Nobody holds the duty ${keyUserId}.`)
  assertVersion(duty.version, expected)
  const { tier, kind, unitId, moduleCode } = duty
  if (successorPersonId !== null)
    await nominateKeyUser(tx, { personId: successorPersonId, tier, kind, unitId, moduleCode }, act)
  await waitForOtherEnds(tx)
  const ended = await end(tx, duty, reason, act)
  if ((await coverageGaps(tx)).some((gap) => isGapOf(gap, duty)))
    throw new Problem('last-key-user', 'Nobody else holds this duty; name a successor.')
  return ended
}

/** Ends every duty of a person who is gone; the gaps this opens are announced, they cannot be refused. */
export async function endDutiesOf(
  tx: EntityManager,
  personId: string,
  reason: string,
  act: Act,
): Promise<void> {
  const duties = await tx.find(KeyUserEntity, {
    where: { personId, endedAt: IsNull() },
    lock: { mode: 'pessimistic_write' },
    order: { id: 'asc' },
  })
  if (duties.length === 0) return
  await waitForOtherEnds(tx)
  for (const duty of duties) await end(tx, duty, reason, act)
  for (const gap of await coverageGaps(tx))
    if (duties.some((duty) => isGapOf(gap, duty))) await announceGap(tx, gap, act)
}

/** Two ends of the last two duties at once would each see the other's holder: the lock makes the second wait. */
async function waitForOtherEnds(tx: EntityManager) {
  await tx.query('select pg_advisory_xact_lock(hashtext($1))', ['key-user-coverage'])
}

export async function announceGap(tx: EntityManager, gap: CoverageGap, act: Act): Promise<void> {
  const subject = [gap.tier, gap.unitId ?? 'company', gap.moduleCode ?? 'IT'].join('/')
  await appendEvent(
    tx,
    'incident-tiering',
    KeyUserGapFound,
    subject,
    { ...gap, foundAt: act.now.toISOString() },
    act,
  )
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
