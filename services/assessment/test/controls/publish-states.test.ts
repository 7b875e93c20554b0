import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { TimeNodeCompleted, TimeNodeMissed } from '@erp-steward/contracts/assessment-events'
import { InspectionDone, InspectionOverdue } from '@erp-steward/contracts/monitoring-events'
import { queuedEvents } from '@erp-steward/test-kit/queued-events'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { DAY, HOUR } from '@erp-steward/test-kit/instants'
import { UNIT } from '@erp-steward/test-kit/tell-of-company'
import {
  changesOf,
  controlAt,
  controlStage,
  emptyStage,
  factOf,
  noon,
  publish,
  tell,
} from './control-stage.ts'

let stage: TestService
beforeAll(async () => {
  stage = await controlStage()
})
beforeEach(() => emptyStage(stage))
afterAll(() => stage.release())

const round = { roundId: randomUUID(), unitId: UNIT, date: '2026-03-09' }
const done = (at: Date) =>
  factOf(
    InspectionDone,
    {
      ...round,
      signedByPersonId: randomUUID(),
      signedAt: at.toISOString(),
      withinTarget: true,
      onDay: true,
      suspicious: false,
      abnormalItems: 0,
    },
    at,
    'monitoring-ingest',
  )
const overdue = (at: Date) =>
  factOf(
    InspectionOverdue,
    {
      ...round,
      inspectorPersonId: null,
      dueAt: at.toISOString(),
      noticedAt: at.toISOString(),
    },
    at,
    'monitoring-ingest',
  )

test('[B-5.6] each change of state is stated once, silence too', async () => {
  await tell(stage, done(noon(-1)))
  await publish(stage, noon())
  await publish(stage, noon(1))
  await tell(stage, overdue(noon(2)))
  await publish(stage, noon(3))
  await tell(stage, done(noon(4)))
  await publish(stage, noon(5))
  await publish(stage, noon(4 + 3 * HOUR))
  await publish(stage, noon(5 + 3 * HOUR))
  const changes = await changesOf(stage, 'A-3.1.1')
  expect(changes.map(({ from, to }) => [from, to])).toEqual([
    [null, 'kept'],
    ['kept', 'broken'],
    ['broken', 'kept'],
    ['kept', 'stale'],
  ])
  expect(changes.at(-1)?.reason).toBe(
    'Nothing has been heard of monitoring-ingest for more than three hours, so its facts may be missing.',
  )
})

test('[B-5.6] two tasks at the same moment state a change once', async () => {
  await publish(stage, noon())
  await tell(stage, done(noon(1)))
  await Promise.all([publish(stage, noon(2)), publish(stage, noon(2)), publish(stage, noon(2))])
  const changes = await changesOf(stage, 'A-3.1.1')
  expect(changes.map(({ from, to }) => [from, to])).toEqual([
    [null, 'stale'],
    ['stale', 'kept'],
  ])
})

test('at first every clause is stated once, from nothing', async () => {
  await publish(stage, noon())
  const stated = (await queuedEvents(stage.db)).map(({ data }) => data as { from: string | null })
  expect(stated).toHaveLength(150)
  expect(stated.filter(({ from }) => from !== null)).toEqual([])
})

test('a clause that stays kept is kept since it was first stated so', async () => {
  await tell(stage, done(noon(-2 * HOUR)))
  await publish(stage, noon(-HOUR))
  await tell(stage, done(noon(-1)))
  expect((await controlAt(stage, 'A-3.1.1', noon())).since).toBe(noon(-HOUR).toISOString())
})

test('a breach that was mended long ago is forgotten, an open one never', async () => {
  const missed = (nodeId: string) => {
    const node = { nodeId, code: 'close', unitId: UNIT, personId: null }
    const at = noon(-2).toISOString()
    return factOf(TimeNodeMissed, { ...node, dueAt: at, noticedAt: at }, noon(-2), 'assessment')
  }
  const [late, never] = [randomUUID(), randomUUID()]
  await tell(stage, missed(late))
  await tell(stage, missed(never))
  const finished = { nodeId: late, code: 'close', unitId: UNIT, withinTarget: true }
  const times = { dueAt: noon(-2).toISOString(), completedAt: noon(-1).toISOString() }
  await tell(stage, factOf(TimeNodeCompleted, { ...finished, ...times }, noon(-1), 'assessment'))
  await publish(stage, noon(90 * DAY))
  const rows = await stage.db.query<{ key: string; effect: string }[]>(
    `select key, effect from control_fact where clause_id = 'A-2.3.7' and effect in ('breaks', 'mends')`,
  )
  expect(rows).toEqual([{ key: never, effect: 'breaks' }])
  expect((await controlAt(stage, 'A-2.3.7', noon(90 * DAY))).state).toBe('broken')
})
