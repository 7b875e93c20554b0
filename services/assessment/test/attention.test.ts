import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { after, DAY } from '@erp-steward/test-kit/instants'
import { create, send } from '@erp-steward/test-kit/requests'
import { runTask } from '@erp-steward/test-kit/run-task'
import { OTHER_UNIT, UNIT } from '@erp-steward/test-kit/tell-of-company'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { toldAttention } from '@erp-steward/test-kit/told-attention'
import {
  assessmentStage,
  authority,
  emptyStage,
  fillDirectory,
  middleware,
  MONDAY,
  observation,
  ok,
  record,
  report,
} from './assessment-stage.ts'

let stage: TestService
let people: Record<'clerk', string>

beforeAll(async () => {
  stage = await assessmentStage()
})
afterAll(() => stage.release())
beforeEach(async () => {
  await emptyStage(stage)
  people = await fillDirectory(stage, 'clerk')
})

const overdue = (unitId?: string) =>
  toldAttention(stage, { kind: 'data-error-overdue', ...(unitId !== undefined && { unitId }) })
const missed = () => toldAttention(stage, { kind: 'time-node-missed' })

/** An error that was found on the Monday, and its due date. */
async function wrong(severity = 'light') {
  const foundAt = MONDAY.toISOString()
  const error = report({ personId: people.clerk, severity, occurredAt: foundAt, foundAt })
  ok(await record(stage, error))
  const { correction } = await observation(stage, error.id)
  return { id: error.id, dueAt: (correction as { dueAt: string }).dueAt }
}

const correct = (id: string, correctedAt: Date) =>
  send(stage, 'POST', `/v1/observations/${id}/correct`, middleware(), { correctedAt })

test('[A-2.3.5] a data error wants a human after its due date and not at it, until it is corrected', async () => {
  const { id, dueAt } = await wrong()
  stage.now = new Date(dueAt)
  expect(await overdue()).toEqual([])
  stage.now = after(dueAt, 1)
  const matter = {
    ...{ kind: 'data-error-overdue', severity: 'warning', subject: id, name: 'JE-1' },
    ...{ unitIds: [UNIT], mending: 'correctDataError', target: null },
  }
  expect(await overdue(UNIT)).toMatchObject([matter])
  expect(await overdue(OTHER_UNIT)).toEqual([])
  // Also once its lateness is stated, and long after.
  await runTask(stage, 'watch-corrections')
  stage.now = after(dueAt, 40 * DAY)
  const [later] = await overdue()
  expect(later).toMatchObject(matter)
  expect(new Date(later?.since ?? '')).toEqual(new Date(dueAt))
  ok(await correct(id, stage.now))
  expect(await overdue()).toEqual([])
})

test('[A-2.3.5] a heavy error is graver, and one that is voided or corrected in time is nobody’s matter', async () => {
  const [heavy, voided, corrected] = [await wrong('heavy'), await wrong(), await wrong()]
  await stage.db.query(
    `update observation set standing = 'voided', voided_order = 1 where id = $1`,
    [voided.id],
  )
  ok(await correct(corrected.id, stage.now))
  stage.now = after(heavy.dueAt, 1)
  expect(await overdue()).toMatchObject([{ subject: heavy.id, severity: 'critical' }])
})

test('[A-2.3.7] a node wants a human from the millisecond after its time until it is finished, late or not', async () => {
  const DUE = '2026-03-10T10:00:00.000Z'
  const plan = async (isUrgent: boolean) =>
    ok(
      await create(stage, '/v1/time-nodes', authority(), {
        ...{ code: 'close-gl', title: 'Close the ledger', unitId: UNIT, departmentId: null },
        ...{ personId: null, dueAt: DUE, isUrgent },
      }),
    )
  const node = await plan(false)
  const urgent = await plan(true)
  stage.now = new Date(DUE)
  expect(await missed()).toEqual([])
  stage.now = after(DUE, 1)
  const both = [
    { subject: urgent.id, severity: 'critical', mending: 'completeTimeNode' },
    { subject: node.id, severity: 'warning', name: 'close-gl', unitIds: [UNIT] },
  ]
  expect(await missed()).toMatchObject(both)
  await runTask(stage, 'time-node-due', { nodeId: node.id })
  expect(await missed()).toMatchObject(both)
  for (const { id } of [node, urgent])
    ok(
      await send(stage, 'POST', `/v1/time-nodes/${id}/complete`, middleware(), {
        completedAt: stage.now,
      }),
    )
  expect(await missed()).toEqual([])
})

test('what wants a human is found by an index, however much was corrected and finished', async () => {
  const plans: string[] = []
  await stage.db.transaction(async (tx) => {
    await tx.query('set local enable_seqscan = off')
    for (const select of [
      `select from observation where due_at < now() and corrected_at is null and standing <> 'voided'`,
      `select from time_node where state in ('open', 'missed') and due_at < now()`,
    ])
      plans.push(JSON.stringify(await tx.query(`explain ${select}`)))
  })
  expect(plans[0]).toContain('observation_still_wrong')
  expect(plans[1]).toContain('time_node_unfinished')
})
