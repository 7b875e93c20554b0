import type { Act } from '@erp-steward/contracts/act'
import { AccountFindingAccepted } from '@erp-steward/contracts/account-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { assertVersion } from '@erp-steward/service-kit/commit'
import type { EntityManager } from 'typeorm'
import { AccountEntity } from '../accounts/account.ts'
import { assertAnotherHand } from '../accounts/another-hand.ts'
import { AccountFindingEntity } from './account-finding.ts'

/** Days that a finding is left alone at most; after them somebody looks again. Own choice, as of differences in EBS. */
const MOST_ACCEPTED_DAYS = 90

/**
 * Leaves an orphan or a generic name alone until an instant. A dormant account is used or ended; nobody accepts it, and nobody
 * accepts his own.
 *
 * @throws Problem `not-found`, `version-stale`, `same-person`, `finding-state`, `validation-failed` for an end that has come
 *   or lies too far
 */
export async function acceptFinding(
  tx: EntityManager,
  { id, until, reason }: { readonly id: string; readonly until: Date; readonly reason: string },
  expected: number,
  act: Act,
): Promise<void> {
  const finding = await tx.findOne(AccountFindingEntity, {
    where: { id },
    lock: { mode: 'pessimistic_write' },
  })
  if (finding === null) throw unknownAccountFinding(id)
  const { accountId, kind } = finding
  const account = await tx.findOneByOrFail(AccountEntity, { id: accountId })
  const own = said('Nobody accepts what is about his own account.', '不得接受涉及本人账号的事项。')
  await assertAnotherHand(tx, act, [{ actor: accountId, personId: account.personId }], own)
  assertVersion(finding.version, expected)
  if (finding.closedAt !== null || kind === 'dormant')
    throw new Problem(
      'finding-state',
      said('It is over, or is not for anybody to accept.', '该事项已结束，或不属于可接受的类型。'),
    )
  const latest = new Date(act.now.getTime() + MOST_ACCEPTED_DAYS * 86_400_000)
  if (until <= act.now || until > latest) {
    const detail = said(
      `until must be in the future and not after ${latest.toISOString()}.`,
      `until 须晚于当前时间且不晚于 ${latest.toISOString()}。`,
    )
    throw new Problem('validation-failed', detail, { errors: [{ pointer: '#/until', detail }] })
  }
  await tx.update(AccountFindingEntity, id, {
    ...{ acceptedUntil: until, acceptedBy: act.actor, acceptedReason: reason },
    version: finding.version + 1,
  })
  const fact = { findingId: id, accountId, kind, until: until.toISOString(), reason }
  const acceptedAt = act.now.toISOString()
  const data = { ...fact, acceptedBy: act.actor, acceptedAt }
  await appendEvent(tx, 'identity', AccountFindingAccepted, accountId, data, act)
}

export const unknownAccountFinding = (id: string) =>
  new Problem('not-found', said(`There is no finding ${id}.`, `没有事项 ${id}。`))
