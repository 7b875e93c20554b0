import type { Review, ReviewItem } from '../access-review.ts'

/** First line of what a closed review is exported as: what was reviewed, and by when. */
export function headLine({ id, kind, openedAt, openedBy, dueAt }: Review): string {
  const head = { format: 'erp-steward access review 1', reviewId: id, kind, openedBy }
  return lineOf({
    ...head,
    openedAt: openedAt.toISOString(),
    dueAt: dueAt.toISOString(),
  })
}

/** One item of it. Members stand in this order, so that the digest of the lines can be computed anew. */
export const decisionLine = (item: ReviewItem): string =>
  lineOf({
    itemId: item.id,
    grantId: item.grantId,
    personId: item.personId,
    unitId: item.unitId,
    kind: item.kind,
    name: item.name,
    source: item.source,
    decider: item.decider,
    decision: item.decision,
    decidedBy: item.decidedBy,
    decidedAt: item.decidedAt?.toISOString() ?? null,
    reason: item.reason,
  })

const lineOf = (members: object) => `${JSON.stringify(members)}\n`
