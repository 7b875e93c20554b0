import { createHash } from 'node:crypto'
import { columnsOf } from '@erp-steward/service-kit/entity'
import type { DataSource, EntityManager } from 'typeorm'
import { ReviewItemEntity, type Review, type ReviewItem } from './access-review.ts'
import { decisionLine, headLine } from './rules/decision-line.ts'

/** Items read at a time, and so the most that lie in memory. */
const BATCH = 2_000

/**
 * A review as lines of JSON: what was reviewed, then each item with its decision, by id. Of a closed one they stay what they
 * are, so that whoever has the lines computes the digest that was stated at its end.
 */
export async function* exportReview(
  tx: EntityManager | DataSource,
  review: Review,
): AsyncGenerator<string> {
  yield headLine(review)
  let last: string | null = null
  for (;;) {
    const items: ReviewItem[] = await tx.query(
      `select ${columnsOf(ReviewItemEntity)} from access_review_item
        where review_id = $1 and ($2::uuid is null or id > $2) order by id limit $3`,
      [review.id, last, BATCH],
    )
    if (items.length === 0) return
    yield items.map(decisionLine).join('')
    last = items.at(-1)?.id ?? null
  }
}

/** SHA-256 of the export, in hexadecimal digits. */
export async function digestOf(tx: EntityManager, review: Review): Promise<string> {
  const hash = createHash('sha256')
  for await (const lines of exportReview(tx, review)) hash.update(lines)
  return hash.digest('hex')
}
