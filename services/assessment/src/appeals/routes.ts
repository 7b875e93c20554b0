import { Problem } from '@erp-steward/contracts/problem'
import { Month } from '@erp-steward/contracts/assessment-events'
import { Paragraph, Uuid } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { actOf, principalOf } from '@erp-steward/service-kit/authentication'
import { createOnce, etag } from '@erp-steward/service-kit/commit'
import { decodeInstantCursor, page, pageOf, PageQuery } from '@erp-steward/service-kit/paging'
import type { Dependencies } from '@erp-steward/service-kit/service'
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { AssessmentConfig } from '../config.ts'
import { scoreRange } from '../scores/score-range.ts'
import { AppealView } from './appeal-view.ts'
import { AppealEntity, type Appeal } from './appeal.ts'
import { decideAppeal } from './decide-appeal.ts'
import { fileAppeal } from './file-appeal.ts'

const Id = Type.Object({ id: Uuid })

export function appealRoutes(app: App, deps: Dependencies<AssessmentConfig>): void {
  const { db, clock } = deps

  /** @throws Problem `appeal-not-found` also for an appeal out of the caller's range */
  function assertInRange(request: FastifyRequest, appeal: Appeal): void {
    const { unitId, personId } = scoreRange(request)
    const own = principalOf(request).personId === appeal.appellantPersonId
    const inUnit = personId === null && (unitId === null || unitId === appeal.unitId)
    if (!own && !inUnit)
      throw new Problem('appeal-not-found', `There is no appeal ${appeal.id} in your range.`)
  }

  app.post(
    '/v1/appeals',
    {
      config: { access: 'appeal.file', once: true, clauses: ['A-6.3.1', 'B-5.6'] },
      schema: {
        operationId: 'fileAppeal',
        summary: 'Objects to a fact that is held against you or your department.',
        tags: ['appeals'],
        body: Type.Object(
          { observationId: Uuid, reason: Paragraph(4_000) },
          { additionalProperties: false },
        ),
        response: { 201: AppealView },
      },
    },
    (request, reply) =>
      createOnce(deps, request, reply, async (tx, act) => {
        const { roles } = principalOf(request)
        const appeal = await fileAppeal(tx, { ...request.body, roles }, act)
        return { body: appeal, location: `/v1/appeals/${appeal.id}`, version: appeal.version }
      }),
  )

  app.get(
    '/v1/appeals',
    {
      config: { access: 'appeal.read', clauses: ['B-5.6'] },
      schema: {
        operationId: 'listAppeals',
        summary: 'Appeals in your range, newest first; a user of the ERP sees the own ones.',
        tags: ['appeals'],
        querystring: Type.Object({
          ...PageQuery,
          month: Type.Optional(Month),
          state: Type.Optional(Type.Enum(['filed', 'decided'])),
        }),
        response: { 200: pageOf(AppealView) },
      },
    },
    async (request) => {
      const { limit, cursor, month, state } = request.query
      const [afterAt, afterId] = decodeInstantCursor(cursor)
      const { unitId, personId } = scoreRange(request)
      const query = db.manager
        .createQueryBuilder(AppealEntity, 'appeal')
        .orderBy('appeal.filedAt', 'DESC')
        .addOrderBy('appeal.id', 'DESC')
        .limit(limit + 1)
      if (month !== undefined) query.andWhere({ month })
      if (state !== undefined) query.andWhere({ state })
      if (unitId !== null) query.andWhere({ unitId })
      if (personId !== null) query.andWhere({ appellantPersonId: personId })
      if (afterAt !== null)
        query.andWhere('(appeal.filedAt, appeal.id) < (:afterAt::timestamptz, :afterId::uuid)', {
          afterAt,
          afterId,
        })
      return page(await query.getMany(), limit, ({ filedAt, id }) => [filedAt.toISOString(), id])
    },
  )

  app.get(
    '/v1/appeals/:id',
    {
      config: { access: 'appeal.read' },
      schema: {
        operationId: 'readAppeal',
        summary: 'One appeal and its decision.',
        tags: ['appeals'],
        params: Id,
        response: { 200: AppealView },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const appeal = await db.manager.findOneBy(AppealEntity, { id })
      if (appeal === null)
        throw new Problem('appeal-not-found', `There is no appeal ${id} in your range.`)
      assertInRange(request, appeal)
      void reply.header('etag', etag(appeal.version))
      return appeal
    },
  )

  app.post(
    '/v1/appeals/:id/decide',
    {
      config: { access: 'appeal.decide', clauses: ['A-6.3.1', 'B-5.6'], approves: true },
      schema: {
        operationId: 'decideAppeal',
        summary:
          'Lets the fact stand or voids it, by somebody who had no part in it; a voided fact gives the month a new revision.',
        tags: ['appeals'],
        params: Id,
        body: Type.Object(
          { outcome: Type.Enum(['upheld', 'voided']), reason: Paragraph(4_000) },
          { additionalProperties: false },
        ),
        response: { 200: AppealView },
      },
    },
    async (request, reply) => {
      const command = {
        id: request.params.id,
        ...request.body,
        reaches: (appeal: Appeal) => {
          assertInRange(request, appeal)
        },
      }
      const appeal = await db.transaction((tx) =>
        decideAppeal(tx, command, actOf(request, clock())),
      )
      void reply.header('etag', etag(appeal.version))
      return appeal
    },
  )
}
