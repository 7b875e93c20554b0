import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import {
  about,
  closed,
  Code,
  Line,
  nullable,
  Paragraph,
  Reason,
  Uuid,
} from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { actOf, principalOf, unitInRange } from '@erp-steward/service-kit/authentication'
import type { Committer } from '@erp-steward/service-kit/commit'
import { bySeq, listOf } from '@erp-steward/service-kit/paging'
import {
  changeRoute,
  createRoute,
  listRoute,
  PathId,
  readRoute,
} from '@erp-steward/service-kit/route-shapes'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'
import { AccountEntity } from '../accounts/account.ts'
import { UserName } from '../accounts/account-change.ts'
import { userNameLookup as lookupOf } from '../accounts/sealed-user-name.ts'
import { placeFilter } from '../organisation/place-filter.ts'
import { awaitTasks } from './await-tasks.ts'
import { failTask } from './fail-task.ts'
import { finishTask } from './finish-task.ts'
import { dropTask, retryTask } from './handle-failed-task.ts'
import { leaseTasks } from './lease-tasks.ts'
import {
  LeasedTaskView,
  ProvisioningKind,
  ProvisioningStatus,
  ProvisioningTaskEntity,
  TaskView,
  type ProvisioningTask,
} from './provisioning-task.ts'
import { queuePasswordReset } from './queue-password-reset.ts'
import { renewLease } from './renew-lease.ts'
import { failureClasses } from './rules/retry.ts'
import { maskTask, openTask } from './sealed-task.ts'

/** An account id that nobody has. */
const NOBODY = '00000000-0000-0000-0000-000000000000'
const LeaseSeconds = Type.Integer({
  minimum: 5,
  maximum: 3_600,
  default: 60,
  description: 'How long the task is kept from others, in seconds.',
})
const LeaseToken = about(Uuid, 'Of the lease in force.')
const base = '/v1/provisioning-tasks'
const tags = ['provisioning']
const clauses = ['A-2.1.1', 'A-2.1.4']

/** The queue of calls in EBS: the middleware leases, calls, reads back and reports. */
export function provisioningRoutes(app: App, deps: Committer): void {
  workerRoutes(app, deps)
  readingRoutes(app, deps)
  handlingRoutes(app, deps)
  resetRoute(app, deps)
}

function workerRoutes(app: App, { db, clock }: Committer): void {
  const config = { access: 'provisioning.work', clauses } as const
  // Nobody waits for a task while the service ends.
  const closing = new AbortController()
  app.addHook('preClose', (done) => {
    closing.abort()
    done()
  })

  app.post(`${base}/lease`, {
    config,
    schema: {
      operationId: 'leaseProvisioningTasks',
      problems: ['outside-unit'],
      summary: 'Hands out tasks for a time, in order per user, each with a lease token.',
      description:
        'At most one task of a user is out at a time. A lease that ends gives the task to whoever asks next; five leases are the most.',
      tags,
      body: closed({
        worker: about(Line(100), 'Name of the worker, for people who look.'),
        limit: Type.Integer({
          minimum: 1,
          maximum: 100,
          default: 10,
          description: 'Most tasks to answer.',
        }),
        leaseSeconds: LeaseSeconds,
        waitSeconds: Type.Integer({
          minimum: 0,
          maximum: 20,
          default: 0,
          description: 'How long to wait for a task where there is none, in seconds.',
        }),
      }),
      response: { 200: listOf(LeasedTaskView) },
    },
    handler: async (request, reply) => {
      const { waitSeconds, ...asked } = request.body
      const command = { ...asked, unitId: unitInRange(request) }
      const look = () => db.transaction((tx) => leaseTasks(tx, command, actOf(request, clock())))
      const gone = AbortSignal.any([closing.signal, goneSignal(reply)])
      const leased = await awaitTasks(look, waitSeconds * 1_000, gone)
      return { items: leased.map((task) => openTask(db.manager, task)) }
    },
  })

  app.post(`${base}/:id/done`, {
    config,
    schema: {
      operationId: 'finishProvisioningTask',
      problems: ['lease-lost', 'not-found', 'read-back-differs'],
      summary:
        'Ends a task with the state read back from EBS; refused when it is not what was asked.',
      tags,
      params: Type.Object({ id: PathId }),
      body: closed({
        leaseToken: LeaseToken,
        readBack: Type.Record(
          Type.String({ pattern: '^[A-Za-z][A-Za-z0-9]{0,49}$' }),
          nullable(Type.String({ maxLength: 1_000, pattern: '^[^\\u0000]*$' })),
          {
            maxProperties: 50,
            additionalProperties: false,
            description: 'What EBS shows after the call, by the members of `expected`.',
          },
        ),
      }),
      response: { 200: TaskView },
    },
    handler: async (request) => {
      const { leaseToken, readBack } = request.body
      const lease = { taskId: request.params.id, leaseToken }
      const task = await db.transaction((tx) =>
        finishTask(tx, lease, readBack, actOf(request, clock())),
      )
      // Thrown after the commit: what was read back has to stay.
      if (task.status !== 'done')
        throw new Problem(
          'read-back-differs',
          said('What was read back is not what was asked.', '回读的内容与要求的不一致。'),
          {
            expected: openTask(db.manager, task).expected,
            readBack,
            taskStatus: task.status,
          },
        )
      return openTask(db.manager, task)
    },
  })

  app.post(`${base}/:id/renew`, {
    config,
    schema: {
      operationId: 'renewProvisioningLease',
      problems: ['lease-lost', 'not-found'],
      summary: 'Keeps a leased task for longer, counted from now.',
      description:
        'For a call in EBS that takes longer than was thought. A lease that has ended is renewed too while nobody else got the task.',
      tags,
      params: Type.Object({ id: PathId }),
      body: closed({ leaseToken: LeaseToken, leaseSeconds: LeaseSeconds }),
      response: { 200: LeasedTaskView },
    },
    handler: async (request) => {
      const { leaseToken, leaseSeconds } = request.body
      const lease = { taskId: request.params.id, leaseToken }
      const task = await db.transaction((tx) =>
        renewLease(tx, lease, leaseSeconds, actOf(request, clock())),
      )
      return openTask(db.manager, task)
    },
  })

  app.post(`${base}/:id/fail`, {
    config,
    schema: {
      operationId: 'failProvisioningTask',
      problems: ['lease-lost', 'not-found'],
      summary:
        'Gives a task back that could not be done; `class` says whether and when it is tried again.',
      tags,
      params: Type.Object({ id: PathId }),
      body: closed({
        leaseToken: LeaseToken,
        code: about(Line(100), 'A code of EBS, `ORA-20001`, or of the middleware.'),
        message: about(Paragraph(2_000), 'What EBS said; sealed, for it may name the user.'),
        permanent: Type.Boolean({
          default: false,
          description: 'As `class` `permanent`.',
        }),
        class: Type.Enum([...failureClasses], {
          title: 'EbsFailureClass',
          default: 'other',
          description:
            '`permanent`: no further try helps, such as a responsibility that EBS does not have, and the task waits for a person at once; `unreachable`: EBS was not reached, and the try does not count; `busy`: EBS had no time or held a lock, and the next try comes after 10 seconds, ten in all; `other`.',
        }),
      }),
      response: { 200: TaskView },
    },
    handler: async (request) => {
      const { leaseToken, permanent, class: named, code, message } = request.body
      const failure = { code, message, of: permanent ? 'permanent' : named } as const
      const lease = { taskId: request.params.id, leaseToken }
      const task = await db.transaction((tx) =>
        failTask(tx, lease, failure, actOf(request, clock())),
      )
      return openTask(db.manager, task)
    },
  })
}

function readingRoutes(app: App, { db }: Committer): void {
  const read = { access: 'provisioning.read', clauses, tags } as const

  listRoute(app, base, {
    ...read,
    operationId: 'listProvisioningTasks',
    problems: ['department-unknown', 'outside-unit', 'position-unknown', 'unit-unknown'],
    summary: 'Tasks in the order of queueing.',
    query: {
      status: Type.Optional(ProvisioningStatus),
      kind: Type.Optional(ProvisioningKind),
      userName: Type.Optional(about(UserName, 'The whole user name.')),
      unitCode: Type.Optional(about(Code, 'Code of the unit of the person.')),
    },
    row: TaskView,
    sorting: bySeq,
    list: async ({ request, query: { status, kind, userName, unitCode }, after, limit }) => {
      const unitId = unitInRange(request)
      const query = db.manager
        .createQueryBuilder(ProvisioningTaskEntity, 'task')
        .orderBy('task.seq')
        .limit(limit)
      if (after !== null) query.andWhere('task.seq > :after', { after })
      if (status !== undefined) query.andWhere('task.status = :status', { status })
      if (userName !== undefined) {
        const userNameLookup = lookupOf(db.manager, userName)
        const account = await db.manager.findOneBy(AccountEntity, { userNameLookup })
        query.andWhere('task.accountId = :id', { id: account?.id ?? NOBODY })
      }
      if (unitId !== null) query.andWhere('task.unitId = :unitId', { unitId })
      if (kind !== undefined) query.andWhere('task.kind = :kind', { kind })
      if (unitCode !== undefined) {
        const { unitId: named } = await placeFilter(db.manager, { unitCode })
        query.andWhere('task.unitId = :named', { named })
      }
      return (await query.getMany()).map((task) => shown(request, db.manager, task))
    },
  })

  readRoute(app, `${base}/:id`, {
    ...read,
    operationId: 'readProvisioningTask',
    problems: ['not-found', 'outside-unit'],
    summary: 'One task with what was asked and what was read back.',
    answer: TaskView,
    read: async ({ request, params: { id } }) => {
      const own = unitInRange(request)
      const task = await db.manager.findOneBy(ProvisioningTaskEntity, { id })
      if (task === null || (own !== null && task.unitId !== own))
        throw new Problem(
          'not-found',
          said(`There is no provisioning task ${id}.`, `没有 EBS 任务 ${id}。`),
        )
      return shown(request, db.manager, task)
    },
  })
}

function handlingRoutes(app: App, deps: Committer): void {
  const handle = {
    access: 'provisioning.handle',
    approves: true,
    clauses,
    tags,
    answer: TaskView,
  } as const

  changeRoute(app, deps, 'POST', `${base}/:id/retry`, {
    ...handle,
    operationId: 'retryProvisioningTask',
    problems: ['not-found', 'task-state'],
    summary: 'Queues a failed task again.',
    apply: async (tx, { request, params, expected, act }) =>
      shown(request, tx, await retryTask(tx, params.id, expected, act)),
  })

  changeRoute(app, deps, 'POST', `${base}/:id/drop`, {
    ...handle,
    operationId: 'dropProvisioningTask',
    problems: ['not-found', 'task-state'],
    summary: 'Gives a failed task up, with a reason; what follows for the user goes on.',
    body: closed({ reason: Reason }),
    apply: async (tx, { request, params, body: { reason }, expected, act }) =>
      shown(request, tx, await dropTask(tx, params.id, reason, expected, act)),
  })
}

function resetRoute(app: App, deps: Committer): void {
  createRoute(app, deps, '/v1/accounts/:id/ebs-password-reset', {
    access: 'account.unlock',
    approves: true,
    clauses: ['A-2.2.2', 'A-4.2.4'],
    tags,
    operationId: 'resetEbsPassword',
    problems: ['account-state', 'account-unknown', 'administrator-unnamed', 'same-person'],
    summary: 'Has EBS forget the password of a user, and ends a lock there.',
    description:
      'Queues a task: the middleware sets a random password that nobody reads, and EBS asks for a new one at the next login. EBS knows no timed unlock: this is how a lock after failed logins ends there. Nobody does it for himself.',
    body: closed({ reason: Reason }),
    answer: TaskView,
    located: false,
    create: async (tx, { request, params, body: { reason }, act }) => {
      const command = { accountId: params.id, reason }
      return shown(request, tx, await queuePasswordReset(tx, command, act))
    },
  })
}

/** Aborted when the caller has gone before the answer. */
function goneSignal(reply: FastifyReply): AbortSignal {
  if (reply.request.raw.socket.destroyed) return AbortSignal.abort()
  const gone = new AbortController()
  reply.raw.once('close', () => {
    gone.abort()
  })
  return gone.signal
}

/** What the caller may see of a task. */
function shown(
  request: FastifyRequest,
  tx: EntityManager,
  task: ProvisioningTask,
): ProvisioningTask {
  const open = openTask(tx, task)
  return principalOf(request).permissions.has('person.read-sensitive') ? open : maskTask(open)
}
