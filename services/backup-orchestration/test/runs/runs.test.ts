import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { randomUUID } from 'node:crypto'
import { create, send, made, refusal } from '@erp-steward/test-kit/requests'
import { after, MINUTE } from '@erp-steward/test-kit/instants'
import { OTHER_UNIT, UNIT } from '@erp-steward/test-kit/tell-of-company'
import {
  agent,
  authority,
  backedUp,
  backUp,
  backupStage,
  changeTarget,
  beat,
  copyIn,
  digestOf,
  emptyStage,
  factsOf,
  GOOD,
  inUnit,
  lease,
  leased,
  MONDAY,
  provider,
  report,
  request,
  run,
  runs,
  target,
} from '../backup-stage.ts'

let stage: TestService

beforeAll(async () => {
  stage = await backupStage()
})
afterAll(() => stage.release())
beforeEach(() => emptyStage(stage))

describe('a run', () => {
  test('[A-2.4.1][A-2.4.2] has the time of every state and the proof', async () => {
    const { id } = await target(stage)
    const { id: runId } = await made(request(stage, id))
    expect(await run(stage, runId)).toMatchObject({ state: 'waiting', startedAt: null })
    stage.now = after(MONDAY, MINUTE)
    const work = await leased(stage, 'backup')
    const dataAt = stage.now.toISOString()
    expect(await run(stage, runId)).toMatchObject({ state: 'running', startedAt: dataAt })
    stage.now = after(MONDAY, 2 * MINUTE)
    await made(beat(stage, work))
    await made(report(stage, work, backedUp(stage, { dataAt })))
    expect(await run(stage, runId)).toMatchObject({
      state: 'succeeded',
      queuedAt: '2026-03-09T02:00:00.000Z',
      startedAt: '2026-03-09T02:01:00.000Z',
      finishedAt: '2026-03-09T02:02:00.000Z',
      dataAt,
      digest: GOOD,
      tool: 'tar 1.35',
      items: 3,
      copies: [
        { role: 'primary', state: 'good', digest: GOOD, siteCode: 'PRIMARY' },
        { role: 'offsite', state: 'awaited', dueAt: '2026-03-10T02:02:00.000Z' },
      ],
    })
    expect(await factsOf(stage, 'run.succeeded', id)).toMatchObject([
      { runId, digest: GOOD, dataAt, storedBytes: 1_000, verifiedAt: '2026-03-09T02:02:00.000Z' },
    ])
  })

  test.each([
    ['what was read is not what was written', { readDigest: digestOf('flipped') }],
    ['the object is not there', { readDigest: null }],
    ['nothing was written', { writtenDigest: null }],
    ['nothing was stored', { storedBytes: 0 }],
    ['a frame does not open', { finding: 'frame 3 does not open' }],
  ])('[A-2.4.1][A-2.4.2] fails when %s, whatever the exit code', async (_, changes) => {
    const { id, systemCode } = await target(stage)
    const { id: runId } = await made(request(stage, id))
    await made(report(stage, await leased(stage, 'backup'), backedUp(stage, changes)))
    expect(await run(stage, runId)).toMatchObject({
      state: 'failed',
      cause: 'digest',
      digest: null,
      copies: [{ state: 'failed' }],
    })
    expect(await factsOf(stage, 'run.failed', id)).toMatchObject([{ cause: 'digest' }])
    expect(await factsOf(stage, 'run.succeeded', id)).toEqual([])
    expect(await lease(stage)).toBeNull()
    expect(
      await made(send(stage, 'GET', `/v1/backup-gates/${String(systemCode)}`, authority())),
    ).toMatchObject({ isOpen: false })
  })

  test.each(['2027-01-01T00:00:00.000Z', '2026-03-09T02:20:00.000Z'])(
    'a host whose clock runs ahead does not make its backup younger: told %s, it is of the lease',
    async (dataAt) => {
      const { id } = await target(stage)
      const { id: runId } = await made(request(stage, id))
      const work = await leased(stage, 'backup')
      stage.now = after(MONDAY, 30 * MINUTE)
      await made(report(stage, work, backedUp(stage, { dataAt })))
      expect(await run(stage, runId)).toMatchObject({ dataAt: MONDAY.toISOString() })
    },
  )

  test('what the executor says of its failure is kept', async () => {
    const { id } = await target(stage)
    const { id: runId } = await made(request(stage, id))
    await made(
      report(stage, await leased(stage, 'backup'), {
        outcome: 'failed',
        cause: 'executor',
        detail: 'No space left on device',
      }),
    )
    expect(await run(stage, runId)).toMatchObject({
      state: 'failed',
      cause: 'executor',
      detail: 'No space left on device',
    })
  })

  test('a second one is not asked for while one is open, also at once', async () => {
    const { id } = await target(stage)
    const answers = await Promise.all(Array.from({ length: 5 }, () => request(stage, id)))
    expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([201, 409, 409, 409, 409])
    const [open] = await runs(stage, id)
    const { statusCode, body } = await request(stage, id)
    expect(statusCode).toBe(409)
    expect(JSON.parse(body)).toMatchObject({ code: 'run-in-progress', runId: open?.id })
  })

  test('is not asked for without a policy, for an inactive target, or for none', async () => {
    const bare = await target(stage, { policy: null })
    expect(await refusal(request(stage, bare.id))).toEqual([409, 'backup-target-state'])
    expect(await refusal(request(stage, randomUUID()))).toEqual([404, 'backup-target-not-found'])
    const { id } = await target(stage)
    await changeTarget(stage, id, { active: false })
    expect(await refusal(request(stage, id))).toEqual([409, 'backup-target-state'])
  })

  test('a repetition with the same key asks once', async () => {
    const { id } = await target(stage)
    const headers = {
      'idempotency-key': 'once',
      ...provider('0195f2a0-0000-7000-8000-000000000001'),
    }
    const ask = () => create(stage, '/v1/backup-runs', headers, { targetId: id, reason: 'x' })
    // The caller is the account; a token with another one would be another caller.
    const [first, second] = [await ask(), await ask()]
    expect(second.json()).toEqual(first.json())
    expect(await runs(stage, id)).toHaveLength(1)
  })
})

describe('calling a run off', () => {
  const cancel = (id: string, headers = provider()) =>
    send(stage, 'POST', `/v1/backup-runs/${id}/cancel`, headers)

  test('one that waits has failed at once, and twice is once', async () => {
    const { id } = await target(stage)
    const { id: runId } = await made(request(stage, id))
    expect(await made(cancel(runId))).toMatchObject({ state: 'failed', cause: 'cancelled' })
    expect(await made(cancel(runId))).toMatchObject({ state: 'failed', cause: 'cancelled' })
    expect(await lease(stage)).toBeNull()
    expect(await factsOf(stage, 'run.failed', id)).toHaveLength(1)
  })

  test('one at work ends when its agent hears of it', async () => {
    const { id } = await target(stage)
    const { id: runId } = await made(request(stage, id))
    const work = await leased(stage, 'backup')
    expect(await made(cancel(runId))).toMatchObject({ state: 'running' })
    expect(await made(beat(stage, work))).toMatchObject({ isCancelled: true })
    await made(
      report(stage, work, { outcome: 'failed', cause: 'cancelled', detail: 'as I was told' }),
    )
    expect(await run(stage, runId)).toMatchObject({ state: 'failed', cause: 'cancelled' })
    await made(request(stage, id))
  })

  test('one whose agent goes on all the same is over with the lease it had', async () => {
    const { id } = await target(stage)
    const { id: runId } = await made(request(stage, id))
    const work = await leased(stage, 'backup')
    await made(cancel(runId))
    stage.now = after(MONDAY, MINUTE / 2)
    expect(await made(beat(stage, work))).toEqual({
      leaseUntil: after(MONDAY, MINUTE).toISOString(),
      isCancelled: true,
    })
    stage.now = after(MONDAY, MINUTE + 1)
    expect(await lease(stage)).toBeNull()
    expect(await run(stage, runId)).toMatchObject({ state: 'failed', cause: 'cancelled' })
    expect(await refusal(report(stage, work, backedUp(stage)))).toEqual([409, 'lease-lost'])
  })

  test('one whose agent fell silent too is over with the lease', async () => {
    const { id } = await target(stage)
    const { id: runId } = await made(request(stage, id))
    await leased(stage, 'backup')
    await made(cancel(runId))
    stage.now = after(MONDAY, 2 * MINUTE)
    expect(await lease(stage)).toBeNull()
    expect(await run(stage, runId)).toMatchObject({ state: 'failed', cause: 'cancelled' })
  })

  test('one that has ended is not called off', async () => {
    const { id } = await target(stage)
    const done = await backUp(stage, id)
    expect(await refusal(cancel(done.id))).toEqual([409, 'backup-run-state'])
  })
})

describe('another unit', () => {
  const foreign = () => inUnit(OTHER_UNIT)

  test('neither sees nor touches targets, runs and copies', async () => {
    const { id, version } = await target(stage)
    const done = await backUp(stage, id)
    const copy = copyIn(done, 'primary')
    const match = { 'if-match': `"${String(version)}"`, ...foreign() }
    for (const url of [
      `/v1/backup-targets/${id}`,
      `/v1/backup-targets/${id}/policy`,
      `/v1/backup-targets/${id}/protection`,
      `/v1/backup-runs/${done.id}`,
      `/v1/backup-copies/${copy.id}`,
    ])
      expect((await send(stage, 'GET', url, foreign())).statusCode).toBe(404)
    for (const url of ['/v1/backup-targets', '/v1/backup-runs', '/v1/backup-copies'])
      expect(await made(send(stage, 'GET', url, foreign()))).toEqual({ items: [], next: null })
    expect(
      await refusal(send(stage, 'PATCH', `/v1/backup-targets/${id}`, match, { name: 'mine' })),
    ).toEqual([404, 'backup-target-not-found'])
    expect(await refusal(request(stage, id, foreign()))).toEqual([403, 'outside-unit'])
    for (const url of [`/v1/backup-runs/${done.id}/cancel`, `/v1/backup-copies/${copy.id}/verify`])
      expect((await send(stage, 'POST', url, foreign())).statusCode).toBe(404)
    expect(
      await made<{ items: unknown[] }>(send(stage, 'GET', '/v1/backup-runs', inUnit(UNIT))),
    ).toMatchObject({ items: [{ id: done.id }] })
  })

  test('nor sites, which serve everybody: only the whole company keeps the register', async () => {
    const body = {
      code: 'MINE',
      name: 'x',
      location: 'x',
      medium: 'tape',
      isOffsite: true,
      custodianPersonId: null,
      isEncrypted: true,
    }
    expect(await refusal(create(stage, '/v1/backup-sites', foreign(), body))).toEqual([
      403,
      'outside-unit',
    ])
  })
})

test('pages follow one another, and a cursor of another list is refused', async () => {
  const { id } = await target(stage, { policy: { offsiteSite: null } })
  for (let n = 0; n < 5; n += 1) {
    await backUp(stage, id, { offsite: false })
    stage.now = after(stage.now, MINUTE)
  }
  const seen: string[] = []
  let next: string | null = ''
  while (next !== null) {
    const url = `/v1/backup-runs?limit=2&state=succeeded${next === '' ? '' : `&cursor=${next}`}`
    const answer: Page = await made<Page>(send(stage, 'GET', url, authority()))
    seen.push(...answer.items.map((each) => each.id))
    next = answer.next
  }
  expect(new Set(seen).size).toBe(5)
  expect(await refusal(send(stage, 'GET', '/v1/backup-runs?cursor=WyJhIl0', authority()))).toEqual([
    400,
    'cursor-unusable',
  ])
  expect((await send(stage, 'GET', '/v1/backup-targets?cursor=WyJhIl0', agent())).statusCode).toBe(
    403,
  )
})

interface Page {
  readonly items: readonly { readonly id: string }[]
  readonly next: string | null
}
