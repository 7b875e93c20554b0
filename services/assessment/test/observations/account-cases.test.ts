import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { AccountCaseDecided } from '@erp-steward/contracts/detection-events'
import { tell } from '@erp-steward/test-kit/tell'
import { UNIT } from '@erp-steward/test-kit/tell-of-company'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { assessmentStage, emptyStage, fillDirectory, FINANCE } from '../assessment-stage.ts'

let stage: TestService
let clerk: string
beforeAll(async () => {
  stage = await assessmentStage()
})
afterAll(() => stage.release())
beforeEach(async () => {
  await emptyStage(stage)
  ;({ clerk } = await fillDirectory(stage, 'clerk'))
})

interface Members {
  readonly caseId?: string
  readonly kind?: 'lending' | 'theft'
  readonly decision?: 'confirmed' | 'dismissed'
  readonly personId?: string | null
}

const decided = (members: Members = {}) =>
  tell(stage, AccountCaseDecided, randomUUID(), {
    ...{ caseId: randomUUID(), kind: 'lending', accountId: randomUUID(), personId: clerk },
    ...{ unitId: UNIT, decision: 'confirmed', reason: 'Both said so.', score: 75 },
    ...{ credentialsVoided: true, reviewed: null },
    ...{ openedAt: '2026-03-06T01:00:00Z', decidedAt: stage.now.toISOString() },
    ...members,
  })

const held = () =>
  stage.db.query(
    `select kind, standing, month, department_id as "departmentId", person_id as "personId" from observation`,
  )

test('[A-2.1.6] [A-6.1.4] an account that was lent is one observation against whose it is, however often it is told', async () => {
  const caseId = randomUUID()
  await decided({ caseId })
  await decided({ caseId })
  expect(await held()).toEqual([
    {
      ...{ kind: 'account-lending', standing: 'recorded', month: '2026-03' },
      ...{ departmentId: FINANCE, personId: clerk },
    },
  ])
})

test('[A-2.1.6] what was dismissed, stolen, or of an administrator whom nobody has named counts against nobody', async () => {
  await decided({ decision: 'dismissed' })
  await decided({ kind: 'theft' })
  await decided({ personId: null })
  expect(await held()).toEqual([])
})
