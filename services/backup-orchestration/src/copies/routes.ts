import { Problem } from '@erp-steward/contracts/problem'
import { InstantOut, Uuid } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { actOf, principalOf, unitInRange } from '@erp-steward/service-kit/authentication'
import { decodeInstantCursor, page, pageOf, PageQuery } from '@erp-steward/service-kit/paging'
import type { Dependencies } from '@erp-steward/service-kit/service'
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { BackupConfig } from '../config.ts'
import { CopyState, CopyView } from './copy-view.ts'
import { CopyEntity, type Copy } from './copy.ts'
import { askVerification } from './verify-copy.ts'

const Id = Type.Object({ id: Uuid })

export function copyRoutes(app: App, deps: Dependencies<BackupConfig>): void {
  const { db, clock } = deps

  /** @throws Problem `backup-copy-not-found` also for one out of range */
  async function readable(request: FastifyRequest, id: string): Promise<Copy> {
    const { range, unitId } = principalOf(request)
    const copy = await db.manager.findOneBy(CopyEntity, { id })
    if (copy === null || (range !== 'company' && copy.unitId !== unitId))
      throw new Problem('backup-copy-not-found', `There is no copy ${id} in your range.`)
    return copy
  }

  app.get(
    '/v1/backup-copies',
    {
      config: { access: 'backup.read', clauses: ['A-2.4.2', 'A-2.4.3'] },
      schema: {
        operationId: 'listBackupCopies',
        summary: 'Copies in your range, newest first.',
        tags: ['backup-copies'],
        querystring: Type.Object({
          ...PageQuery,
          targetId: Type.Optional(Uuid),
          state: Type.Optional(CopyState),
        }),
        response: { 200: pageOf(CopyView) },
      },
    },
    async (request) => {
      const { limit, cursor, targetId, state } = request.query
      const [at, id] = decodeInstantCursor(cursor)
      const found = db.manager
        .createQueryBuilder(CopyEntity, 'c')
        .orderBy('c.createdAt', 'DESC')
        .addOrderBy('c.id', 'DESC')
        .limit(limit + 1)
      if (at !== null) found.andWhere('(c.created_at, c.id) < (:at, :id)', { at, id })
      if (targetId !== undefined) found.andWhere('c.target_id = :targetId', { targetId })
      if (state !== undefined) found.andWhere('c.state = :state', { state })
      const own = unitInRange(request)
      if (own !== null) found.andWhere('c.unit_id = :own', { own })
      return page(await found.getMany(), limit, (row) => [row.createdAt.toISOString(), row.id])
    },
  )

  app.get(
    '/v1/backup-copies/:id',
    {
      config: { access: 'backup.read', clauses: ['A-2.4.2'] },
      schema: {
        operationId: 'readBackupCopy',
        summary: 'One copy: where it lies, and when it was proven last.',
        tags: ['backup-copies'],
        params: Id,
        response: { 200: CopyView },
      },
    },
    (request) => readable(request, request.params.id),
  )

  app.post(
    '/v1/backup-copies/:id/verify',
    {
      config: { access: 'backup.run', clauses: ['A-2.4.2'] },
      schema: {
        operationId: 'verifyBackupCopy',
        summary: 'Has the copy read again to its end; asked twice, it is read once.',
        tags: ['backup-copies'],
        params: Id,
        response: {
          202: Type.Object({
            assignmentId: Uuid,
            copyId: Uuid,
            state: Type.Enum(['waiting', 'leased']),
            askedAt: InstantOut,
          }),
        },
      },
    },
    async (request, reply) => {
      await readable(request, request.params.id)
      const asked = await db.transaction((tx) =>
        askVerification(tx, request.params.id, actOf(request, clock())),
      )
      return reply.code(202).send({
        assignmentId: asked.id,
        copyId: asked.copyId,
        state: asked.state === 'leased' ? 'leased' : 'waiting',
        askedAt: asked.createdAt,
      })
    },
  )
}
