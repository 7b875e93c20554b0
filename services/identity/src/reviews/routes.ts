import { Readable } from 'node:stream'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { about, closed, Code, nullable, OfUnit, Reason, Uuid } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import {
  actOf,
  assertReaches,
  principalOf,
  unitInRange,
} from '@erp-steward/service-kit/authentication'
import { createOnce, etag, type Committer } from '@erp-steward/service-kit/commit'
import { columnsOf } from '@erp-steward/service-kit/entity'
import { byId, byInstant, listOf } from '@erp-steward/service-kit/paging'
import { atVersionIfAny } from '@erp-steward/service-kit/preconditions'
import { createRoute, listRoute, PathId, readRoute } from '@erp-steward/service-kit/route-shapes'
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'
import { viewerOf } from '../people/show-person.ts'
import {
  ReviewDecider,
  ReviewDecision,
  ReviewEntity,
  ReviewItemView,
  ReviewKind,
  ReviewState,
  ReviewView,
} from './access-review.ts'
import { Applications, ReviewerEntity, ReviewerView } from './access-reviewer.ts'
import { decideItems } from './decide-items.ts'
import { delegateItems } from './delegate-items.ts'
import { exportReview } from './export-review.ts'
import { openReview } from './open-review.ts'
import { putReviewer } from './put-reviewer.ts'
import { itemsInRange, reviewsInRange } from './reviews-in-range.ts'

const tags = ['access reviews']
const clauses = ['A-4.3.3']
const read = { access: 'access-review.read', clauses, tags } as const

/** Most items that are decided in one call. */
const DECIDED_AT_ONCE = 500

const Item = about(Uuid, 'The item.')
const Certification = Type.Object(
  {
    itemId: Item,
    decision: Type.Literal('certify', { description: 'It stays.' }),
    reason: Type.Optional(Reason),
  },
  { title: 'AccessReviewCertification', additionalProperties: false },
)
const Revocation = Type.Object(
  {
    itemId: Item,
    decision: Type.Literal('revoke', { description: 'It ends at once.' }),
    reason: Reason,
  },
  { title: 'AccessReviewRevocation', additionalProperties: false },
)

/** What people hold is certified by others or ended. */
export function reviewRoutes(app: App, deps: Committer): void {
  readingRoutes(app, deps)
  openingRoute(app, deps)
  decidingRoutes(app, deps)
  exportRoute(app, deps)
  reviewerRoutes(app, deps)
}

function readingRoutes(app: App, { db, clock }: Committer): void {
  listRoute(app, '/v1/access-reviews', {
    ...read,
    operationId: 'listAccessReviews',
    problems: ['outside-unit'],
    summary: 'Reviews, oldest first; whose range is a unit is told the counts of that unit.',
    query: { kind: Type.Optional(ReviewKind), state: Type.Optional(ReviewState) },
    row: ReviewView,
    sorting: byInstant('openedAt'),
    list: ({ request, query, ...stretch }) =>
      reviewsInRange(db.manager, { ...query, ...rangeOf(request), ...stretch }),
  })

  readRoute(app, '/v1/access-reviews/:id', {
    ...read,
    operationId: 'readAccessReview',
    problems: ['not-found', 'outside-unit'],
    summary: 'One review with what became of its items so far; once it is closed, the receipt.',
    answer: ReviewView,
    read: ({ request, params: { id } }) => viewOf(db.manager, request, id),
  })

  listRoute(app, '/v1/access-reviews/:id/items', {
    ...read,
    operationId: 'listAccessReviewItems',
    problems: ['not-found', 'outside-unit'],
    summary:
      'What is reviewed, a grant each; whose range is a unit sees that unit, and what he is named for.',
    query: {
      unitId: Type.Optional(OfUnit),
      personId: Type.Optional(about(Uuid, 'Who holds it.')),
      moduleCode: Type.Optional(about(Code, 'Module of the reviewer who is named for it.')),
      decider: Type.Optional(ReviewDecider),
      reviewerId: Type.Optional(about(Uuid, 'Who is named to decide it.')),
      decision: Type.Optional(
        Type.Enum([...ReviewDecision.enum, 'none'], {
          title: 'AccessReviewDecisionOrNone',
          description: 'What became of it; `none`: nobody has decided.',
        }),
      ),
    },
    row: ReviewItemView,
    sorting: byId,
    list: async ({ request, params: { id }, query, ...stretch }) => {
      await viewOf(db.manager, request, id)
      const { unitId: ofUnitId, personId: holderId, ...others } = query
      const filter = { reviewId: id, ofUnitId, holderId, ...others, ...rangeOf(request) }
      const viewer = await viewerOf(request, db.manager, clock())
      return itemsInRange(db.manager, { ...filter, ...stretch }, viewer)
    },
  })
}

function openingRoute(app: App, deps: Committer): void {
  createRoute(app, deps, '/v1/access-reviews', {
    operationId: 'openAccessReview',
    problems: ['access-review-open', 'nothing-to-review', 'outside-unit'],
    summary: 'Opens a review out of turn, of everything of a kind that is in force.',
    description:
      'Reviews open by themselves, `identity.review.business` or `identity.review.privileged` after the last one of the kind began.',
    tags,
    access: 'access-review.open',
    clauses,
    body: closed({ kind: ReviewKind }),
    answer: ReviewView,
    admit: ({ request }) => {
      assertReaches(request, null)
    },
    create: async (tx, { request, body: { kind }, act }) => {
      const id = await openReview(tx, kind, act)
      if (id === null)
        throw new Problem(
          'nothing-to-review',
          said('Nothing of the kind is in force.', '没有该类型的有效授权。'),
        )
      return viewOf(tx, request, id)
    },
  })
}

function decidingRoutes(app: App, deps: Committer): void {
  app.post('/v1/access-reviews/:id/decisions', {
    config: { access: 'access-review.decide', once: true, approves: true, clauses },
    schema: {
      operationId: 'decideAccessReviewItems',
      problems: [
        'access-review-decided',
        'access-review-state',
        'administrator-unnamed',
        'not-found',
        'outside-unit',
        'same-person',
      ],
      summary: `Certifies or revokes what is reviewed, at most ${String(DECIDED_AT_ONCE)} items, all or none.`,
      description:
        'What is revoked ends at once, here and in EBS. Nobody decides about what he holds; a word is final. What has ended meanwhile is answered as `gone`.',
      tags,
      params: Type.Object({ id: PathId }),
      body: closed({
        decisions: Type.Array(
          Type.Union([Certification, Revocation], {
            title: 'AccessReviewWord',
            description: 'The word of a reviewer on one item.',
          }),
          { minItems: 1, maxItems: DECIDED_AT_ONCE, description: 'Each item once.' },
        ),
      }),
      response: { 200: listOf(ReviewItemView) },
    },
    handler: async (request, reply) => {
      const { id } = request.params
      const { decisions } = request.body
      return createOnce(deps, request, reply, async (tx, act) => {
        await decideItems(tx, id, decisions, principalOf(request), act)
        const ids = decisions.map(({ itemId }) => itemId)
        const viewer = await viewerOf(request, tx, act.now)
        const only = { ids, unitId: null, personId: null, after: null, limit: ids.length }
        const items = await itemsInRange(tx, { reviewId: id, ...only }, viewer)
        return { body: { items }, status: 200 }
      })
    },
  })

  app.post('/v1/access-reviews/:id/delegations', {
    config: { access: 'access-review.decide', once: true, approves: true, clauses },
    schema: {
      operationId: 'delegateAccessReview',
      problems: [
        'access-review-state',
        'administrator-unnamed',
        'not-found',
        'outside-unit',
        'reviewer-unfit',
        'same-person',
      ],
      summary:
        'Names somebody to decide what one answers for and nobody has decided, or a part of it.',
      description:
        'Who names may decide it all the same. What the named person holds is left out, and who was named hands nothing on.',
      tags,
      params: Type.Object({ id: PathId }),
      body: closed({
        personId: about(Uuid, 'Who is named: somebody with a role that reviews.'),
        unitId: Type.Optional(about(Uuid, 'Only items of this unit.')),
        moduleCode: Type.Optional(about(Code, 'Only items of this module.')),
        reason: Reason,
      }),
      response: {
        200: Type.Object(
          {
            personId: about(Uuid, 'Who was named.'),
            items: Type.Integer({ minimum: 0, description: 'Items that the person now decides.' }),
          },
          { title: 'AccessReviewDelegation' },
        ),
      },
    },
    handler: async (request, reply) => {
      const { id } = request.params
      const { personId } = request.body
      return createOnce(deps, request, reply, async (tx, act) => {
        const items = await delegateItems(tx, id, request.body, principalOf(request), act)
        return { body: { personId, items }, status: 200 }
      })
    },
  })
}

function exportRoute(app: App, { db }: Committer): void {
  app.get('/v1/access-reviews/:id/export', {
    config: { access: 'access-review.export', clauses },
    schema: {
      operationId: 'exportAccessReview',
      problems: ['access-review-state', 'not-found', 'outside-unit'],
      summary:
        'Every decision of a closed review, an object of JSON a line; SHA-256 of it is the digest of the review.',
      tags,
      params: Type.Object({ id: PathId }),
      response: {
        200: {
          description: 'What was reviewed, then each item with its decision, by id.',
          content: { 'application/x-ndjson': { schema: Stream } },
        },
      },
    },
    handler: async (request, reply) => {
      const { id } = request.params
      assertReaches(request, null)
      const review = await db.manager.findOneBy(ReviewEntity, { id })
      if (review === null) throw noReview(id)
      if (review.closedAt === null)
        throw new Problem(
          'access-review-state',
          said('The review is open; its decisions may still change.', '该权限复核尚未结束。'),
        )
      return reply
        .type('application/x-ndjson')
        .header('content-disposition', `attachment; filename="access-review-${id}.ndjson"`)
        .send(Readable.from(exportReview(db, review), { objectMode: false }))
    },
  })
}

const Stream = Type.Unsafe<Readable>(Type.String())

function reviewerRoutes(app: App, { db, clock }: Committer): void {
  listRoute(app, '/v1/access-reviewers', {
    ...read,
    operationId: 'listAccessReviewers',
    problems: ['outside-unit'],
    summary:
      'Who is named to review what a unit holds of a module; of the own unit for callers of a unit.',
    query: { unitId: Type.Optional(OfUnit) },
    row: ReviewerView,
    sorting: byId,
    list: ({ request, query: { unitId }, after, limit }) =>
      db.query(
        `select ${columnsOf(ReviewerEntity)} from access_reviewer
          where ($1::uuid is null or unit_id = $1) and ($2::uuid is null or unit_id = $2)
            and ($3::uuid is null or id > $3) order by id limit $4`,
        [unitId ?? null, unitInRange(request), after, limit],
      ),
  })

  app.put('/v1/access-reviewers/:unitId/:moduleCode', {
    config: { access: 'access-review.assign', versioned: 'if-exists', clauses },
    schema: {
      operationId: 'nameAccessReviewer',
      problems: ['not-found', 'outside-unit', 'reviewer-unfit', 'unit-unknown'],
      summary:
        'Names who reviews what the people of a unit hold of a module, from the next review on.',
      description: 'The leader of the unit may decide it all the same.',
      tags,
      params: Type.Object({
        unitId: about(Uuid, 'The unit.'),
        moduleCode: about(Code, 'Code of the module.'),
      }),
      body: closed({
        personId: nullable(Uuid, 'Who; null: nobody any more.'),
        applications: Applications,
      }),
      response: { 200: ReviewerView, 201: ReviewerView },
    },
    handler: async (request, reply) => {
      const { params, body } = request
      assertReaches(request, params.unitId)
      const { row, isNew } = await atVersionIfAny(request, (expected) =>
        db.transaction((tx) =>
          putReviewer(tx, { ...params, ...body }, expected, actOf(request, clock())),
        ),
      )
      return reply
        .code(isNew ? 201 : 200)
        .header('etag', etag(row.version))
        .send(row)
    },
  })
}

/** What the caller sees: everything, or the own unit and what one is named for. */
function rangeOf(request: FastifyRequest) {
  return { unitId: unitInRange(request), personId: principalOf(request).personId }
}

/** @throws Problem `not-found` */
async function viewOf(tx: EntityManager, request: FastifyRequest, id: string): Promise<ReviewView> {
  const only = { id, after: [null, null] as const, limit: 1 }
  const [review] = await reviewsInRange(tx, { ...only, ...rangeOf(request) })
  if (review === undefined) throw noReview(id)
  return review
}

const noReview = (id: string) =>
  new Problem('not-found', said(`There is no review ${id}.`, `没有权限复核 ${id}。`))
