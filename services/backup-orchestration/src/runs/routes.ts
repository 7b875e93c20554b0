import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { about, closed, Line, Uuid } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import {
  actOf,
  assertReaches,
  principalOf,
  unitInRange,
} from '@erp-steward/service-kit/authentication'
import { newestFirst } from '@erp-steward/service-kit/list-rows'
import { byInstant } from '@erp-steward/service-kit/paging'
import { createRoute, listRoute, PathId, readRoute } from '@erp-steward/service-kit/route-shapes'
import type { Dependencies } from '@erp-steward/service-kit/service'
import type { FastifyRequest } from 'fastify'
import { Type, type Static } from 'typebox'
import type { EntityManager } from 'typeorm'
import type { BackupConfig } from '../config.ts'
import { CopyEntity } from '../copies/copy.ts'
import { TargetEntity } from '../targets/target.ts'
import { cancelRun } from './cancel-run.ts'
import { requestRun } from './queue-run.ts'
import { RunEntity, RunState, RunView, RunWithCopies, type Run } from './run.ts'

const tags = ['backup-runs']
const read = { access: 'backup.read', tags, clauses: ['A-2.4.1'] } as const

export function runRoutes(app: App, deps: Dependencies<BackupConfig>): void {
  const { db, clock } = deps

  /** @throws Problem `backup-run-not-found` also for one out of range */
  async function readable(request: FastifyRequest, id: string): Promise<Run> {
    const { range, unitId } = principalOf(request)
    const run = await db.manager.findOneBy(RunEntity, { id })
    if (run === null || (range !== 'company' && run.unitId !== unitId))
      throw new Problem(
        'backup-run-not-found',
        said(`There is no backup run ${id} in your range.`, `您的范围内没有备份任务 ${id}。`),
      )
    return run
  }

  async function withCopies(tx: EntityManager, run: Run): Promise<Static<typeof RunWithCopies>> {
    const copies = await tx.find(CopyEntity, {
      where: { runId: run.id },
      order: { createdAt: 'asc', role: 'desc' },
    })
    return { ...run, copies }
  }

  createRoute(app, deps, '/v1/backup-runs', {
    operationId: 'requestBackupRun',
    problems: [
      'backup-policy-missing',
      'backup-target-not-found',
      'backup-target-state',
      'outside-unit',
      'run-in-progress',
    ],
    summary: 'Asks for a backup now, for example before a change.',
    tags,
    access: 'backup.run',
    clauses: ['A-2.4.1', 'A-2.4.4'],
    body: closed({
      targetId: about(Uuid, 'The target that is to be saved.'),
      reason: about(Line(500), 'Why now; it stays with the run as `note`.'),
    }),
    answer: RunWithCopies,
    create: async (tx, { request, body, act }) => {
      const target = await tx.findOneBy(TargetEntity, { id: body.targetId })
      if (target !== null) assertReaches(request, target.unitId)
      return withCopies(tx, await requestRun(tx, body, act))
    },
  })

  listRoute(app, '/v1/backup-runs', {
    ...read,
    operationId: 'listBackupRuns',
    problems: ['outside-unit'],
    summary: 'Runs in your range, newest first.',
    query: {
      targetId: Type.Optional(about(Uuid, 'Only runs of this target.')),
      state: Type.Optional(RunState),
    },
    row: RunView,
    sorting: byInstant('queuedAt'),
    list: ({ query: { targetId, state }, request, ...stretch }) =>
      newestFirst(db.manager, RunEntity, 'queuedAt', stretch, {
        targetId,
        state,
        unitId: unitInRange(request),
      }),
  })

  readRoute(app, '/v1/backup-runs/:id', {
    ...read,
    operationId: 'readBackupRun',
    problems: ['backup-run-not-found'],
    summary: 'One run with its copies and the time of every state.',
    answer: RunWithCopies,
    read: async ({ request, params }) => withCopies(db.manager, await readable(request, params.id)),
  })

  app.post(
    '/v1/backup-runs/:id/cancel',
    {
      config: { access: 'backup.run', clauses: ['A-2.4.1'] },
      schema: {
        operationId: 'cancelBackupRun',
        problems: ['backup-run-not-found', 'backup-run-state', 'backup-target-not-found'],
        summary: 'Calls the run off; one at work ends when its agent hears of it.',
        tags,
        params: Type.Object({ id: PathId }),
        response: { 200: RunWithCopies },
      },
    },
    async (request) => {
      await readable(request, request.params.id)
      return db.transaction(async (tx) =>
        withCopies(tx, await cancelRun(tx, request.params.id, actOf(request, clock()))),
      )
    },
  )
}
