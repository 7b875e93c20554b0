import { randomUUID } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { AccessReviewOpened } from '@erp-steward/contracts/grant-events'
import { companyWideRoles } from '@erp-steward/contracts/permissions'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import {
  companyCalendar,
  companyDeadline,
  deadlineWithoutHolidays,
} from '@erp-steward/service-kit/company-calendar'
import { defineTask } from '@erp-steward/service-kit/jobs'
import { readParameters } from '@erp-steward/service-kit/parameters'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'
import { inForceAt } from '../grants/access-grant.ts'
import { ReviewEntity, type ReviewKind } from './access-review.ts'
import { nextReviewAt } from './rules/next-review.ts'

/** Any number; of two openings at once the second finds what the first wrote. */
const OPEN_LOCK = 7_411_022

/** How long the end of a review may take after its deadline, in milliseconds: everything in it may have to be revoked. Own choice. */
const ENDED_WITHIN_MS = 3_600_000

const periodOf = {
  business: 'identity.review.business',
  privileged: 'identity.review.privileged',
} as const

/** SQL: whether a grant is privileged, as `isPrivileged` says; `$3` has the roles that see every unit. */
const PRIVILEGED = `(held.kind = 'ebs-role' or held.kind = 'role' and held.name = any($3))`

/** SQL: grants in force at `$1` that a review of the kind `$2` is about. */
const REVIEWED = `access_grant held
   join person on person.id = held.person_id
  where ${inForceAt('held', '$1')} and ${PRIVILEGED} = ($2 = 'privileged')`

/**
 * Opens a review of everything of a kind that is in force: an item for each grant, with who decides it. What nobody has
 * certified when the working days of `identity.review.grace` are over is revoked then. Of a year whose holidays nobody has
 * loaded the deadline counts without them, for a review does not wait.
 *
 * Sources, defaults 2.8.
 *
 * @returns the id; `null` where nothing of the kind is in force
 * @throws Problem `access-review-open` when one of the kind is
 */
export async function openReview(
  tx: EntityManager,
  kind: ReviewKind,
  act: Act,
): Promise<string | null> {
  await tx.query('select pg_advisory_xact_lock($1)', [OPEN_LOCK])
  if (await isOpen(tx, kind))
    throw new Problem(
      'access-review-open',
      said(`A review of the kind ${kind} is open.`, `类型为 ${kind} 的权限复核尚未结束。`),
    )
  const keys = [periodOf[kind], 'identity.review.grace'] as const
  const parameters = await readParameters(tx, keys, null, act.now)
  const grace = parameters['identity.review.grace']
  const { dueAt } = companyDeadline(await companyCalendar(tx), grace.value, act.now)
  const reviewId = randomUUID()
  const review = {
    id: reviewId,
    kind,
    openedAt: act.now,
    openedBy: act.actor,
    dueAt: dueAt ?? deadlineWithoutHolidays(grace.value, act.now),
    closedAt: null,
    digest: null,
    parameterVersions: Object.fromEntries(keys.map((key) => [key, parameters[key].version])),
  }
  await tx.insert(ReviewEntity, review)
  const [counted]: [{ count: number }] = await tx.query(
    `with leader as materialized (
       select distinct person.id, person.unit_id
         from person join access_grant on person_id = person.id and kind = 'role'
          and access_grant.name = 'BUSINESS_OWNER'
        where active and ${inForceAt('access_grant', '$1')}
     ), added as (
       insert into access_review_item (id, review_id, grant_id, person_id, unit_id, kind, name, source, module_code,
                                       decider, reviewer_id)
       select gen_random_uuid(), $4, held.id, held.person_id, held.unit_id, held.kind, held.name, held.source,
              reviewer.module_code,
              case when $2 = 'privileged' then 'security'
                   when held.person_id in (select id from leader) then 'company'
                   when held.unit_id in (select unit_id from leader) then 'unit'
                   else 'company' end,
              case when $2 = 'business' then nullif(reviewer.person_id, held.person_id) end
         from (select held.*, person.unit_id from ${REVIEWED}) as held
         left join lateral (
           select module_code, person_id from access_reviewer
            where access_reviewer.unit_id = held.unit_id and held.kind <> 'role' and split_part(held.name, '|', 1) = any(applications)
            order by module_code limit 1) as reviewer on true
       returning id)
     select count(*)::int as count from added`,
    [act.now, kind, companyWideRoles, reviewId],
  )
  if (counted.count === 0) {
    await tx.delete(ReviewEntity, reviewId)
    return null
  }
  const fact = {
    ...{ reviewId, kind, items: counted.count, openedBy: act.actor },
    openedAt: act.now.toISOString(),
    dueAt: review.dueAt.toISOString(),
    endedBy: new Date(review.dueAt.getTime() + ENDED_WITHIN_MS).toISOString(),
  }
  await appendEvent(tx, 'identity', AccessReviewOpened, reviewId, fact, act)
  return reviewId
}

/**
 * Opens the reviews whose time has come: a period after the last one of the kind began, the first one a period after the oldest
 * grant that is in force did.
 */
export const openDueReviews = defineTask(
  'open-access-reviews',
  Type.Object({}),
  async (tx, _, act) => {
    for (const kind of ['business', 'privileged'] as const) {
      if (await isOpen(tx, kind)) continue
      const [last]: [{ at: Date | null }] = await tx.query(
        `select coalesce(
                  (select max(opened_at) from access_review where kind = $2),
                  (select min(held.starts_at) from ${REVIEWED})) as at`,
        [act.now, kind, companyWideRoles],
      )
      if (last.at === null) continue
      const { [periodOf[kind]]: period } = await readParameters(tx, [periodOf[kind]], null, act.now)
      if (nextReviewAt(last.at, period.value) <= act.now) await openReview(tx, kind, act)
    }
  },
)

const isOpen = async (tx: EntityManager, kind: ReviewKind): Promise<boolean> =>
  (
    await tx.query<unknown[]>('select from access_review where kind = $1 and closed_at is null', [
      kind,
    ])
  ).length > 0
