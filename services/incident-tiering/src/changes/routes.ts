import { ApprovalStage, ChangeKind } from '@erp-steward/contracts/change-events'
import { Problem } from '@erp-steward/contracts/problem'
import { Code, Instant, Line, nullable, Paragraph, Uuid } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { assertReaches, principalOf, unitInRange } from '@erp-steward/service-kit/authentication'
import { change, createOnce, etag } from '@erp-steward/service-kit/commit'
import {
  decodeInstantCursor,
  listOf,
  page,
  pageOf,
  PageQuery,
} from '@erp-steward/service-kit/paging'
import type { Dependencies } from '@erp-steward/service-kit/service'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { IncidentConfig } from '../config.ts'
import { amendChange } from './amend-change.ts'
import { ChangeEntryEntity, ChangeEntryView } from './change-entry.ts'
import { ChangeClass, ChangeState, ChangeView } from './change-view.ts'
import type { Change } from './change.ts'
import { approveChange, rejectChange } from './decide-change.ts'
import { filePapers } from './file-papers.ts'
import { finishChange } from './finish-change.ts'
import { changeInRange, listChanges, type ChangeReader } from './list-changes.ts'
import { reviewChange } from './review-change.ts'
import { startChange } from './start-change.ts'
import { submitChange } from './submit-change.ts'
import { withdrawChange } from './withdraw-change.ts'

const Id = Type.Object({ id: Uuid })

const plan = {
  title: Line(200),
  description: Paragraph(10_000),
  systemCode: nullable(Code),
  plannedStart: Instant,
  plannedEnd: Instant,
  implementationPlan: Paragraph(20_000),
  rollbackPlan: Paragraph(20_000),
  rollbackOwnerPersonId: Uuid,
  testEvidence: nullable(Paragraph(20_000)),
  riskAssessment: Paragraph(20_000),
  executorPersonId: Uuid,
}

export function changeRoutes(app: App, deps: Dependencies<IncidentConfig>): void {
  const { db } = deps

  function readerOf(request: FastifyRequest): ChangeReader {
    return { onlyUnitId: unitInRange(request), personId: principalOf(request).personId }
  }

  /** @throws Problem `change-not-found` also for a change out of the caller's range: its existence is no news either */
  async function readable(request: FastifyRequest, id: string): Promise<Change> {
    const found = await changeInRange(db.manager, id, readerOf(request))
    if (found === null)
      throw new Problem('change-not-found', `There is no change ${id} in your range.`)
    return found
  }

  /** `change` for one that the caller may see. */
  async function changeReadable(
    request: FastifyRequest,
    reply: FastifyReply,
    id: string,
    apply: Parameters<typeof change<Change>>[3],
  ): Promise<Change> {
    await readable(request, id)
    return change(deps, request, reply, apply)
  }

  app.post(
    '/v1/changes',
    {
      config: {
        access: 'change.submit',
        once: true,
        clauses: ['A-3.3.2', 'A-3.3.3', 'A-3.3.5', 'B-4.1.5', 'B-7.5'],
      },
      schema: {
        operationId: 'submitChange',
        summary: 'Asks for a change, with its plan, its tests, its way back and its executor.',
        tags: ['changes'],
        body: Type.Object(
          {
            ...plan,
            kind: ChangeKind,
            class: ChangeClass,
            unitId: Uuid,
            moduleCode: nullable(Code),
          },
          { additionalProperties: false },
        ),
        response: { 201: ChangeView },
      },
    },
    (request, reply) => {
      const { plannedStart, plannedEnd, ...rest } = request.body
      assertReaches(request, rest.unitId)
      return createOnce(deps, request, reply, async (tx, act) => {
        const submitted = await submitChange(
          tx,
          { ...rest, plannedStart: new Date(plannedStart), plannedEnd: new Date(plannedEnd) },
          act,
        )
        return {
          body: submitted,
          location: `/v1/changes/${submitted.id}`,
          version: submitted.version,
        }
      })
    },
  )

  app.get(
    '/v1/changes',
    {
      config: { access: 'change.read', clauses: ['A-3.3.2'] },
      schema: {
        operationId: 'listChanges',
        summary: 'Changes in your range, newest first.',
        tags: ['changes'],
        querystring: Type.Object({
          ...PageQuery,
          state: Type.Optional(ChangeState),
          unitId: Type.Optional(Uuid),
          kind: Type.Optional(ChangeKind),
        }),
        response: { 200: pageOf(ChangeView) },
      },
    },
    async (request) => {
      const { limit, cursor, state, unitId, kind } = request.query
      const [afterAt, afterId] = decodeInstantCursor(cursor)
      const rows = await listChanges(db.manager, {
        state,
        unitId,
        kind,
        reader: readerOf(request),
        afterAt,
        afterId,
        limit: limit + 1,
      })
      return page(rows, limit, ({ submittedAt, id }) => [submittedAt.toISOString(), id])
    },
  )

  app.get(
    '/v1/changes/:id',
    {
      config: { access: 'change.read', clauses: ['A-3.3.2', 'A-2.4.4'] },
      schema: {
        operationId: 'readChange',
        summary:
          'One change, with who asked, approved and carries it out, and the backups it rests on.',
        tags: ['changes'],
        params: Id,
        response: { 200: ChangeView },
      },
    },
    async (request, reply) => {
      const found = await readable(request, request.params.id)
      void reply.header('etag', etag(found.version))
      return found
    },
  )

  app.get(
    '/v1/changes/:id/timeline',
    {
      config: { access: 'change.read', clauses: ['A-3.3.2', 'B-4.2.4'] },
      schema: {
        operationId: 'readChangeTimeline',
        summary: 'What happened to the change, oldest first.',
        tags: ['changes'],
        params: Id,
        response: { 200: listOf(ChangeEntryView) },
      },
    },
    async (request) => {
      const { id } = await readable(request, request.params.id)
      return {
        items: await db.manager.find(ChangeEntryEntity, {
          where: { changeId: id },
          order: { id: 'asc' },
        }),
      }
    },
  )

  app.patch(
    '/v1/changes/:id',
    {
      config: {
        access: 'change.submit',
        versioned: true,
        clauses: ['A-3.3.2', 'B-4.2.4', 'B-6.2'],
      },
      schema: {
        operationId: 'amendChange',
        summary: 'The requester edits the plan before it starts; approvals given before are void.',
        tags: ['changes'],
        params: Id,
        body: Type.Partial(Type.Object(plan), { additionalProperties: false, minProperties: 1 }),
        response: { 200: ChangeView },
      },
    },
    (request, reply) => {
      const { plannedStart, plannedEnd, ...rest } = request.body
      const edit = {
        ...rest,
        ...(plannedStart !== undefined && { plannedStart: new Date(plannedStart) }),
        ...(plannedEnd !== undefined && { plannedEnd: new Date(plannedEnd) }),
      }
      return changeReadable(request, reply, request.params.id, (tx, act, expected) =>
        amendChange(tx, request.params.id, edit, expected, act),
      )
    },
  )

  app.post(
    '/v1/changes/:id/approve',
    {
      config: {
        access: 'change.approve',
        versioned: true,
        approves: true,
        clauses: ['B-4.2.4', 'B-6.1', 'B-6.2', 'B-7.5'],
      },
      schema: {
        operationId: 'approveChange',
        summary:
          'Gives the stage that is next: people of the unit first, then the company; or makes up what an emergency skipped.',
        tags: ['changes'],
        params: Id,
        body: Type.Object(
          { stage: ApprovalStage, comment: nullable(Paragraph(2_000)) },
          { additionalProperties: false },
        ),
        response: { 200: ChangeView },
      },
    },
    (request, reply) => {
      const command = { changeId: request.params.id, approver: principalOf(request) }
      return changeReadable(request, reply, request.params.id, (tx, act, expected) =>
        approveChange(tx, { ...command, ...request.body }, expected, act),
      )
    },
  )

  app.post(
    '/v1/changes/:id/reject',
    {
      config: {
        access: 'change.approve',
        versioned: true,
        approves: true,
        clauses: ['B-4.2.4', 'B-6.1', 'B-6.2', 'B-7.5'],
      },
      schema: {
        operationId: 'rejectChange',
        summary: 'Refuses the stage that is next, which ends the change.',
        tags: ['changes'],
        params: Id,
        body: Type.Object(
          { stage: ApprovalStage, reason: Paragraph(2_000) },
          { additionalProperties: false },
        ),
        response: { 200: ChangeView },
      },
    },
    (request, reply) => {
      const command = { changeId: request.params.id, approver: principalOf(request) }
      return changeReadable(request, reply, request.params.id, (tx, act, expected) =>
        rejectChange(tx, { ...command, ...request.body }, expected, act),
      )
    },
  )

  app.post(
    '/v1/changes/:id/withdraw',
    {
      config: { access: 'change.submit', versioned: true, clauses: ['B-6.2'] },
      schema: {
        operationId: 'withdrawChange',
        summary: 'The requester takes the change back before it starts.',
        tags: ['changes'],
        params: Id,
        body: Type.Object({ reason: Paragraph(2_000) }, { additionalProperties: false }),
        response: { 200: ChangeView },
      },
    },
    (request, reply) =>
      changeReadable(request, reply, request.params.id, (tx, act, expected) =>
        withdrawChange(tx, request.params.id, request.body.reason, expected, act),
      ),
  )

  app.post(
    '/v1/changes/:id/start',
    {
      config: {
        access: 'change.execute',
        versioned: true,
        clauses: ['A-2.4.4', 'A-3.3.2', 'A-3.3.4', 'A-3.3.5', 'B-4.3.7'],
      },
      schema: {
        operationId: 'startChange',
        summary:
          'The executor starts the change in its planned time (200), or asks the backup gate, whose answer starts or holds it (202).',
        tags: ['changes'],
        params: Id,
        response: { 200: ChangeView, 202: ChangeView },
      },
    },
    async (request, reply) => {
      const started = await changeReadable(request, reply, request.params.id, (tx, act, expected) =>
        startChange(tx, request.params.id, expected, act),
      )
      void reply.code(started.state === 'asking' ? 202 : 200)
      return started
    },
  )

  app.post(
    '/v1/changes/:id/finish',
    {
      config: { access: 'change.execute', versioned: true, clauses: ['A-3.3.5', 'B-4.3.7'] },
      schema: {
        operationId: 'finishChange',
        summary:
          'The executor, or who stands in for one who has left, reports the change deployed or rolled back.',
        tags: ['changes'],
        params: Id,
        body: Type.Object(
          { outcome: Type.Enum(['deployed', 'rolled-back']), result: Paragraph(10_000) },
          { additionalProperties: false },
        ),
        response: { 200: ChangeView },
      },
    },
    (request, reply) => {
      const { roles } = principalOf(request)
      return changeReadable(request, reply, request.params.id, (tx, act, expected) =>
        finishChange(tx, { changeId: request.params.id, ...request.body, roles }, expected, act),
      )
    },
  )

  app.post(
    '/v1/changes/:id/papers',
    {
      config: { access: 'change.submit', versioned: true, clauses: ['A-3.3.5', 'B-6.2'] },
      schema: {
        operationId: 'fileChangePapers',
        summary:
          'The requester of an emergency, or who stands in for one who has left, hands in its written confirmation and test result.',
        tags: ['changes'],
        params: Id,
        body: Type.Object(
          { confirmation: Paragraph(10_000), testEvidence: Paragraph(20_000) },
          { additionalProperties: false },
        ),
        response: { 200: ChangeView },
      },
    },
    (request, reply) => {
      const filer = principalOf(request)
      return changeReadable(request, reply, request.params.id, (tx, act, expected) =>
        filePapers(tx, { changeId: request.params.id, ...request.body, filer }, expected, act),
      )
    },
  )

  app.post(
    '/v1/changes/:id/review',
    {
      config: { access: 'change.review', versioned: true, approves: true, clauses: ['A-3.3.5'] },
      schema: {
        operationId: 'reviewChange',
        summary: 'Somebody other than the executor looks back at the change, which closes it.',
        tags: ['changes'],
        params: Id,
        body: Type.Object(
          { isSuccessful: Type.Boolean(), findings: Paragraph(10_000) },
          { additionalProperties: false },
        ),
        response: { 200: ChangeView },
      },
    },
    (request, reply) =>
      changeReadable(request, reply, request.params.id, (tx, act, expected) =>
        reviewChange(tx, { changeId: request.params.id, ...request.body }, expected, act),
      ),
  )
}
