import { about, Id, InstantOut, nullable, Uuid } from '@erp-steward/contracts/values'
import { entityOf, type RowOf } from '@erp-steward/service-kit/entity'
import { Type, type Static } from 'typebox'
import { GrantKind, GrantName, GrantSource } from '../grants/access-grant.ts'

export const ReviewKind = Type.Enum(['business', 'privileged'], {
  title: 'AccessReviewKind',
  description:
    '`business`: what people hold in a unit; `privileged`: roles that see every unit, and roles of User Management in EBS, by which others are administered.',
})
export type ReviewKind = Static<typeof ReviewKind>

export const ReviewState = Type.Enum(['open', 'closed'], {
  title: 'AccessReviewState',
  description:
    '`open`: what nobody certifies until `dueAt` is revoked then; `closed`: everything is decided, by people or by the deadline.',
})

const counted = (description: string) => Type.Integer({ minimum: 0, description })

/** A review as callers see it. Sources, defaults 2.8. */
export const ReviewView = Type.Object(
  {
    id: Id,
    kind: ReviewKind,
    state: ReviewState,
    openedAt: about(InstantOut, 'When it was opened, with what was in force then.'),
    openedBy: Type.String({ description: 'Account or service that opened it.' }),
    dueAt: about(
      InstantOut,
      'Deadline, `identity.review.grace` after the opening: what nobody has certified is revoked then.',
    ),
    closedAt: nullable(InstantOut, 'When everything was decided; null: it is open.'),
    items: counted('Grants that were in force when it was opened.'),
    certified: counted('Of them those that a reviewer certified.'),
    revoked: counted('Those that a reviewer revoked.'),
    lapsed: counted('Those that nobody certified, revoked at the deadline.'),
    gone: counted('Those that had ended otherwise before anybody decided.'),
    undecided: counted('Those that nobody has decided yet.'),
    digest: nullable(
      Type.String(),
      'SHA-256 of the export of a closed review, in hexadecimal digits; the fact of its end has the same.',
    ),
  },
  { title: 'AccessReview' },
)
export type ReviewView = Static<typeof ReviewView>

/** Reviews; what became of their items is counted from those. At most one of a kind is open. */
export const ReviewEntity = entityOf(ReviewView, {
  table: 'access_review',
  derived: ['state', 'items', 'undecided', 'certified', 'revoked', 'lapsed', 'gone'],
  kept: {
    /** Versions of the parameters that fixed it, by key. */
    parameterVersions: Type.Unsafe<Readonly<Record<string, number>>>({}),
  },
  checks: [
    { name: 'access_review_kind_check', expression: `kind in ('business', 'privileged')` },
    { name: 'access_review_due_check', expression: 'due_at > opened_at' },
    {
      name: 'access_review_closed_check',
      expression: '(closed_at is null) = (digest is null)',
    },
  ],
  indices: [
    {
      name: 'access_review_open_key',
      columns: ['kind'],
      unique: true,
      where: 'closed_at is null',
    },
    { name: 'access_review_by_age', columns: ['openedAt', 'id'] },
  ],
})
export type Review = RowOf<typeof ReviewEntity>

export const ReviewDecider = Type.Enum(['unit', 'company', 'security'], {
  title: 'AccessReviewDecider',
  description:
    '`unit`: a leader of the unit; `company`: the O&M authority, for what leaders hold themselves and for units without another leader; `security`: the security administrator, for what is privileged.',
})
export type ReviewDecider = Static<typeof ReviewDecider>

export const ReviewDecision = Type.Enum(['certified', 'revoked', 'lapsed', 'gone'], {
  title: 'AccessReviewDecision',
  description:
    '`certified`: it stays; `revoked`: a reviewer ended it; `lapsed`: nobody certified it until the deadline, so it was ended; `gone`: it had ended before anybody decided.',
})
export type ReviewDecision = Static<typeof ReviewDecision>

/** One grant in a review, as callers see it. */
export const ReviewItemView = Type.Object(
  {
    id: Id,
    reviewId: about(Uuid, 'The review.'),
    grantId: about(Uuid, 'What is reviewed.'),
    personId: about(Uuid, 'Who holds it.'),
    personName: Type.String({ description: 'Name of that person; may be masked.' }),
    unitId: about(Uuid, 'Unit of the person when the review was opened.'),
    kind: GrantKind,
    name: GrantName,
    source: GrantSource,
    moduleCode: nullable(
      Type.String(),
      'Module of the reviewer who is named for its application; null: none is.',
    ),
    decider: ReviewDecider,
    reviewerId: nullable(
      Uuid,
      'Who is named to decide it besides, by module or by delegation; null: nobody.',
    ),
    decision: Type.Union([ReviewDecision, Type.Null()], {
      description: 'What became of it; null: nobody has decided.',
    }),
    decidedBy: nullable(Type.String(), 'Account or service that decided.'),
    decidedAt: nullable(InstantOut, 'When.'),
    reason: nullable(Type.String(), 'Why, where the reviewer said so.'),
  },
  { title: 'AccessReviewItem' },
)

export const ReviewItemEntity = entityOf(ReviewItemView, {
  table: 'access_review_item',
  derived: ['personName'],
  checks: [
    {
      name: 'access_review_item_decider_check',
      expression: `decider in ('unit', 'company', 'security')`,
    },
    {
      name: 'access_review_item_decision_check',
      expression: `decision in ('certified', 'revoked', 'lapsed', 'gone')`,
    },
    {
      name: 'access_review_item_decided_check',
      expression:
        '(decision is null) = (decided_at is null) and (decision is null) = (decided_by is null)',
    },
  ],
  uniques: [{ name: 'access_review_item_key', columns: ['reviewId', 'grantId'] }],
  indices: [
    { name: 'access_review_item_in_order', columns: ['reviewId', 'id'] },
    {
      name: 'access_review_item_undecided',
      columns: ['reviewId', 'personId'],
      where: 'decision is null',
    },
  ],
  foreignKeys: [
    {
      name: 'access_review_item_review_id_fkey',
      target: 'access_review',
      columnNames: ['review_id'],
      referencedColumnNames: ['id'],
    },
    {
      name: 'access_review_item_grant_id_fkey',
      target: 'access_grant',
      columnNames: ['grant_id'],
      referencedColumnNames: ['id'],
    },
  ],
})
export type ReviewItem = RowOf<typeof ReviewItemEntity>
