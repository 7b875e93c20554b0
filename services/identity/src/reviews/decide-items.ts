import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { AccessReviewDecided } from '@erp-steward/contracts/grant-events'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { EntityManager } from 'typeorm'
import { assertNamed, peopleBehind } from '../accounts/another-hand.ts'
import { endGrantsOf } from '../accounts/change-rights.ts'
import { inForceAt } from '../grants/access-grant.ts'
import type { Person } from '../people/person.ts'
import {
  ReviewEntity,
  ReviewItemEntity,
  type Review,
  type ReviewDecision,
  type ReviewItem,
} from './access-review.ts'
import { mayDecide, type Reviewing } from './rules/may-decide.ts'

/** The word of a reviewer on one grant. */
export interface ItemDecision {
  readonly itemId: string
  readonly decision: 'certify' | 'revoke'
  readonly reason?: string
}

/**
 * Certifies or revokes items of an open review, all or none. A grant that has ended meanwhile is noted as gone, whatever was
 * said of it. Nobody decides about what he holds, under whatever account.
 *
 * Sources.
 *
 * @throws Problem `not-found` (the review, an item), `validation-failed` (an item twice), `access-review-state`,
 *   `access-review-decided`, `permission-missing`, `same-person`, `administrator-unnamed`
 */
export async function decideItems(
  tx: EntityManager,
  reviewId: string,
  decisions: readonly ItemDecision[],
  who: Reviewing,
  act: Act,
): Promise<void> {
  await heldReview(tx, reviewId, act)
  await assertNamed(tx, act)
  const ids = decisions.map(({ itemId }) => itemId)
  assertOnce(ids)
  const people = await lockPeople(tx, reviewId, ids)
  const items = await undecidedItems(tx, reviewId, ids)
  await assertDecidable(tx, items, who, act)
  const inForce = await stillInForce(tx, items, act.now)
  const wordOf = new Map(decisions.map((each) => [each.itemId, each]))
  const decided = items.map((item) => {
    const word = wordOf.get(item.id)
    const decision = !inForce.has(item.grantId)
      ? ('gone' as const)
      : word?.decision === 'revoke'
        ? ('revoked' as const)
        : ('certified' as const)
    return { item, decision, reason: word?.reason ?? null }
  })
  for (const person of people) {
    const revoked = decided.filter(
      ({ item, decision }) => decision === 'revoked' && item.personId === person.id,
    )
    if (revoked.length === 0) continue
    const grantIds = revoked.map(({ item }) => item.grantId)
    await endGrantsOf(tx, person, { ids: grantIds }, 'review-revoked', act)
  }
  await noteDecisions(
    tx,
    decided.map(({ item, decision, reason }) => ({ itemId: item.id, decision, reason })),
    act,
  )
  const fact = {
    ...{ reviewId, decidedBy: act.actor, decidedAt: act.now.toISOString() },
    decisions: decided.map(({ item, decision, reason }) => ({
      ...{ itemId: item.id, grantId: item.grantId, personId: item.personId, decision, reason },
    })),
  }
  await appendEvent(tx, 'identity', AccessReviewDecided, reviewId, fact, act)
}

/**
 * An open review within its time, which does not end while somebody decides.
 *
 * @throws Problem `not-found`, `access-review-state`
 */
export async function heldReview(tx: EntityManager, id: string, { now }: Act): Promise<Review> {
  const review = await tx.findOne(ReviewEntity, {
    where: { id },
    lock: { mode: 'pessimistic_read' },
  })
  if (review === null)
    throw new Problem('not-found', said(`There is no review ${id}.`, `没有权限复核 ${id}。`))
  if (review.closedAt !== null || review.dueAt <= now)
    throw new Problem(
      'access-review-state',
      said('The time of the review is over.', '该权限复核已截止。'),
    )
  return review
}

/** Writes what became of items. */
export async function noteDecisions(
  tx: EntityManager,
  decisions: readonly {
    readonly itemId: string
    readonly decision: ReviewDecision
    readonly reason: string | null
  }[],
  { actor, now }: Act,
): Promise<void> {
  await tx.query(
    `update access_review_item item
        set decision = word.decision, reason = word.reason, decided_by = $2, decided_at = $3
       from json_to_recordset($1) as word ("itemId" uuid, decision text, reason text)
      where item.id = word."itemId"`,
    [JSON.stringify(decisions), actor, now],
  )
}

function assertOnce(ids: readonly string[]): void {
  const again = ids.findIndex((id, at) => ids.indexOf(id) < at)
  if (again === -1) return
  const detail = said('Name each item once.', '每个条目只能出现一次。')
  const pointer = `#/decisions/${String(again)}/itemId`
  throw new Problem('validation-failed', detail, { errors: [{ pointer, detail }] })
}

/** People before what they hold, and in one order, as everybody does. */
const lockPeople = (tx: EntityManager, reviewId: string, itemIds: readonly string[]) =>
  tx.query<Pick<Person, 'id' | 'unitId' | 'positionId'>[]>(
    `select id, unit_id as "unitId", position_id as "positionId" from person
      where id in (select person_id from access_review_item where review_id = $1 and id = any($2))
      order by id for update`,
    [reviewId, itemIds],
  )

/** @throws Problem `not-found`, `access-review-decided` */
async function undecidedItems(
  tx: EntityManager,
  reviewId: string,
  ids: readonly string[],
): Promise<ReviewItem[]> {
  const items = await tx
    .createQueryBuilder(ReviewItemEntity, 'item')
    .where('item.reviewId = :reviewId and item.id = any(:ids)', { reviewId, ids })
    .orderBy('item.id')
    .setLock('pessimistic_write')
    .getMany()
  const known = new Set(items.map(({ id }) => id))
  const unknown = ids.find((id) => !known.has(id))
  if (unknown !== undefined)
    throw new Problem(
      'not-found',
      said(`The review has no item ${unknown}.`, `该权限复核没有条目 ${unknown}。`),
    )
  const decided = items.find(({ decision }) => decision !== null)
  if (decided !== undefined)
    throw new Problem(
      'access-review-decided',
      said(
        `The item ${decided.id} is ${String(decided.decision)} already.`,
        `条目 ${decided.id} 已有结论（${String(decided.decision)}）。`,
      ),
    )
  return items
}

/** @throws Problem `permission-missing`, `same-person` */
async function assertDecidable(
  tx: EntityManager,
  items: readonly ReviewItem[],
  who: Reviewing,
  act: Act,
): Promise<void> {
  const others = items.find((item) => !mayDecide(who, item))
  if (others !== undefined)
    throw new Problem(
      'permission-missing',
      said(`The item ${others.id} is decided by others.`, `条目 ${others.id} 须由他人决定。`),
    )
  const own = new Set(await peopleBehind(tx, [act]))
  if (items.some(({ personId }) => own.has(personId)))
    throw new Problem(
      'same-person',
      said('Nobody reviews what he holds himself.', '不得复核本人的权限。'),
    )
}

async function stillInForce(
  tx: EntityManager,
  items: readonly ReviewItem[],
  now: Date,
): Promise<Set<string>> {
  const rows: { id: string }[] = await tx.query(
    `select id from access_grant held where id = any($2) and ${inForceAt('held', '$1')}`,
    [now, items.map(({ grantId }) => grantId)],
  )
  return new Set(rows.map(({ id }) => id))
}
