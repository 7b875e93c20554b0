import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { about, Code } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { unitInRange } from '@erp-steward/service-kit/authentication'
import { inLanguage, languageOf } from '@erp-steward/service-kit/language'
import { listRoute, readRoute } from '@erp-steward/service-kit/route-shapes'
import type { Dependencies } from '@erp-steward/service-kit/service'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'
import type { BackupConfig } from '../config.ts'
import { evaluateGate } from './evaluate-gate.ts'
import { GateAnswerView, GateView } from './gate.ts'
import { byAnswer, listAnswers } from './list-answers.ts'

const read = {
  access: 'backup.read',
  tags: ['backup-gates'],
  clauses: ['A-2.4.4', 'A-3.3.4'],
} as const

export function gateRoutes(app: App, deps: Dependencies<BackupConfig>): void {
  const { db, clock } = deps

  listRoute(app, '/v1/backup-gates/answers', {
    ...read,
    operationId: 'listGateAnswers',
    problems: ['outside-unit'],
    summary: 'What changes in your range were answered, newest first.',
    query: { systemCode: Type.Optional(about(Code, 'Only answers about this system.')) },
    row: GateAnswerView,
    sorting: byAnswer,
    list: async ({ query: { systemCode = null }, request, after, limit }) => {
      const filter = { systemCode, onlyUnitId: unitInRange(request), after, limit }
      const answers = await listAnswers(db.manager, filter)
      return answers.map((answer) => ({
        ...answer,
        reasons: inLanguage(answer.reasons, languageOf(request)),
      }))
    },
  })

  readRoute(app, '/v1/backup-gates/:systemCode', {
    ...read,
    operationId: 'readBackupGate',
    problems: ['not-found', 'outside-unit'],
    summary: 'Whether a change of the system could start now, and what is in the way.',
    description: 'For callers of a unit: of systems whose every target is of the own unit.',
    params: { systemCode: about(Code, 'Which system: its code.') },
    answer: GateView,
    read: async ({ request, params: { systemCode } }) => {
      await assertOwnSystem(db.manager, systemCode, unitInRange(request))
      const evaluatedAt = clock()
      const verdict = await evaluateGate(db.manager, systemCode, evaluatedAt)
      return { systemCode, ...inLanguage(verdict, languageOf(request)), evaluatedAt }
    },
  })
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
  if (isOwn !== true)
    throw new Problem(
      'not-found',
      said(`There is no system ${systemCode}.`, `没有系统 ${systemCode}。`),
    )
}
