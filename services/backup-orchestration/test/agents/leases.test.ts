import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { send, made, refusal } from '@erp-steward/test-kit/requests'
import { after, MINUTE } from '@erp-steward/test-kit/instants'
import { OTHER_UNIT } from '@erp-steward/test-kit/tell-of-company'
import {
  agent,
  AGENT,
  authority,
  backedUp,
  backupStage,
  changeTarget,
  beat,
  emptyStage,
  factsOf,
  inUnit,
  lease,
  leased,
  MONDAY,
  OTHER_AGENT,
  report,
  request,
  run,
  target,
  tickAt,
} from '../backup-stage.ts'

let stage: TestService

beforeAll(async () => {
  stage = await backupStage()
})
afterAll(() => stage.release())
beforeEach(() => emptyStage(stage))

const presentation = {
  hostName: 'erp-1',
  version: '0.1.0',
  executors: [{ executor: 'filesystem', isAvailable: true, tool: 'tar', reason: null }],
  sites: ['PRIMARY', 'OFFSITE'],
}
const present = (changes: object = {}, headers = agent()) =>
  send(stage, 'PUT', '/v1/backup-agents/me', headers, { ...presentation, ...changes })

describe('an agent', () => {
  test('presents itself, and again', async () => {
    await made(present())
    stage.now = after(MONDAY, MINUTE)
    await made(present({ version: '0.2.0' }))
    const { items } = await made<{ items: unknown[] }>(
      send(stage, 'GET', '/v1/backup-agents', authority()),
    )
    expect(items).toMatchObject([
      { id: AGENT, version: '0.2.0', lastSeenAt: '2026-03-09T02:01:00.000Z' },
    ])
  })

  test('is seen when it asks for work', async () => {
    await made(present())
    stage.now = after(MONDAY, 5 * MINUTE)
    expect(await lease(stage)).toBeNull()
    const { items } = await made<{ items: unknown[] }>(
      send(stage, 'GET', '/v1/backup-agents', authority()),
    )
    expect(items).toMatchObject([{ lastSeenAt: '2026-03-09T02:05:00.000Z' }])
  })

  test('is told everything it needs and nothing secret', async () => {
    const { id, code } = await target(stage)
    const { id: runId } = await made(request(stage, id))
    expect(await leased(stage, 'backup')).toEqual({
      assignmentId: expect.any(String),
      fencingToken: 1,
      leaseUntil: '2026-03-09T02:01:00.000Z',
      heartbeatSeconds: 20,
      targetCode: code,
      kind: 'backup',
      runId,
      source: { executor: 'filesystem', path: '/data', exclude: [] },
      into: {
        copyId: expect.any(String),
        siteCode: 'PRIMARY',
        objectName: expect.stringMatching(new RegExp(`^${String(code)}/${runId}/.*\\.1$`)),
      },
      keyId: 'KEY1',
    })
    expect(await factsOf(stage, 'run.started', id)).toMatchObject([
      { runId, reason: 'request', agentId: AGENT, attempt: 1 },
    ])
  })

  test('of another target gets nothing, and touches nothing', async () => {
    const { id } = await target(stage)
    await made(request(stage, id))
    const other = agent(OTHER_AGENT)
    expect(await lease(stage, other)).toBeNull()
    const work = await leased(stage, 'backup')
    expect(await refusal(beat(stage, work, other))).toEqual([404, 'assignment-not-found'])
    expect(await refusal(report(stage, work, backedUp(stage), other))).toEqual([
      404,
      'assignment-not-found',
    ])
  })

  test('waits for work without a connection to the database, and gets it when it comes', async () => {
    const { id } = await target(stage)
    const waiting = Promise.all(
      Array.from({ length: 20 }, () =>
        send(stage, 'POST', '/v1/backup-agents/me/leases', agent(), { waitSeconds: 2 }),
      ),
    )
    await made(request(stage, id))
    const got = (await waiting).filter(({ statusCode }) => statusCode === 200)
    expect(got).toHaveLength(1)
  })

  test('other people may not lease, and agents may not read', async () => {
    expect(
      await refusal(
        send(stage, 'POST', '/v1/backup-agents/me/leases', authority(), { waitSeconds: 0 }),
      ),
    ).toEqual([403, 'permission-missing'])
    expect(await refusal(send(stage, 'GET', '/v1/backup-runs', agent()))).toEqual([
      403,
      'permission-missing',
    ])
  })

  test('a reader of one unit sees the agents of its targets only', async () => {
    await made(present())
    await target(stage)
    const list = (unit: string) =>
      made<{ items: unknown[] }>(send(stage, 'GET', '/v1/backup-agents', inUnit(unit)))
    expect((await list(OTHER_UNIT)).items).toEqual([])
  })
})

describe('a clear refusal', () => {
  test.each([
    [
      'the executor cannot work',
      {
        executors: [
          { executor: 'filesystem', isAvailable: false, tool: '', reason: 'no tar here' },
        ],
      },
      'no tar here',
    ],
    ['there is no such executor', { executors: [] }, 'no executor filesystem'],
    ['the site is out of reach', { sites: ['OFFSITE'] }, 'does not reach the site PRIMARY'],
  ])('[A-2.4.1] where %s the run fails at once and says why', async (_, changes, reason) => {
    await made(present(changes))
    const { id } = await target(stage)
    expect(await made(request(stage, id))).toMatchObject({
      state: 'failed',
      cause: 'refused',
      detail: expect.stringContaining(reason),
      copies: [{ state: 'failed' }],
    })
    expect(await lease(stage)).toBeNull()
    expect(await factsOf(stage, 'run.failed', id)).toMatchObject([{ cause: 'refused' }])
  })
})

describe('a lease', () => {
  test('[A-2.4.1] goes to one of two calls that ask at once', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { id } = await target(stage)
      await made(request(stage, id))
      const got = await Promise.all(Array.from({ length: 6 }, () => lease(stage)))
      expect(got.filter((each) => each !== null)).toHaveLength(1)
    }
  })

  test('one target has one piece of work at a time, whatever its kind', async () => {
    const { id } = await target(stage)
    await made(request(stage, id))
    await made(report(stage, await leased(stage, 'backup'), backedUp(stage)))
    // Now a copy waits; a second backup goes first, and the copy waits for it.
    await made(request(stage, id))
    const got = await Promise.all(Array.from({ length: 4 }, () => lease(stage)))
    expect(got.filter((each) => each !== null)).toMatchObject([{ kind: 'backup' }])
  })

  test('is prolonged by a heartbeat', async () => {
    const { id } = await target(stage)
    const { id: runId } = await made(request(stage, id))
    const work = await leased(stage, 'backup')
    for (let minute = 1; minute <= 10; minute += 1) {
      stage.now = after(MONDAY, minute * 50_000)
      expect(await made(beat(stage, work))).toEqual({
        leaseUntil: after(stage.now, MINUTE).toISOString(),
        isCancelled: false,
      })
      await tickAt(stage, stage.now)
    }
    await made(report(stage, work, backedUp(stage)))
    expect(await run(stage, runId)).toMatchObject({ state: 'succeeded', attempts: 1 })
  })

  test('[A-2.4.1] that ran out goes to the next under a higher token, and the late one changes nothing', async () => {
    const { id } = await target(stage)
    const { id: runId } = await made(request(stage, id))
    const first = await leased(stage, 'backup')
    stage.now = after(MONDAY, MINUTE + 1)
    const second = await leased(stage, 'backup')
    expect(second.assignmentId).toBe(first.assignmentId)
    expect(second.fencingToken).toBeGreaterThan(first.fencingToken)
    expect(second.into.objectName).not.toBe(first.into.objectName)
    const before = await run(stage, runId)
    expect(await refusal(beat(stage, first))).toEqual([409, 'lease-lost'])
    expect(await refusal(report(stage, first, backedUp(stage)))).toEqual([409, 'lease-lost'])
    expect(await run(stage, runId)).toEqual(before)
    await made(report(stage, second, backedUp(stage)))
    expect(await run(stage, runId)).toMatchObject({ state: 'succeeded', attempts: 2 })
  })

  test('a fencing token wider than its column is refused, and the work goes on', async () => {
    const { id } = await target(stage)
    await made(request(stage, id))
    const work = await leased(stage, 'backup')
    expect(await refusal(beat(stage, { ...work, fencingToken: 2_147_483_648 }))).toEqual([
      422,
      'validation-failed',
    ])
    expect(await refusal(beat(stage, { ...work, fencingToken: 2_147_483_647 }))).toEqual([
      409,
      'lease-lost',
    ])
    await made(beat(stage, work))
  })

  test('that ends exactly now still holds', async () => {
    const { id } = await target(stage)
    await made(request(stage, id))
    const work = await leased(stage, 'backup')
    stage.now = new Date(work.leaseUntil)
    expect(await lease(stage)).toBeNull()
    await made(beat(stage, work))
  })

  test('[A-2.4.1] lost three times, the run has failed: silence is never "running"', async () => {
    const { id } = await target(stage)
    const { id: runId } = await made(request(stage, id))
    for (let n = 1; n <= 3; n += 1) {
      await leased(stage, 'backup')
      await tickAt(stage, after(stage.now, 2 * MINUTE))
    }
    expect(await run(stage, runId)).toMatchObject({ state: 'failed', cause: 'lease-lost' })
    expect(await factsOf(stage, 'run.failed', id)).toMatchObject([{ cause: 'lease-lost' }])
    expect(await lease(stage)).toBeNull()
  })

  test('a target that gets another agent takes the lease back', async () => {
    const { id } = await target(stage)
    await made(request(stage, id))
    const work = await leased(stage, 'backup')
    await changeTarget(stage, id, { agentId: OTHER_AGENT })
    expect(await refusal(report(stage, work, backedUp(stage)))).toEqual([
      404,
      'assignment-not-found',
    ])
    const taken = await leased(stage, 'backup', agent(OTHER_AGENT))
    expect(taken.fencingToken).toBeGreaterThan(work.fencingToken)
  })
})

describe('a report', () => {
  test('sent twice is answered twice and counts once', async () => {
    const { id } = await target(stage)
    await made(request(stage, id))
    const work = await leased(stage, 'backup')
    const told = backedUp(stage)
    const first = await made(report(stage, work, told))
    stage.now = after(MONDAY, 10 * MINUTE)
    expect(await made(report(stage, work, told))).toEqual(first)
    expect(await factsOf(stage, 'run.succeeded', id)).toHaveLength(1)
  })

  test('sent six times at once counts once', async () => {
    const { id } = await target(stage)
    await made(request(stage, id))
    const work = await leased(stage, 'backup')
    const told = backedUp(stage)
    const answers = await Promise.all(Array.from({ length: 6 }, () => report(stage, work, told)))
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200, 200, 200, 200])
    expect(await factsOf(stage, 'run.succeeded', id)).toHaveLength(1)
  })

  test('that contradicts the one on record is refused', async () => {
    const { id } = await target(stage)
    await made(request(stage, id))
    const work = await leased(stage, 'backup')
    await made(report(stage, work, backedUp(stage)))
    const other = { outcome: 'failed', cause: 'executor', detail: 'after all' }
    expect(await refusal(report(stage, work, other))).toEqual([409, 'lease-lost'])
  })

  test('of another kind of work is refused and changes nothing', async () => {
    const { id } = await target(stage)
    const { id: runId } = await made(request(stage, id))
    const work = await leased(stage, 'backup')
    const other = {
      outcome: 'verified',
      storedBytes: 1,
      writtenDigest: null,
      readDigest: null,
      finding: null,
    }
    expect(await refusal(report(stage, work, other))).toEqual([422, 'report-refused'])
    expect(await run(stage, runId)).toMatchObject({ state: 'running' })
  })

  test.each([
    ['an unknown assignment', '00000000-0000-4000-8000-000000000000', {}, 404],
    ['no id', 'x', {}, 422],
  ])('for %s is refused', async (_, assignmentId, changes, status) => {
    const answer = await report(
      stage,
      { assignmentId, fencingToken: 1 },
      { ...backedUp(stage), ...changes },
    )
    expect(answer.statusCode).toBe(status)
  })
})
