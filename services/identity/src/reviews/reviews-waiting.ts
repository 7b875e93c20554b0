import type { Wait, Waits } from '@erp-steward/service-kit/waits'
import { someoneCan } from '@erp-steward/service-kit/someone-can'
import type { EntityManager } from 'typeorm'
import type { ReviewDecider } from './access-review.ts'
import { roleOfDecider } from './rules/may-decide.ts'

/** Undecided items of a review that the same people answer for. */
interface Pile {
  readonly unitId: string
  readonly decider: ReviewDecider
  /** Of whom every item is somebody's who alone holds them; `null` where several people's are. */
  readonly onlyPersonId: string | null
}

/** Reviews in which something is undecided: what nobody decides is revoked at the deadline. Source. */
export const accessReviewsWaiting: Waits = async (tx, { now }) => {
  const open: { id: string; openedAt: Date; dueAt: Date }[] = await tx.query(
    `select id, opened_at as "openedAt", due_at as "dueAt" from access_review review
      where closed_at is null and due_at > $1
        and exists (select from access_review_item where review_id = review.id and decision is null)
      order by opened_at, id`,
    [now],
  )
  const waits: Wait[] = []
  for (const { id, openedAt, dueAt } of open) {
    const stuck = await unitsWithoutDecider(tx, id, now)
    waits.push({
      ...{ kind: 'access-review.decide', subject: id, permission: 'access-review.decide' },
      ...{ unitIds: stuck, since: openedAt, expiresAt: dueAt, isDecidable: stuck.length === 0 },
    })
  }
  return waits
}

/** Units of which something can be decided by nobody, neither by role nor by name. */
async function unitsWithoutDecider(
  tx: EntityManager,
  reviewId: string,
  now: Date,
): Promise<string[]> {
  const piles: Pile[] = await tx.query(
    `select item.unit_id as "unitId", decider,
            case when count(distinct item.person_id) = 1 then min(item.person_id::text) end as "onlyPersonId"
       from access_review_item item
      where review_id = $1 and decision is null
        and not exists (
          select from person join standing on standing.person_id = person.id
           where person.id = item.reviewer_id and person.id <> item.person_id and active and account_status = 'active')
      group by item.unit_id, decider order by item.unit_id, decider`,
    [reviewId],
  )
  const stuck = new Set<string>()
  for (const { unitId, decider, onlyPersonId } of piles) {
    const who = {
      permission: 'access-review.decide',
      roles: [roleOfDecider[decider]],
      isOfCompany: false,
      notPersonIds: onlyPersonId === null ? [] : [onlyPersonId],
      notUnitIds: [],
      ...(decider === 'unit' && { unitId }),
    } as const
    if (!(await someoneCan(tx, 'identity', who, now))) stuck.add(unitId)
  }
  return [...stuck]
}
