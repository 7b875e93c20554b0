import { Problem } from '@erp-steward/contracts/problem'
import { InstantOut, nullable, Uuid } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { principalOf, unitInRange } from '@erp-steward/service-kit/authentication'
import { createOnce } from '@erp-steward/service-kit/commit'
import { decodeInstantCursor, page, pageOf, PageQuery } from '@erp-steward/service-kit/paging'
import { ProposalView } from '@erp-steward/service-kit/proposal'
import { proposalCreated } from '@erp-steward/service-kit/proposal-routes'
import { propose } from '@erp-steward/service-kit/proposals'
import type { Dependencies } from '@erp-steward/service-kit/service'
import { Type } from 'typebox'
import type { BackupConfig } from '../config.ts'
import { floors } from '../targets/rules/floor.ts'
import { targetById } from '../targets/target.ts'
import { ExceptionEntity } from './exception.ts'
import { AskedException, assertEnd, granting } from './grant-exception.ts'

const ExceptionView = Type.Object({
  id: Uuid,
  targetId: Uuid,
  unitId: Uuid,
  floors: Type.Array(Type.Enum([...floors])),
  reason: Type.String(),
  validUntil: InstantOut,
  proposalId: Uuid,
  requestedByPersonId: nullable(Uuid),
  grantedByPersonId: nullable(Uuid),
  grantedAt: InstantOut,
})

/** Leaves to fall short of a floor. Sources. */
export function exceptionRoutes(app: App, deps: Dependencies<BackupConfig>): void {
  app.post(
    '/v1/backup-exceptions',
    {
      config: { access: 'backup.plan', once: true, clauses: ['A-2.4.1', 'A-2.4.2', 'A-2.4.3'] },
      schema: {
        operationId: 'askBackupException',
        summary: 'Proposes that a target may fall short of floors until an end (202).',
        tags: ['backup-exceptions'],
        body: AskedException,
        response: { 202: ProposalView },
      },
    },
    (request, reply) =>
      createOnce(deps, request, reply, async (tx, act) => {
        const body = request.body
        const { range, unitId } = principalOf(request)
        const target = await targetById(tx, body.targetId)
        if (range !== 'company' && target.unitId !== unitId)
          throw new Problem('backup-target-not-found', 'There is no such target in your range.')
        assertEnd(new Date(body.validUntil), act.now)
        const made = await propose(
          tx,
          'backup-orchestration',
          granting,
          { body, reason: body.reason },
          act,
        )
        return proposalCreated(request, 'backup-orchestration', granting, made)
      }),
  )

  app.get(
    '/v1/backup-exceptions',
    {
      config: { access: 'backup.read', clauses: ['A-2.4.1', 'A-2.4.2', 'A-2.4.3'] },
      schema: {
        operationId: 'listBackupExceptions',
        summary: 'Exceptions in your range, newest first, also those that have ended.',
        tags: ['backup-exceptions'],
        querystring: Type.Object({ ...PageQuery, targetId: Type.Optional(Uuid) }),
        response: { 200: pageOf(ExceptionView) },
      },
    },
    async (request) => {
      const { limit, cursor, targetId } = request.query
      const [at, id] = decodeInstantCursor(cursor)
      const found = deps.db.manager
        .createQueryBuilder(ExceptionEntity, 'e')
        .orderBy('e.grantedAt', 'DESC')
        .addOrderBy('e.id', 'DESC')
        .limit(limit + 1)
      if (at !== null) found.andWhere('(e.granted_at, e.id) < (:at, :id)', { at, id })
      if (targetId !== undefined) found.andWhere('e.target_id = :targetId', { targetId })
      const own = unitInRange(request)
      if (own !== null) found.andWhere('e.unit_id = :own', { own })
      return page(await found.getMany(), limit, (row) => [row.grantedAt.toISOString(), row.id])
    },
  )
}
