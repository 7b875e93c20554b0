import type { EntityManager } from 'typeorm'
import type { ReviewView } from './access-review.ts'

type Counts = Pick<ReviewView, 'items' | 'certified' | 'revoked' | 'lapsed' | 'gone' | 'undecided'>

/** SQL: the counts of a review by decision, as columns; over rows of `access_review_item`. */
export const COUNTS = `
  count(*)::int as items,
  count(*) filter (where decision = 'certified')::int as certified,
  count(*) filter (where decision = 'revoked')::int as revoked,
  count(*) filter (where decision = 'lapsed')::int as lapsed,
  count(*) filter (where decision = 'gone')::int as gone,
  count(*) filter (where decision is null)::int as undecided`

/** How many items of a review were decided how. */
export async function countsOf(tx: EntityManager, reviewId: string): Promise<Counts> {
  const [counts]: [Counts] = await tx.query(
    `select ${COUNTS} from access_review_item where review_id = $1`,
    [reviewId],
  )
  return counts
}
