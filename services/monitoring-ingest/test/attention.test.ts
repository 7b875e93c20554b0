import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { toldAttention } from '@erp-steward/test-kit/told-attention'
import type { TestCaller } from '@erp-steward/test-kit/tokens'
import { NOON, Stage } from './stage.ts'

const authority: TestCaller = { roles: ['OM_AUTHORITY'], person: randomUUID() }

let stage: Stage
let thresholdId: string
beforeAll(async () => {
  stage = await Stage.open()
  const created = await stage.call('POST', '/v1/thresholds', {
    as: authority,
    body: {
      name: 'hot',
      unitId: stage.unitId,
      moduleCode: null,
      category: 'SERVER',
      metric: 'heat',
      comparison: 'above',
      warning: 80,
      critical: 90,
      recoverLevel: 75,
      forSeconds: 60,
      reason: 'r',
    },
  })
  thresholdId = created.json<{ id: string }>().id
})
beforeEach(() => {
  stage.service.now = NOON
})
afterAll(() => stage.release())

const told = (kind: Parameters<typeof toldAttention>[1]) => toldAttention(stage.service, kind)

test('a silent source wants a human, of its unit alone, and no more when it is heard', async () => {
  const { id, token } = await stage.source('primary')
  stage.pass(181)
  await stage.run('find-silent-sources')
  const [matter, ...more] = await told({ kind: 'source-silent' })
  expect(matter).toMatchObject({
    ...{ subject: id, name: 'primary', unitIds: [stage.unitId], severity: 'warning' },
    mending: 'readSource',
  })
  expect(more).toEqual([])
  expect(new Date(matter?.since ?? '')).toEqual(stage.service.now)
  expect(await told({ kind: 'source-silent', unitId: stage.otherUnitId })).toEqual([])
  await stage.write(token, [{ labels: { __name__: 'up' }, samples: [[NOON.getTime(), 1]] }])
  expect(await told({ kind: 'source-silent' })).toEqual([])
})

test('a source that never had a token is mended by one', async () => {
  const body = { name: 'bare', unitId: stage.unitId, moduleCode: null }
  await stage.call('POST', '/v1/sources', { as: authority, body })
  stage.pass(181)
  await stage.run('find-silent-sources')
  const matters = await told({ kind: 'source-silent' })
  expect(matters.find(({ name }) => name === 'bare')).toMatchObject({ mending: 'issueSourceToken' })
})

test('a firing alert is as grave as its level, and mended through its ticket', async () => {
  const source = await stage.source()
  const send = (seconds: number, value: number) =>
    stage.write(source.token, [
      {
        labels: { __name__: 'heat' },
        samples: [[NOON.getTime() - 600_000 + seconds * 1_000, value]],
      },
    ])
  await send(0, 85)
  expect(await told({ kind: 'alert-firing' })).toEqual([])
  await send(60, 85)
  const [matter] = await told({ kind: 'alert-firing' })
  expect(matter).toMatchObject({
    name: 'hot',
    severity: 'warning',
    mending: 'readAlert',
    target: null,
  })
  await send(120, 95)
  await send(180, 95)
  expect(await told({ kind: 'alert-firing' })).toMatchObject([{ severity: 'critical' }])

  const ticketId = randomUUID()
  await stage.service.db.query(
    `insert into alert_ticket (ticket_id, episode_id, heard_at) values ($1, $2, $3)`,
    [ticketId, matter?.subject, NOON],
  )
  expect(await told({ kind: 'alert-firing' })).toMatchObject([
    { mending: 'acknowledgeTicket', target: ticketId },
  ])
  await stage.service.db.query('update alert_episode set acknowledged_at = $1', [NOON])
  expect(await told({ kind: 'alert-firing' })).toMatchObject([
    { mending: 'resolveTicket', target: ticketId },
  ])
  await send(240, 70)
  expect(await told({ kind: 'alert-firing' })).toEqual([])
})

test('a round is overdue after its time and not at it; a unit that nobody can inspect is told of', async () => {
  const { db } = stage.service
  await db.query('update unit set active = (id = $1)', [stage.unitId])
  await stage.run('generate-inspection-rounds')
  const [round]: { id: string; dueAt: Date }[] = await db.query(
    'select id, due_at as "dueAt" from inspection_round where unit_id = $1',
    [stage.unitId],
  )
  const dueAt = round?.dueAt ?? NOON
  stage.service.now = dueAt
  expect(await told({ kind: 'inspection-overdue' })).toEqual([])
  stage.service.now = new Date(dueAt.getTime() + 1)
  expect(await told({ kind: 'inspection-overdue' })).toMatchObject([
    {
      subject: round?.id,
      name: '2026-11-22',
      unitIds: [stage.unitId],
      mending: 'signInspectionRound',
    },
  ])
  await stage.run('check-inspection-cover')
  expect(await told({ kind: 'inspection-uncovered', unitId: stage.unitId })).toMatchObject([
    { subject: stage.unitId, name: 'U1', mending: 'setInspectionRoster' },
  ])
})

test('a threshold that judges nothing is told of with what would feed it', async () => {
  const { db } = stage.service
  for (const [reason, mending] of [
    ['no-source', 'registerSource'],
    ['no-samples', 'readThreshold'],
  ]) {
    await db.query('delete from threshold_unfed')
    await db.query('insert into threshold_unfed values ($1, $2, $3)', [thresholdId, reason, NOON])
    expect(await told({ kind: 'threshold-unfed' })).toMatchObject([{ name: 'hot', mending }])
  }
})

test('the series of the service count what the list tells, and what every service has is among them', async () => {
  await stage.service.db.query('delete from threshold_unfed')
  await stage.service.db.query(`insert into threshold_unfed values ($1, 'no-samples', $2)`, [
    ...[thresholdId, NOON],
  ])
  const { body } = await stage.service.app.inject('/metrics')
  const lines = body.split('\n')
  expect(lines).toContain(
    'attention_items{kind="alert-firing",severity="critical",service="monitoring-ingest"} 0',
  )
  expect(lines).toContain(
    'attention_items{kind="threshold-unfed",severity="warning",service="monitoring-ingest"} 1',
  )
  expect(lines).toContain(
    'attention_items{kind="dead-letter",severity="critical",service="monitoring-ingest"} 0',
  )
  expect(await toldAttention(stage.service)).not.toEqual([])
})

test('nobody without the secret of the processes is told', async () => {
  const answer = await stage.service.app.inject('/internal/attention?kind=dead-letter&limit=1')
  expect(answer.statusCode).toBe(401)
})
