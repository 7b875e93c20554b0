import { ApprovalStage, ChangeKind } from '@erp-steward/contracts/change-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import {
  about,
  closed,
  Code,
  nullable,
  OfUnit,
  Paragraph,
  Uuid,
} from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { assertReaches, principalOf, unitInRange } from '@erp-steward/service-kit/authentication'
import { inLanguage, languageOf } from '@erp-steward/service-kit/language'
import { byInstant, listOf } from '@erp-steward/service-kit/paging'
import {
  changeRoute,
  createRoute,
  listRoute,
  readRoute,
} from '@erp-steward/service-kit/route-shapes'
import type { Dependencies } from '@erp-steward/service-kit/service'
import { withTextIn } from '@erp-steward/service-kit/stored-text'
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { IncidentConfig } from '../config.ts'
import { amendChange } from './amend-change.ts'
import { ChangeEntryEntity, ChangeEntryView } from './change-entry.ts'
import {
  ChangeClass,
  ChangeOutcome,
  changePlan,
  ChangeState,
  ChangeView,
  type Change,
} from './change.ts'
import { approveChange, rejectChange } from './decide-change.ts'
import { filePapers } from './file-papers.ts'
import { finishChange } from './finish-change.ts'
import { changeInRange, listChanges, type ChangeReader } from './list-changes.ts'
import { reviewChange } from './review-change.ts'
import { startChange } from './start-change.ts'
import { submitChange } from './submit-change.ts'
import { withdrawChange } from './withdraw-change.ts'

const tags = ['changes']
const read = { access: 'change.read', tags } as const

/** Problems of every act on one change: which it is, where it stands, and who acts. */
const ofEveryAct = ['change-not-found', 'change-state', 'outside-unit', 'person-unknown'] as const

export function changeRoutes(app: App, deps: Dependencies<IncidentConfig>): void {
  const { db } = deps

  function readerOf(request: FastifyRequest): ChangeReader {
    return { onlyUnitId: unitInRange(request), personId: principalOf(request).personId }
  }

  /** @throws Problem `change-not-found` also for a change out of the caller's range: its existence is no news either */
  async function readable(request: FastifyRequest, id: string): Promise<Change> {
    const found = await changeInRange(db.manager, id, readerOf(request))
    if (found === null)
      throw new Problem(
        'change-not-found',
        said(`There is no change ${id} in your range.`, `您的范围内没有变更 ${id}。`),
      )
    return found
  }

  /** The change as the caller reads it. */
  const told = async (request: FastifyRequest, change: Change | Promise<Change>) => {
    const { heldReasons, ...rest } = await change
    return { ...rest, heldReasons: inLanguage(heldReasons, languageOf(request)) }
  }

  /** What every change of one has: it is about one that the caller may see, and answers it. */
  const act = {
    tags,
    answer: ChangeView,
    admit: async ({ request, params }: Asked) => {
      await readable(request, params.id)
    },
  }
  const submit = { ...act, access: 'change.submit' } as const
  const approve = { ...act, access: 'change.approve', approves: true } as const
  const execute = { ...act, access: 'change.execute' } as const

  createRoute(app, deps, '/v1/changes', {
    operationId: 'submitChange',
    problems: [
      'emergency-papers-overdue',
      'module-unknown',
      'not-key-user',
      'outside-unit',
      'person-unknown',
      'same-person',
      'unit-unknown',
    ],
    summary: 'Asks for a change, with its plan, its tests, its way back and its executor.',
    tags,
    access: 'change.submit',
    clauses: ['A-3.3.2', 'A-3.3.3', 'A-3.3.5', 'B-4.1.5', 'B-7.5'],
    body: closed({
      ...changePlan,
      kind: ChangeKind,
      class: ChangeClass,
      unitId: about(Uuid, 'The unit that needs the change; its people approve first.'),
      moduleCode: nullable(
        Code,
        'The module that it changes; null for one of none, which functions, processes, data and permissions cannot be.',
      ),
    }),
    answer: ChangeView,
    admit: ({ request, body }) => {
      assertReaches(request, body.unitId)
    },
    create: (tx, { body, request, act }) => {
      const [plannedStart, plannedEnd] = [new Date(body.plannedStart), new Date(body.plannedEnd)]
      return told(request, submitChange(tx, { ...body, plannedStart, plannedEnd }, act))
    },
  })

  listRoute(app, '/v1/changes', {
    ...read,
    operationId: 'listChanges',
    problems: ['outside-unit'],
    summary: 'Changes in your range, newest first.',
    clauses: ['A-3.3.2'],
    query: {
      state: Type.Optional(ChangeState),
      unitId: Type.Optional(OfUnit),
      kind: Type.Optional(ChangeKind),
    },
    row: ChangeView,
    sorting: byInstant('submittedAt'),
    list: async ({ query: { state, unitId, kind }, request, after: [afterAt, afterId], limit }) => {
      const filter = { state, unitId, kind, reader: readerOf(request), afterAt, afterId, limit }
      const changes = await listChanges(db.manager, filter)
      return Promise.all(changes.map((change) => told(request, change)))
    },
  })

  readRoute(app, '/v1/changes/:id', {
    ...read,
    operationId: 'readChange',
    problems: ['change-not-found', 'outside-unit'],
    summary:
      'One change, with who asked, approved and carries it out, and the backups it rests on.',
    clauses: ['A-3.3.2', 'A-2.4.4'],
    answer: ChangeView,
    read: ({ request, params }) => told(request, readable(request, params.id)),
  })

  readRoute(app, '/v1/changes/:id/timeline', {
    ...read,
    operationId: 'readChangeTimeline',
    problems: ['change-not-found', 'outside-unit'],
    summary: 'What happened to the change, oldest first.',
    clauses: ['A-3.3.2', 'B-4.2.4'],
    answer: listOf(ChangeEntryView),
    read: async ({ request, params }) => {
      const { id: changeId } = await readable(request, params.id)
      const entries = await db.manager.find(ChangeEntryEntity, {
        where: { changeId },
        order: { id: 'asc' },
      })
      return { items: entries.map((entry) => withTextIn(entry, languageOf(request))) }
    },
  })

  changeRoute(app, deps, 'PATCH', '/v1/changes/:id', {
    ...submit,
    operationId: 'amendChange',
    problems: [...ofEveryAct, 'not-change-requester', 'same-person'],
    summary: 'The requester edits the plan before it starts; approvals given before are void.',
    clauses: ['A-3.3.2', 'B-4.2.4', 'B-6.2'],
    body: Type.Partial(Type.Object(changePlan), { additionalProperties: false, minProperties: 1 }),
    apply: (
      tx,
      { params, body: { plannedStart, plannedEnd, ...rest }, request, expected, act },
    ) => {
      const edit = {
        ...rest,
        ...(plannedStart !== undefined && { plannedStart: new Date(plannedStart) }),
        ...(plannedEnd !== undefined && { plannedEnd: new Date(plannedEnd) }),
      }
      return told(request, amendChange(tx, params.id, edit, expected, act))
    },
  })

  changeRoute(app, deps, 'POST', '/v1/changes/:id/approve', {
    ...approve,
    operationId: 'approveChange',
    problems: [...ofEveryAct, 'not-change-approver', 'same-person'],
    summary:
      'Gives the stage that is next: people of the unit first, then the company; or makes up what an emergency skipped.',
    clauses: ['B-4.2.4', 'B-6.1', 'B-6.2', 'B-7.5'],
    body: closed({
      stage: ApprovalStage,
      comment: nullable(Paragraph(2_000), 'What the approver adds; null for nothing.'),
    }),
    apply: (tx, { params, body, request, expected, act }) => {
      const command = { changeId: params.id, approver: principalOf(request), ...body }
      return told(request, approveChange(tx, command, expected, act))
    },
  })

  changeRoute(app, deps, 'POST', '/v1/changes/:id/reject', {
    ...approve,
    operationId: 'rejectChange',
    problems: [...ofEveryAct, 'not-change-approver', 'same-person'],
    summary: 'Refuses the stage that is next, which ends the change.',
    clauses: ['B-4.2.4', 'B-6.1', 'B-6.2', 'B-7.5'],
    body: closed({
      stage: ApprovalStage,
      reason: about(Paragraph(2_000), 'Why it is refused; the requester reads it.'),
    }),
    apply: (tx, { params, body, request, expected, act }) => {
      const command = { changeId: params.id, approver: principalOf(request), ...body }
      return told(request, rejectChange(tx, command, expected, act))
    },
  })

  changeRoute(app, deps, 'POST', '/v1/changes/:id/withdraw', {
    ...submit,
    operationId: 'withdrawChange',
    problems: [...ofEveryAct, 'not-change-requester'],
    summary: 'The requester takes the change back before it starts.',
    clauses: ['B-6.2'],
    body: closed({ reason: about(Paragraph(2_000), 'Why it is taken back.') }),
    apply: (tx, { params, body, request, expected, act }) =>
      told(request, withdrawChange(tx, params.id, body.reason, expected, act)),
  })

  changeRoute(app, deps, 'POST', '/v1/changes/:id/start', {
    ...execute,
    operationId: 'startChange',
    problems: [
      ...ofEveryAct,
      'approval-lapsed',
      'not-change-executor',
      'outside-change-window',
      'outside-planned-time',
    ],
    summary:
      'The executor starts the change in its planned time (200), or asks the backup gate, whose answer starts or holds it (202).',
    clauses: ['A-2.4.4', 'A-3.3.2', 'A-3.3.4', 'A-3.3.5', 'B-4.3.7'],
    also: { 202: ChangeView },
    apply: async (tx, { params, request, reply, expected, act }) => {
      const started = await startChange(tx, params.id, expected, act)
      void reply.code(started.state === 'asking' ? 202 : 200)
      return told(request, started)
    },
  })

  changeRoute(app, deps, 'POST', '/v1/changes/:id/finish', {
    ...execute,
    operationId: 'finishChange',
    problems: [...ofEveryAct, 'not-change-executor', 'same-person'],
    summary:
      'The executor, or who stands in for one who has left, reports the change deployed or rolled back.',
    clauses: ['A-3.3.5', 'B-4.3.7'],
    body: closed({
      outcome: ChangeOutcome,
      result: about(Paragraph(10_000), 'What was done and seen.'),
    }),
    apply: (tx, { params, body, request, expected, act }) => {
      const { roles } = principalOf(request)
      const report = { changeId: params.id, ...body, roles }
      return told(request, finishChange(tx, report, expected, act))
    },
  })

  changeRoute(app, deps, 'POST', '/v1/changes/:id/papers', {
    ...submit,
    operationId: 'fileChangePapers',
    problems: [...ofEveryAct, 'not-change-requester', 'same-person'],
    summary:
      'The requester of an emergency, or who stands in for one who has left, hands in its written confirmation and test result.',
    clauses: ['A-3.3.5', 'B-6.2'],
    body: closed({
      confirmation: about(Paragraph(10_000), 'The written confirmation of the emergency.'),
      testEvidence: about(Paragraph(20_000), 'What was tested, and where.'),
    }),
    apply: (tx, { params, body, request, expected, act }) => {
      const filer = principalOf(request)
      const papers = { changeId: params.id, ...body, filer }
      return told(request, filePapers(tx, papers, expected, act))
    },
  })

  changeRoute(app, deps, 'POST', '/v1/changes/:id/review', {
    ...act,
    access: 'change.review',
    approves: true,
    operationId: 'reviewChange',
    problems: [...ofEveryAct, 'same-person'],
    summary: 'Somebody other than the executor looks back at the change, which closes it.',
    clauses: ['A-3.3.5'],
    body: closed({
      isSuccessful: Type.Boolean({ description: 'Whether the change reached what it was for.' }),
      findings: about(Paragraph(10_000), 'What is to be learnt from it.'),
    }),
    apply: (tx, { params, body, request, expected, act }) =>
      told(request, reviewChange(tx, { changeId: params.id, ...body }, expected, act)),
  })
}

interface Asked {
  readonly request: FastifyRequest
  readonly params: { readonly id: string }
}
