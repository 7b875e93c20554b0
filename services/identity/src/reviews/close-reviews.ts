import type { Act } from '@erp-steward/contracts/act'
import { AccessReviewClosed, AccessReviewLapsed } from '@erp-steward/contracts/grant-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { defineTask, enqueue } from '@erp-steward/service-kit/jobs'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'
import { endGrantsOf } from '../accounts/change-rights.ts'
import { inForceAt } from '../grants/access-grant.ts'
import { ReviewEntity, type Review } from './access-review.ts'
import { countsOf } from './count-decisions.ts'
import { noteDecisions } from './decide-items.ts'
import { digestOf } from './export-review.ts'

/** Name of the task. */
const CLOSE = 'close-access-reviews'

/** People whose grants are ended in one go: each of them gets tasks in EBS and facts. */
const BATCH = 100

/**
 * Ends reviews: one whose deadline has come, in which what nobody has certified is revoked here and in EBS, and one in which
 * everything is decided. A long one is ended in parts, each in a transaction of its own.
 *
 * Sources, defaults 2.8.
 */
export const closeReviews = defineTask(CLOSE, Type.Object({}), async (tx, _, act) => {
  const reviews = await tx
    .createQueryBuilder(ReviewEntity, 'review')
    .where('review.closedAt is null')
    .andWhere(
      `(review.dueAt <= :now or not exists (
          select from access_review_item item where item.review_id = review.id and item.decision is null))`,
      { now: act.now },
    )
    .orderBy('review.id')
    .setLock('pessimistic_write')
    .getMany()
  for (const review of reviews) {
    if (await revokeUncertified(tx, review, act)) await closeReview(tx, review, act)
    else await enqueue(tx, 'identity', CLOSE, {}, act, { key: CLOSE })
  }
})

/** @returns whether nothing is left */
async function revokeUncertified(tx: EntityManager, review: Review, act: Act): Promise<boolean> {
  const reviewId = review.id
  const people: { id: string; unitId: string; positionId: string }[] = await tx.query(
    `select id, unit_id as "unitId", position_id as "positionId" from person
      where id in (select distinct person_id from access_review_item where review_id = $1 and decision is null
                    order by person_id limit $2)
      order by id for update`,
    [reviewId, BATCH],
  )
  for (const person of people) {
    const items: { itemId: string; grantId: string; isInForce: boolean }[] = await tx.query(
      `select item.id as "itemId", held.id as "grantId", ${inForceAt('held', '$3')} as "isInForce"
         from access_review_item item join access_grant held on held.id = item.grant_id
        where review_id = $1 and item.person_id = $2 and decision is null order by item.id`,
      [reviewId, person.id, act.now],
    )
    const lapsed = items.filter(({ isInForce }) => isInForce)
    const grantIds = lapsed.map(({ grantId }) => grantId)
    if (lapsed.length > 0) {
      await endGrantsOf(tx, person, { ids: grantIds }, 'review-lapsed', act)
      const fact = { reviewId, personId: person.id, grantIds, lapsedAt: act.now.toISOString() }
      await appendEvent(tx, 'identity', AccessReviewLapsed, reviewId, fact, act)
    }
    const decisions = items.map(({ itemId, isInForce }) => ({
      itemId,
      decision: isInForce ? ('lapsed' as const) : ('gone' as const),
      reason: null,
    }))
    await noteDecisions(tx, decisions, act)
  }
  return people.length < BATCH
}

/** The receipt: how many of each, and the digest of all decisions, as a fact. */
async function closeReview(tx: EntityManager, review: Review, act: Act): Promise<void> {
  const { id: reviewId, kind, dueAt } = review
  const { undecided, ...counts } = await countsOf(tx, reviewId)
  if (undecided > 0) throw new TypeError(`the review ${reviewId} has undecided items`)
  const digest = await digestOf(tx, review)
  await tx.update(ReviewEntity, reviewId, { closedAt: act.now, digest })
  const times = { dueAt: dueAt.toISOString(), closedAt: act.now.toISOString() }
  const fact = { reviewId, kind, ...counts, digest, ...times }
  await appendEvent(tx, 'identity', AccessReviewClosed, reviewId, fact, act)
}
