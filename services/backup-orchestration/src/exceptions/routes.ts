import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { about, Uuid } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { principalOf, unitInRange } from '@erp-steward/service-kit/authentication'
import { createOnce } from '@erp-steward/service-kit/commit'
import { newestFirst } from '@erp-steward/service-kit/list-rows'
import { byInstant } from '@erp-steward/service-kit/paging'
import { ProposalView } from '@erp-steward/service-kit/proposal'
import { proposalCreated } from '@erp-steward/service-kit/proposal-routes'
import { propose } from '@erp-steward/service-kit/proposals'
import { listRoute } from '@erp-steward/service-kit/route-shapes'
import type { Dependencies } from '@erp-steward/service-kit/service'
import { Type } from 'typebox'
import type { BackupConfig } from '../config.ts'
import { targetById } from '../targets/target.ts'
import { ExceptionEntity, ExceptionView } from './exception.ts'
import { AskedException, assertEnd, granting } from './grant-exception.ts'

const tags = ['backup-exceptions']

/** Leaves to fall short of a floor. Sources. */
export function exceptionRoutes(app: App, deps: Dependencies<BackupConfig>): void {
  app.post(
    '/v1/backup-exceptions',
    {
      config: { access: 'backup.plan', once: true, clauses: ['A-2.4.1', 'A-2.4.2', 'A-2.4.3'] },
      schema: {
        operationId: 'askBackupException',
        problems: [
          'administrator-unnamed',
          'backup-policy-missing',
          'backup-target-not-found',
          'proposal-pending',
        ],
        summary: 'Proposes that a target may fall short of floors until an end (202).',
        tags,
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
          throw new Problem(
            'backup-target-not-found',
            said('There is no such target in your range.', '您的范围内没有该备份对象。'),
          )
        assertEnd(new Date(body.validUntil), act.now)
        const { reason } = body
        const made = await propose(tx, 'backup-orchestration', granting, { body, reason }, act)
        return proposalCreated(request, 'backup-orchestration', granting, made)
      }),
  )

  listRoute(app, '/v1/backup-exceptions', {
    operationId: 'listBackupExceptions',
    problems: ['outside-unit'],
    summary: 'Exceptions in your range, newest first, also those that have ended.',
    tags,
    access: 'backup.read',
    clauses: ['A-2.4.1', 'A-2.4.2', 'A-2.4.3'],
    query: { targetId: Type.Optional(about(Uuid, 'Only exceptions of this target.')) },
    row: ExceptionView,
    sorting: byInstant('grantedAt'),
    list: ({ query: { targetId }, request, ...stretch }) =>
      newestFirst(deps.db.manager, ExceptionEntity, 'grantedAt', stretch, {
        targetId,
        unitId: unitInRange(request),
      }),
  })
}
