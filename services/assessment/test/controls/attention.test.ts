import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { toldAttention } from '@erp-steward/test-kit/told-attention'
import { controlStage, NOON } from './control-stage.ts'

let stage: TestService
beforeAll(async () => {
  stage = await controlStage()
})
afterAll(() => stage.release())

test('[B-5.6] broken clauses come before stale ones; what only a person can see is recorded by one', async () => {
  for (const [clauseId, state] of [
    ['A-2.1.4', 'stale'],
    ['B-5.1', 'stale'],
    ['A-4.3.4', 'broken'],
    ['A-1.3.1', 'kept'],
    ['A-3.1.1', 'at-risk'],
  ])
    await stage.db.query('insert into control_published values ($1, $2, $3, $4)', [
      ...[clauseId, state, 'Because.', NOON],
    ])
  const matters = await toldAttention(stage)
  expect(
    matters.map(({ kind, severity, subject, mending }) => [kind, severity, subject, mending]),
  ).toEqual([
    ['control-broken', 'critical', 'A-4.3.4', 'readControl'],
    ['control-stale', 'warning', 'A-2.1.4', 'readControl'],
    ['control-stale', 'warning', 'B-5.1', 'recordControl'],
  ])
})
