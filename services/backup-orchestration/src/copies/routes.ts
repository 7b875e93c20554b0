import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { about, InstantOut, Uuid } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { actOf, principalOf, unitInRange } from '@erp-steward/service-kit/authentication'
import { newestFirst } from '@erp-steward/service-kit/list-rows'
import { byInstant } from '@erp-steward/service-kit/paging'
import { listRoute, PathId, readRoute } from '@erp-steward/service-kit/route-shapes'
import type { Dependencies } from '@erp-steward/service-kit/service'
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { BackupConfig } from '../config.ts'
import { CopyEntity, CopyState, CopyView, type Copy } from './copy.ts'
import { askVerification } from './verify-copy.ts'

const tags = ['backup-copies']
const read = { access: 'backup.read', tags } as const

export function copyRoutes(app: App, deps: Dependencies<BackupConfig>): void {
  const { db, clock } = deps

  /** @throws Problem `backup-copy-not-found` also for one out of range */
  async function readable(request: FastifyRequest, id: string): Promise<Copy> {
    const { range, unitId } = principalOf(request)
    const copy = await db.manager.findOneBy(CopyEntity, { id })
    if (copy === null || (range !== 'company' && copy.unitId !== unitId))
      throw new Problem(
        'backup-copy-not-found',
        said(`There is no copy ${id} in your range.`, `您的范围内没有副本 ${id}。`),
      )
    return copy
  }

  listRoute(app, '/v1/backup-copies', {
    ...read,
    operationId: 'listBackupCopies',
    problems: ['outside-unit'],
    summary: 'Copies in your range, newest first.',
    clauses: ['A-2.4.2', 'A-2.4.3'],
    query: {
      targetId: Type.Optional(about(Uuid, 'Only copies of this target.')),
      state: Type.Optional(CopyState),
    },
    row: CopyView,
    sorting: byInstant('createdAt'),
    list: ({ query: { targetId, state }, request, ...stretch }) =>
      newestFirst(db.manager, CopyEntity, 'createdAt', stretch, {
        targetId,
        state,
        unitId: unitInRange(request),
      }),
  })

  readRoute(app, '/v1/backup-copies/:id', {
    ...read,
    operationId: 'readBackupCopy',
    problems: ['backup-copy-not-found'],
    summary: 'One copy: where it lies, and when it was proven last.',
    clauses: ['A-2.4.2'],
    answer: CopyView,
    read: ({ request, params }) => readable(request, params.id),
  })

  app.post(
    '/v1/backup-copies/:id/verify',
    {
      config: { access: 'backup.run', clauses: ['A-2.4.2'] },
      schema: {
        operationId: 'verifyBackupCopy',
        problems: ['backup-copy-not-found', 'backup-copy-state', 'backup-target-not-found'],
        summary: 'Has the copy read again to its end; asked twice, it is read once.',
        tags,
        params: Type.Object({ id: PathId }),
        response: {
          202: Type.Object(
            {
              assignmentId: about(Uuid, 'The piece of work that reads it.'),
              copyId: about(Uuid, 'The copy that is read.'),
              state: Type.Enum(['waiting', 'leased'], {
                description: '`waiting`: no agent has taken the work yet; `leased`: one reads.',
              }),
              askedAt: about(InstantOut, 'When it was asked for first.'),
            },
            { title: 'BackupVerification' },
          ),
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
