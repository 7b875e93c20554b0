import { Source } from '@erp-steward/contracts/agent-protocol'
import { Problem } from '@erp-steward/contracts/problem'
import { Code, InstantOut, Line, nullable, Uuid } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import {
  actOf,
  assertReaches,
  principalOf,
  unitInRange,
} from '@erp-steward/service-kit/authentication'
import { createOnce } from '@erp-steward/service-kit/commit'
import { decodeInstantCursor, page, pageOf, PageQuery } from '@erp-steward/service-kit/paging'
import type { Dependencies } from '@erp-steward/service-kit/service'
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'
import type { BackupConfig } from '../config.ts'
import { CopyView } from '../copies/copy-view.ts'
import { CopyEntity } from '../copies/copy.ts'
import { TargetEntity } from '../targets/target.ts'
import { cancelRun } from './cancel-run.ts'
import { requestRun } from './queue-run.ts'
import { RunEntity, runStates, type Run } from './run.ts'

const RunState = Type.Enum([...runStates])

const RunView = Type.Object({
  id: Uuid,
  targetId: Uuid,
  unitId: Uuid,
  policyVersion: Type.Integer(),
  source: Source,
  keyId: Code,
  reason: Type.Enum(['schedule', 'catch-up', 'request']),
  note: nullable(Type.String()),
  requestedBy: Type.String(),
  state: RunState,
  dueAt: nullable(InstantOut),
  startBy: nullable(InstantOut),
  missedAt: nullable(InstantOut),
  queuedAt: InstantOut,
  startedAt: nullable(InstantOut),
  cancelAskedAt: nullable(InstantOut),
  finishedAt: nullable(InstantOut),
  dataAt: nullable(InstantOut),
  agentId: nullable(Type.String()),
  attempts: Type.Integer(),
  tool: nullable(Type.String()),
  items: nullable(Type.Number()),
  sourceBytes: nullable(Type.Number()),
  storedBytes: nullable(Type.Number()),
  digest: nullable(Type.String()),
  manifestDigest: nullable(Type.String()),
  cause: nullable(Type.Enum(['executor', 'digest', 'lease-lost', 'refused', 'cancelled'])),
  detail: nullable(Type.String()),
  copies: Type.Array(CopyView),
})

const Id = Type.Object({ id: Uuid })

export function runRoutes(app: App, deps: Dependencies<BackupConfig>): void {
  const { db, clock } = deps

  /** @throws Problem `backup-run-not-found` also for one out of range */
  async function readable(request: FastifyRequest, id: string): Promise<Run> {
    const { range, unitId } = principalOf(request)
    const run = await db.manager.findOneBy(RunEntity, { id })
    if (run === null || (range !== 'company' && run.unitId !== unitId))
      throw new Problem('backup-run-not-found', `There is no backup run ${id} in your range.`)
    return run
  }

  async function withCopies(tx: EntityManager, run: Run) {
    const copies = await tx.find(CopyEntity, {
      where: { runId: run.id },
      order: { createdAt: 'asc', role: 'desc' },
    })
    return { ...run, copies }
  }

  app.post(
    '/v1/backup-runs',
    {
      config: { access: 'backup.run', once: true, clauses: ['A-2.4.1', 'A-2.4.4'] },
      schema: {
        operationId: 'requestBackupRun',
        summary: 'Asks for a backup now, for example before a change.',
        tags: ['backup-runs'],
        body: Type.Object({ targetId: Uuid, reason: Line(500) }, { additionalProperties: false }),
        response: { 201: RunView },
      },
    },
    (request, reply) =>
      createOnce(deps, request, reply, async (tx, act) => {
        const { targetId } = request.body
        const target = await tx.findOneBy(TargetEntity, { id: targetId })
        if (target !== null) assertReaches(request, target.unitId)
        const run = await requestRun(tx, request.body, act)
        return { body: await withCopies(tx, run), location: `/v1/backup-runs/${run.id}` }
      }),
  )

  app.get(
    '/v1/backup-runs',
    {
      config: { access: 'backup.read', clauses: ['A-2.4.1'] },
      schema: {
        operationId: 'listBackupRuns',
        summary: 'Runs in your range, newest first.',
        tags: ['backup-runs'],
        querystring: Type.Object({
          ...PageQuery,
          targetId: Type.Optional(Uuid),
          state: Type.Optional(RunState),
        }),
        response: { 200: pageOf(Type.Omit(RunView, ['copies'])) },
      },
    },
    async (request) => {
      const { limit, cursor, targetId, state } = request.query
      const [at, id] = decodeInstantCursor(cursor)
      const found = db.manager
        .createQueryBuilder(RunEntity, 'r')
        .orderBy('r.queuedAt', 'DESC')
        .addOrderBy('r.id', 'DESC')
        .limit(limit + 1)
      if (at !== null) found.andWhere('(r.queued_at, r.id) < (:at, :id)', { at, id })
      if (targetId !== undefined) found.andWhere('r.target_id = :targetId', { targetId })
      if (state !== undefined) found.andWhere('r.state = :state', { state })
      const own = unitInRange(request)
      if (own !== null) found.andWhere('r.unit_id = :own', { own })
      return page(await found.getMany(), limit, (row) => [row.queuedAt.toISOString(), row.id])
    },
  )

  app.get(
    '/v1/backup-runs/:id',
    {
      config: { access: 'backup.read', clauses: ['A-2.4.1'] },
      schema: {
        operationId: 'readBackupRun',
        summary: 'One run with its copies and the time of every state.',
        tags: ['backup-runs'],
        params: Id,
        response: { 200: RunView },
      },
    },
    async (request) => withCopies(db.manager, await readable(request, request.params.id)),
  )

  app.post(
    '/v1/backup-runs/:id/cancel',
    {
      config: { access: 'backup.run', clauses: ['A-2.4.1'] },
      schema: {
        operationId: 'cancelBackupRun',
        summary: 'Calls the run off; one at work ends when its agent hears of it.',
        tags: ['backup-runs'],
        params: Id,
        response: { 200: RunView },
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
