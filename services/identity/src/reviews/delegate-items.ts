import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { AccessReviewDelegated } from '@erp-steward/contracts/grant-events'
import { permissions } from '@erp-steward/contracts/permissions'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { EntityManager } from 'typeorm'
import { assertNamed, assertNotAbout } from '../accounts/another-hand.ts'
import { heldReview } from './decide-items.ts'
import { answersFor, type Reviewing } from './rules/may-decide.ts'
import type { ReviewItem } from './access-review.ts'

export interface Delegation {
  readonly personId: string
  readonly unitId?: string
  readonly moduleCode?: string
  readonly reason: string
}

/**
 * Names somebody to decide what is undecided and what one answers for, or a part of it; one may decide it all the same. What
 * the named person holds is left out. Who was named hands nothing on.
 *
 * @returns how many items
 * @throws Problem `not-found`, `access-review-state`, `reviewer-unfit`, `same-person`, `administrator-unnamed`
 */
export async function delegateItems(
  tx: EntityManager,
  reviewId: string,
  { personId, unitId, moduleCode, reason }: Delegation,
  who: Reviewing,
  act: Act,
): Promise<number> {
  await heldReview(tx, reviewId, act)
  await assertNamed(tx, act)
  const detail = said(
    'Name somebody else: you decide it anyway.',
    '请指定他人：您本人本就可以决定。',
  )
  await assertNotAbout(tx, act, personId, detail)
  await assertFit(tx, personId)
  const items: Pick<ReviewItem, 'id' | 'decider' | 'unitId' | 'reviewerId'>[] = await tx.query(
    `select id, decider, unit_id as "unitId", reviewer_id as "reviewerId" from access_review_item
      where review_id = $1 and decision is null and person_id <> $2
        and ($3::uuid is null or unit_id = $3) and ($4::text is null or module_code = $4)
      order by id for update`,
    [reviewId, personId, unitId ?? null, moduleCode ?? null],
  )
  const own = items.filter((item) => answersFor(who, item))
  await tx.query('update access_review_item set reviewer_id = $2 where id = any($1)', [
    own.map(({ id }) => id),
    personId,
  ])
  const fact = {
    ...{ reviewId, personId, unitId: unitId ?? null, moduleCode: moduleCode ?? null },
    ...{ items: own.length, delegatedBy: act.actor, delegatedAt: act.now.toISOString(), reason },
  }
  await appendEvent(tx, 'identity', AccessReviewDelegated, reviewId, fact, act)
  return own.length
}

/**
 * Refuses who could not decide: without an account in use or without a role that reviews.
 *
 * @throws Problem `reviewer-unfit`
 */
export async function assertFit(tx: EntityManager, personId: string): Promise<void> {
  const fit: unknown[] = await tx.query(
    `select from person join standing on standing.person_id = person.id
      where person.id = $1 and active and account_status = 'active' and roles && $2::text[]`,
    [personId, permissions['access-review.decide']],
  )
  if (fit.length === 0)
    throw new Problem(
      'reviewer-unfit',
      said(
        `The person ${personId} has no account in use with a role that reviews.`,
        `人员 ${personId} 没有具备复核角色的在用账号。`,
      ),
    )
}
