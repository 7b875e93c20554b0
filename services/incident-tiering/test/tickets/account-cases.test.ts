import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { AccountCaseOpened } from '@erp-steward/contracts/detection-events'
import { eventOf, tell } from '@erp-steward/test-kit/tell'
import { UNIT } from '@erp-steward/test-kit/tell-of-company'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { fillDirectory, incidentStage, nominate } from '../incident-stage.ts'

let stage: TestService
beforeAll(async () => {
  stage = await incidentStage()
  const { first } = await fillDirectory(stage, 'first')
  await nominate(stage, first, { tier: 'L1', kind: 'IT', moduleCode: null })
})
afterAll(() => stage.release())

const reported = (members: object = {}) => ({
  ...{ caseId: randomUUID(), kind: 'theft' as const, accountId: randomUUID(), personId: null },
  ...{ unitId: UNIT, score: null, reason: 'Stolen.', frozen: true },
  openedAt: stage.now.toISOString(),
  ...members,
})

const tickets = (caseId: string): Promise<Record<string, unknown>[]> =>
  stage.db.query(
    `select category, priority, kind, state, unit_id as "unitId" from ticket where account_case_id = $1`,
    [caseId],
  )

test('[A-2.1.7] a reported theft is one ticket of at least P2, with clocks, however often it is told', async () => {
  const data = reported()
  const event = eventOf(stage, AccountCaseOpened, data.accountId, data)
  expect(await stage.consumer.deliver(event)).toBe('handled')
  expect(await stage.consumer.deliver(event)).toBe('duplicate')
  await tell(stage, AccountCaseOpened, data.accountId, data)
  expect(await tickets(data.caseId)).toEqual([
    { category: 'account-compromise', priority: 'P2', kind: 'IT', state: 'open', unitId: UNIT },
  ])
})

test('signs of lending are a case of identity and no ticket', async () => {
  const data = reported({ kind: 'lending', score: 70, reason: null })
  expect(await tell(stage, AccountCaseOpened, data.accountId, data)).toBe('handled')
  expect(await tickets(data.caseId)).toEqual([])
})
