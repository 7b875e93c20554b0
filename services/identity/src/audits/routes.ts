import { about, closed, Instant, Paragraph, Reason } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { principalOf } from '@erp-steward/service-kit/authentication'
import type { Committer } from '@erp-steward/service-kit/commit'
import { byInstant, bySeq, type Sorting } from '@erp-steward/service-kit/paging'
import {
  changeRoute,
  createRoute,
  listRoute,
  readRoute,
} from '@erp-steward/service-kit/route-shapes'
import { Type } from 'typebox'
import type { LedgerSigner } from '../audit/ledger-key.ts'
import { viewerOf } from '../people/show-person.ts'
import { AuditItemView } from './audit-item.ts'
import { auditItems } from './audit-items.ts'
import {
  AuditConclusion,
  AuditJudgement,
  AuditTaskEntity,
  AuditTaskState,
  AuditTaskView,
} from './audit-task.ts'
import { judgeItems, unknownAudit } from './judge-items.ts'
import { askForAudit } from './open-audit.ts'
import { signAudit } from './sign-audit.ts'

const tasks = '/v1/audit/tasks'
const shared = { clauses: ['A-4.3.4', 'A-4.3.5'], tags: ['audit'] } as const

/** Judgements that one call takes. */
const MOST_JUDGED = 500

const inOrderOfLedger: Sorting<{ readonly seq: number }, string | null> = {
  after: (cursor) => bySeq.after(cursor),
  keyOf: ({ seq }) => [seq],
}

/** Audits of the ledger: what was drawn, what is judged of it, and the report that is signed. */
export function auditTaskRoutes(
  app: App,
  deps: Committer & { readonly signer: LedgerSigner },
): void {
  readRoutes(app, deps)

  createRoute(app, deps, tasks, {
    ...shared,
    access: 'audit-task.sign',
    operationId: 'openAudit',
    problems: ['audit-empty'],
    summary:
      'Opens an audit of what was recorded in a time, besides those that come by themselves.',
    description:
      'It draws as many facts as `identity.audit.sample` says, half of them access records, and counts for A-4.3.4 as a periodic one does once it is open.',
    body: closed({
      from: about(Instant, 'Recorded at this instant or later.'),
      to: about(Instant, 'Recorded before this instant, which is not in the future.'),
      reason: Reason,
    }),
    answer: AuditTaskView,
    create: (tx, { body: { from, to, reason }, act }) =>
      askForAudit(tx, { from: new Date(from), to: new Date(to), reason }, act),
  })

  changeRoute(app, deps, 'POST', `${tasks}/:id/judgements`, {
    ...shared,
    access: 'audit-task.judge',
    approves: true,
    operationId: 'judgeAuditItems',
    problems: [
      'audit-anomaly-stays',
      'audit-item-unknown',
      'audit-signed',
      'not-found',
      'same-person',
    ],
    summary: 'Judges facts that an audit drew.',
    description:
      'Nobody judges an own act. The security administrator judges those of audit administrators (`byAuditor`), and no others. Until the report is signed a judgement may be replaced, except that an anomaly stays one.',
    body: closed({
      items: Type.Array(
        closed({
          seq: Type.Integer({
            minimum: 1,
            maximum: Number.MAX_SAFE_INTEGER,
            description: 'Number of the record.',
          }),
          judgement: AuditJudgement,
          note: Type.Optional(
            about(Paragraph(1_000), 'What was found; an anomaly cannot do without.'),
          ),
        }),
        { minItems: 1, maxItems: MOST_JUDGED, description: 'What is judged, each record once.' },
      ),
    }),
    answer: AuditTaskView,
    apply: (tx, { params: { id }, body: { items }, expected, act }) =>
      judgeItems(tx, { id, items }, expected, act),
  })

  changeRoute(app, deps, 'POST', `${tasks}/:id/sign`, {
    ...shared,
    access: 'audit-task.sign',
    approves: true,
    operationId: 'signAudit',
    problems: ['audit-conclusion-unfit', 'audit-signed', 'audit-unfinished', 'not-found'],
    summary:
      'Signs the report of an audit with the key of the ledger; from then on it stays as it is.',
    body: closed({
      conclusion: AuditConclusion,
      summary: about(Paragraph(4_000), 'What was found, and what follows from it.'),
    }),
    answer: AuditTaskView,
    apply: (tx, { params: { id }, body, expected, act }) =>
      signAudit(tx, deps.signer, { id, ...body }, expected, act),
  })
}

function readRoutes(app: App, { db, clock }: Committer): void {
  const read = { ...shared, access: 'audit-task.read' } as const

  listRoute(app, tasks, {
    ...read,
    operationId: 'listAuditTasks',
    summary: 'Audits of the ledger, the newest first.',
    query: { state: Type.Optional(AuditTaskState) },
    row: AuditTaskView,
    sorting: byInstant('openedAt'),
    list: ({ query: { state }, after: [at, id], limit }) => {
      const query = db.manager
        .createQueryBuilder(AuditTaskEntity, 'task')
        .orderBy('task.openedAt', 'DESC')
        .addOrderBy('task.id', 'DESC')
        .limit(limit)
      if (at !== null) query.andWhere('(task.openedAt, task.id) < (:at, :id)', { at, id })
      if (state !== undefined) query.andWhere('task.state = :state', { state })
      return query.getMany()
    },
  })

  readRoute(app, `${tasks}/:id`, {
    ...read,
    operationId: 'readAuditTask',
    problems: ['not-found'],
    summary: 'One audit, with its signed report once there is one.',
    answer: AuditTaskView,
    read: async ({ params: { id } }) => {
      const task = await db.manager.findOneBy(AuditTaskEntity, { id })
      if (task === null) throw unknownAudit(id)
      return task
    },
  })

  listRoute(app, `${tasks}/:id/items`, {
    ...read,
    operationId: 'listAuditItems',
    problems: ['not-found'],
    summary: 'Facts that an audit drew, in the order of the ledger, with what was judged of them.',
    description: 'The security administrator is shown those of audit administrators alone.',
    query: {
      judged: Type.Optional(
        Type.Boolean({ description: 'Only those that are judged, or only those that are not.' }),
      ),
    },
    row: AuditItemView,
    sorting: inOrderOfLedger,
    list: async ({ request, params: { id }, query, after: afterSeq, limit }) => {
      if (!(await db.manager.existsBy(AuditTaskEntity, { id }))) throw unknownAudit(id)
      const onlyOfAuditors = !principalOf(request).permissions.has('audit.read')
      const viewer = await viewerOf(request, db.manager, clock())
      return auditItems(db.manager, viewer, {
        taskId: id,
        ...query,
        onlyOfAuditors,
        afterSeq,
        limit,
      })
    },
  })
}
