import { columnsOf } from '@erp-steward/service-kit/entity'
import { personalDataOf } from '@erp-steward/service-kit/personal-data'
import type { Static } from 'typebox'
import type { EntityManager } from 'typeorm'
import { maskedName } from '../people/rules/mask.ts'
import { seesName, type Viewer } from '../people/show-person.ts'
import {
  ReviewEntity,
  ReviewItemEntity,
  type ReviewDecider,
  type ReviewItemView,
  type ReviewKind,
  type ReviewView,
} from './access-review.ts'
import { COUNTS } from './count-decisions.ts'

/** Who looks: of one unit only its items count, and those that one is named for. */
export interface ReviewRange {
  readonly unitId: string | null
  readonly personId: string | null
}

export interface ReviewFilter extends ReviewRange {
  readonly id?: string | undefined
  readonly kind?: ReviewKind | undefined
  readonly state?: string | undefined
  /** Opening and id of the last row of the page before, two `null`s for the first page. */
  readonly after: readonly [at: string | null, id: string | null]
  readonly limit: number
}

/** Reviews, oldest first, with the counts of what is in the caller's range. */
export function reviewsInRange(
  tx: EntityManager,
  { id, kind, state, unitId, personId, after, limit }: ReviewFilter,
): Promise<ReviewView[]> {
  return tx.query(
    `select ${columnsOf(ReviewEntity, 'review')}, counted.*,
            case when review.closed_at is null then 'open' else 'closed' end as state
       from access_review review
      cross join lateral (
        select ${COUNTS}
          from access_review_item item
         where review_id = review.id and ($1::uuid is null or unit_id = $1 or reviewer_id = $2)) as counted
      where ($3::uuid is null or review.id = $3) and ($4::text is null or review.kind = $4)
        and ($5::text is null or (review.closed_at is null) = ($5 = 'open'))
        and ($6::timestamptz is null or (review.opened_at, review.id) > ($6, $7::uuid))
      order by review.opened_at, review.id limit $8`,
    [unitId, personId, id ?? null, kind ?? null, state ?? null, ...after, limit],
  )
}

export interface ItemFilter extends ReviewRange {
  readonly reviewId: string
  readonly ids?: readonly string[]
  readonly holderId?: string | undefined
  readonly ofUnitId?: string | undefined
  readonly moduleCode?: string | undefined
  readonly decider?: ReviewDecider | undefined
  readonly reviewerId?: string | undefined
  /** A decision, or `none` for what nobody has decided. */
  readonly decision?: string | undefined
  readonly after: string | null
  readonly limit: number
}

/** Items of a review by id, with the names of the holders as the viewer may see them. */
export async function itemsInRange(
  tx: EntityManager,
  filter: ItemFilter,
  viewer: Viewer,
): Promise<Static<typeof ReviewItemView>[]> {
  const { reviewId, ids, holderId, ofUnitId, moduleCode, decider, reviewerId, decision } = filter
  const rows: Static<typeof ReviewItemView>[] = await tx.query(
    `select ${columnsOf(ReviewItemEntity, 'item')}, person.name as "personName"
       from access_review_item item join person on person.id = item.person_id
      where review_id = $1 and ($2::uuid is null or item.unit_id = $2 or reviewer_id = $3)
        and ($4::uuid[] is null or item.id = any($4)) and ($5::uuid is null or item.person_id = $5)
        and ($6::uuid is null or item.unit_id = $6) and ($7::text is null or module_code = $7)
        and ($8::text is null or decider = $8) and ($9::uuid is null or reviewer_id = $9)
        and ($10::text is null or coalesce(decision, 'none') = $10)
        and ($11::uuid is null or item.id > $11)
      order by item.id limit $12`,
    [
      ...[reviewId, filter.unitId, filter.personId, ids ?? null, holderId ?? null],
      ...[ofUnitId ?? null, moduleCode ?? null, decider ?? null, reviewerId ?? null],
      ...[decision ?? null, filter.after, filter.limit],
    ],
  )
  const personal = personalDataOf(tx)
  return rows.map((row) => {
    const name = personal.open(row.personId, 'name', row.personName)
    const whole = seesName(viewer, { id: row.personId, unitId: row.unitId })
    return { ...row, personName: whole ? name : maskedName(name) }
  })
}
