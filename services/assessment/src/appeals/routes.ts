import { Month } from '@erp-steward/contracts/assessment-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { about, closed, Paragraph, Uuid } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { actOf, principalOf } from '@erp-steward/service-kit/authentication'
import { newestFirst } from '@erp-steward/service-kit/list-rows'
import { byInstant } from '@erp-steward/service-kit/paging'
import { createRoute, listRoute, PathId, readRoute } from '@erp-steward/service-kit/route-shapes'
import type { Dependencies } from '@erp-steward/service-kit/service'
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { AssessmentConfig } from '../config.ts'
import { scoreRange } from '../scores/score-range.ts'
import { AppealEntity, AppealOutcome, AppealState, AppealView, type Appeal } from './appeal.ts'
import { decideAppeal } from './decide-appeal.ts'
import { fileAppeal } from './file-appeal.ts'

const tags = ['appeals']
const read = { access: 'appeal.read', tags } as const

export function appealRoutes(app: App, deps: Dependencies<AssessmentConfig>): void {
  const { db, clock } = deps

  /** @throws Problem `appeal-not-found` also for an appeal out of the caller's range */
  function assertInRange(request: FastifyRequest, appeal: Appeal): void {
    const { unitId, personId } = scoreRange(request)
    const own = principalOf(request).personId === appeal.appellantPersonId
    const inUnit = personId === null && (unitId === null || unitId === appeal.unitId)
    if (!own && !inUnit)
      throw new Problem(
        'appeal-not-found',
        said(`There is no appeal ${appeal.id} in your range.`, `您的范围内没有申诉 ${appeal.id}。`),
      )
  }

  createRoute(app, deps, '/v1/appeals', {
    operationId: 'fileAppeal',
    problems: [
      'appeal-exists',
      'appeal-too-late',
      'not-concerned',
      'observation-not-found',
      'observation-state',
      'person-required',
    ],
    summary: 'Objects to a fact that is held against you or your department.',
    tags,
    access: 'appeal.file',
    clauses: ['A-6.3.1', 'B-5.6'],
    body: closed({
      observationId: about(Uuid, 'The fact that is objected to; one has at most one appeal.'),
      reason: about(Paragraph(4_000), 'Why the fact is wrong.'),
    }),
    answer: AppealView,
    create: (tx, { request, body, act }) =>
      fileAppeal(tx, { ...body, roles: principalOf(request).roles }, act),
  })

  listRoute(app, '/v1/appeals', {
    ...read,
    operationId: 'listAppeals',
    problems: ['outside-unit'],
    summary: 'Appeals in your range, newest first; a user of the ERP sees the own ones.',
    clauses: ['B-5.6'],
    query: { month: Type.Optional(Month), state: Type.Optional(AppealState) },
    row: AppealView,
    sorting: byInstant('filedAt'),
    list: ({ query: { month, state }, request, ...stretch }) => {
      const { unitId, personId } = scoreRange(request)
      return newestFirst(db.manager, AppealEntity, 'filedAt', stretch, {
        month,
        state,
        unitId,
        appellantPersonId: personId,
      })
    },
  })

  readRoute(app, '/v1/appeals/:id', {
    ...read,
    operationId: 'readAppeal',
    problems: ['appeal-not-found', 'outside-unit'],
    summary: 'One appeal and its decision.',
    answer: AppealView,
    read: async ({ request, params: { id } }) => {
      const appeal = await db.manager.findOneBy(AppealEntity, { id })
      if (appeal === null)
        throw new Problem(
          'appeal-not-found',
          said(`There is no appeal ${id} in your range.`, `您的范围内没有申诉 ${id}。`),
        )
      assertInRange(request, appeal)
      return appeal
    },
  })

  app.post(
    '/v1/appeals/:id/decide',
    {
      config: { access: 'appeal.decide', clauses: ['A-6.3.1', 'B-5.6'], approves: true },
      schema: {
        operationId: 'decideAppeal',
        problems: [
          'appeal-decided',
          'appeal-not-found',
          'month-refused',
          'observation-not-found',
          'observation-state',
          'outside-unit',
          'person-required',
          'same-person',
          'weights-refused',
        ],
        summary:
          'Lets the fact stand or voids it, by somebody who had no part in it; a voided fact gives the month a new revision.',
        tags,
        params: Type.Object({ id: PathId }),
        body: closed({
          outcome: AppealOutcome,
          reason: about(Paragraph(4_000), 'Why it is decided so; the appellant reads it.'),
        }),
        response: { 200: AppealView },
      },
    },
    (request) => {
      const command = {
        id: request.params.id,
        ...request.body,
        reaches: (appeal: Appeal) => {
          assertInRange(request, appeal)
        },
      }
      return db.transaction((tx) => decideAppeal(tx, command, actOf(request, clock())))
    },
  )
}
