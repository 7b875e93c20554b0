import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { DepartureJudged } from '@erp-steward/contracts/directory-events'
import { tell } from '@erp-steward/test-kit/tell'
import { OTHER_UNIT } from '@erp-steward/test-kit/tell-of-company'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { assessmentStage, emptyStage, fillDirectory } from '../assessment-stage.ts'

let stage: TestService
beforeAll(async () => {
  stage = await assessmentStage()
})
afterAll(() => stage.release())
beforeEach(async () => {
  await emptyStage(stage)
  await fillDirectory(stage)
})

const judged = (departureId: string, verdict: 'in-time' | 'late' | 'missing' | 'withdrawn') =>
  tell(stage, DepartureJudged, departureId, {
    ...{ departureId, personId: randomUUID(), kind: 'leave', verdict, parameterVersion: 0 },
    ...{ unitId: OTHER_UNIT, departmentId: DEPARTMENT, effectiveOn: '2026-11-02' },
    ...{ dueAt: '2026-11-03T09:30:00Z', lagSeconds: null },
  })
const DEPARTMENT = randomUUID()
const held = () =>
  stage.db.query(
    `select kind, standing, month, department_id as "departmentId", person_id as "personId" from observation`,
  )

test('[A-2.1.3] [A-6.1.4] a department that did not tell in time has one observation against it, however often it is judged', async () => {
  const id = randomUUID()
  await judged(id, 'missing')
  await judged(id, 'late')
  expect(await held()).toEqual([
    {
      ...{ kind: 'late-leaver-notice', standing: 'recorded', month: '2026-11' },
      ...{ departmentId: DEPARTMENT, personId: null },
    },
  ])
})

test('[A-2.1.3] the observation is voided when the day was another one, and one in time has none', async () => {
  const id = randomUUID()
  await judged(id, 'missing')
  await judged(id, 'in-time')
  await judged(randomUUID(), 'in-time')
  expect(await held()).toMatchObject([{ standing: 'voided' }])
})
