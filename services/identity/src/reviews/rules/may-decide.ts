import type { ReviewDecider, ReviewItem } from '../access-review.ts'

/** Who looks at a review. */
export interface Reviewing {
  readonly personId: string | null
  readonly roles: readonly string[]
  /** The unit whose leader it is. */
  readonly unitId: string | null
}

/** The role that decides items. Sources, defaults 2.8. */
export const roleOfDecider = {
  unit: 'BUSINESS_OWNER',
  company: 'OM_AUTHORITY',
  security: 'SECURITY_ADMIN',
} as const satisfies Record<ReviewDecider, string>

type Decidable = Pick<ReviewItem, 'decider' | 'unitId' | 'reviewerId'>

/** Whether the item is one's own to answer for, by role. */
export const answersFor = ({ roles, unitId }: Reviewing, item: Decidable): boolean =>
  roles.includes(roleOfDecider[item.decider]) && (item.decider !== 'unit' || item.unitId === unitId)

/** Whether one may decide the item: by role, or because one is named for it. Whom it is about is another question. */
export const mayDecide = (who: Reviewing, item: Decidable): boolean =>
  answersFor(who, item) || (who.personId !== null && who.personId === item.reviewerId)
