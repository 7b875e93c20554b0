import { Problem } from '@erp-steward/contracts/problem'
import { Code, InstantOut, nullable, Uuid } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { unitInRange } from '@erp-steward/service-kit/authentication'
import { decodeInstantCursor, page, pageOf, PageQuery } from '@erp-steward/service-kit/paging'
import type { Dependencies } from '@erp-steward/service-kit/service'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'
import type { BackupConfig } from '../config.ts'
import { answersInRange } from './answers-in-range.ts'
import { evaluateGate } from './evaluate-gate.ts'
import { GateAnswerEntity, gateReasons } from './gate.ts'

const Reasons = Type.Array(
  Type.Object({
    code: Type.Enum([...gateReasons]),
    targetCode: nullable(Type.String()),
    detail: Type.String(),
  }),
)

export function gateRoutes(app: App, deps: Dependencies<BackupConfig>): void {
  const { db, clock } = deps

  app.get(
    '/v1/backup-gates/answers',
    {
      config: { access: 'backup.read', clauses: ['A-2.4.4', 'A-3.3.4'] },
      schema: {
        operationId: 'listGateAnswers',
        summary: 'What changes in your range were answered, newest first.',
        tags: ['backup-gates'],
        querystring: Type.Object({ ...PageQuery, systemCode: Type.Optional(Code) }),
        response: {
          200: pageOf(
            Type.Object({
              askId: Uuid,
              changeId: Uuid,
              changeNumber: Type.String(),
              unitId: Uuid,
              systemCode: Type.String(),
              isOpen: Type.Boolean(),
              reasons: Reasons,
              runIds: Type.Array(Uuid),
              askedAt: InstantOut,
              answeredAt: InstantOut,
              validUntil: InstantOut,
              voidedAt: nullable(InstantOut),
            }),
          ),
        },
      },
    },
    async (request) => {
      const { limit, cursor, systemCode } = request.query
      const [at, id] = decodeInstantCursor(cursor)
      const found = db.manager
        .createQueryBuilder(GateAnswerEntity, 'a')
        .orderBy('a.answeredAt', 'DESC')
        .addOrderBy('a.askId', 'DESC')
        .limit(limit + 1)
      if (at !== null) found.andWhere('(a.answered_at, a.ask_id) < (:at, :id)', { at, id })
      if (systemCode !== undefined) found.andWhere('a.system_code = :systemCode', { systemCode })
      const own = unitInRange(request)
      if (own !== null) found.andWhere('a.unit_id = :own', { own })
      const answers = await answersInRange(db.manager, await found.getMany(), own)
      return page(answers, limit, (row) => [row.answeredAt.toISOString(), row.askId])
    },
  )

  app.get(
    '/v1/backup-gates/:systemCode',
    {
      config: { access: 'backup.read', clauses: ['A-2.4.4', 'A-3.3.4'] },
      schema: {
        operationId: 'readBackupGate',
        summary: 'Whether a change of the system could start now, and what is in the way.',
        description: 'For callers of a unit: of systems whose every target is of the own unit.',
        tags: ['backup-gates'],
        params: Type.Object({ systemCode: Code }),
        response: {
          200: Type.Object({
            systemCode: Code,
            isOpen: Type.Boolean(),
            reasons: Reasons,
            runIds: Type.Array(Uuid),
            openUntil: nullable(InstantOut),
            evaluatedAt: InstantOut,
          }),
        },
      },
    },
    async (request) => {
      const { systemCode } = request.params
      await assertOwnSystem(db.manager, systemCode, unitInRange(request))
      const evaluatedAt = clock()
      const { isOpen, reasons, runIds, openUntil } = await evaluateGate(
        db.manager,
        systemCode,
        evaluatedAt,
      )
      return { systemCode, isOpen, reasons, runIds, openUntil, evaluatedAt }
    },
  )
}

/**
 * A gate names the targets of its system, which may be several units'.
 *
 * @param unitId the unit of a caller whose range is a unit; `null` for the company
 * @throws Problem `not-found` also when a target of the system is another unit's
 */
async function assertOwnSystem(
  tx: EntityManager,
  systemCode: string,
  unitId: string | null,
): Promise<void> {
  if (unitId === null) return
  const [{ isOwn }]: [{ isOwn: boolean | null }] = await tx.query(
    'select bool_and(unit_id = $2) as "isOwn" from backup_target where system_code = $1',
    [systemCode, unitId],
  )
  if (isOwn !== true) throw new Problem('not-found', `There is no system ${systemCode}.`)
}
