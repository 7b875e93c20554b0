import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { randomUUID } from 'node:crypto'
import { send, made, refusal } from '@erp-steward/test-kit/requests'
import { after, DAY, HOUR, MINUTE } from '@erp-steward/test-kit/instants'
import { runTask } from '@erp-steward/test-kit/run-task'
import {
  agent,
  authority,
  backedUp,
  backUp,
  backupStage,
  changeTarget,
  copyIn,
  digestOf,
  emptyStage,
  except,
  factsOf,
  gate,
  GOOD,
  lease,
  leased,
  MONDAY,
  OTHER_AGENT,
  provider,
  readBack,
  report,
  request,
  run,
  setParameter,
  setPolicy,
  site,
  target,
  tickAt,
} from '../backup-stage.ts'

let stage: TestService

beforeAll(async () => {
  stage = await backupStage()
})
afterAll(() => stage.release())
beforeEach(() => emptyStage(stage))

const verify = (id: string) => send(stage, 'POST', `/v1/backup-copies/${id}/verify`, provider())
const copy = (id: string) => made(send(stage, 'GET', `/v1/backup-copies/${id}`, authority()))
const protection = (id: string) =>
  made(send(stage, 'GET', `/v1/backup-targets/${id}/protection`, authority()))

describe('the copy at the other site', () => {
  test('[A-2.4.3] is confirmed when it was read there and equals the source', async () => {
    const { id, code } = await target(stage)
    const { id: runId } = await made(request(stage, id))
    const backup = await leased(stage, 'backup')
    await made(report(stage, backup, backedUp(stage)))
    expect(await protection(id)).toMatchObject({
      offsite: 'awaited',
      rule321: { copies: 2, media: 1, offsite: 0, isKept: false },
    })
    const work = await leased(stage, 'copy')
    expect(work).toMatchObject({
      from: { ...backup.into, digest: GOOD },
      into: { siteCode: 'OFFSITE', objectName: expect.stringMatching(`^${String(code)}/`) },
    })
    stage.now = after(MONDAY, HOUR)
    await made(report(stage, work, readBack('copied')))
    expect(copyIn(await run(stage, runId), 'offsite')).toMatchObject({
      state: 'good',
      goodAt: '2026-03-09T03:00:00.000Z',
      digest: GOOD,
    })
    expect(await factsOf(stage, 'run.offsite-confirmed', id)).toMatchObject([
      { runId, siteCode: 'OFFSITE', digest: GOOD, confirmedAt: '2026-03-09T03:00:00.000Z' },
    ])
    expect(await protection(id)).toMatchObject({
      newestRunId: runId,
      isRpoKept: true,
      ageSeconds: 3_600,
      offsite: 'confirmed',
      rule321: { copies: 3, media: 2, offsite: 1, isKept: true },
    })
  })

  test.each([
    ['its digest is another', { readDigest: digestOf('other'), writtenDigest: digestOf('other') }],
    ['it is not there', { readDigest: null }],
    ['it is empty', { storedBytes: 0 }],
    ['a frame does not open', { finding: 'frame 1 does not open' }],
  ])('[A-2.4.3] is not confirmed when %s, and is tried again after a pause', async (_, changes) => {
    const { id } = await target(stage)
    await made(request(stage, id))
    await made(report(stage, await leased(stage, 'backup'), backedUp(stage)))
    const first = await leased(stage, 'copy')
    await made(report(stage, first, readBack('copied', changes)))
    expect(await factsOf(stage, 'run.offsite-confirmed')).toEqual([])
    expect(await lease(stage)).toBeNull()
    stage.now = after(MONDAY, MINUTE)
    const second = await leased(stage, 'copy')
    expect(second.assignmentId).not.toBe(first.assignmentId)
    expect(await copy(second.into.copyId)).toMatchObject({ state: 'awaited', tries: 1 })
    await made(report(stage, second, readBack('copied')))
    expect(await copy(second.into.copyId)).toMatchObject({ state: 'good', finding: null })
  })

  test('[A-2.4.3] that is not there in its time is overdue, once', async () => {
    await setParameter(stage, 'backup.offsite.within', 'PT2H')
    const { id } = await target(stage, { policy: { schedule: '0 1 1 * *', rpo: 'P30D' } })
    const done = await backUp(stage, id, { offsite: false })
    await tickAt(stage, after(MONDAY, 2 * HOUR))
    expect(await factsOf(stage, 'run.offsite-overdue', id)).toEqual([])
    await tickAt(stage, after(MONDAY, 2 * HOUR + 1))
    await tickAt(stage, after(MONDAY, 3 * HOUR))
    expect(await factsOf(stage, 'run.offsite-overdue', id)).toMatchObject([
      { runId: done.id, siteCode: 'OFFSITE', dueAt: '2026-03-09T04:00:00.000Z' },
    ])
    expect(await protection(id)).toMatchObject({ offsite: 'overdue' })
    // Late is better than never, and is confirmed.
    await made(report(stage, await leased(stage, 'copy'), readBack('copied')))
    expect(await protection(id)).toMatchObject({ offsite: 'confirmed' })
  })

  test('is not awaited any more once the backup itself is damaged', async () => {
    const { id } = await target(stage)
    const done = await backUp(stage, id, { offsite: false })
    const failed = { outcome: 'failed', cause: 'executor', detail: 'no route' }
    await made(report(stage, await leased(stage, 'copy'), failed))
    await made(verify(copyIn(done, 'primary').id))
    await made(
      report(stage, await leased(stage, 'verify'), readBack('verified', { readDigest: null })),
    )
    stage.now = after(MONDAY, HOUR)
    expect(await lease(stage)).toBeNull()
    expect(copyIn(await run(stage, done.id), 'offsite')).toMatchObject({
      state: 'failed',
      finding: expect.stringContaining('no longer good'),
    })
  })

  test('is told of as missing where it was given up or lies elsewhere than the policy wants it', async () => {
    await site(stage, 'FARAWAY', { medium: 'tape', isOffsite: true })
    const { id } = await target(stage)
    await backUp(stage, id)
    expect(await protection(id)).toMatchObject({ offsite: 'confirmed' })
    await made(setPolicy(stage, id, { offsiteSite: 'FARAWAY' }, 1))
    expect(await protection(id)).toMatchObject({ offsite: 'missing' })
    await except(stage, id)
    await made(setPolicy(stage, id, { offsiteSite: null }, 2))
    expect(await protection(id)).toMatchObject({ offsite: 'not-wanted', isRpoKept: true })
    await changeTarget(stage, id, { active: false })
    expect(await protection(id)).toMatchObject({ rpoDueAt: null, isRpoKept: null })
  })

  test('is given up after a day of tries, and says why', async () => {
    const { id } = await target(stage, { policy: { schedule: '0 1 1 * *', rpo: 'P30D' } })
    const done = await backUp(stage, id, { offsite: false })
    let tries = 0
    for (let hours = 0; hours <= 40; hours += 4) {
      for (let work = await lease(stage); work !== null; work = await lease(stage)) {
        tries += 1
        await made(
          report(stage, work, { outcome: 'failed', cause: 'executor', detail: 'no route' }),
        )
        stage.now = after(stage.now, 30 * MINUTE)
      }
      stage.now = after(stage.now, 4 * HOUR)
    }
    expect(tries).toBe(12)
    expect(copyIn(await run(stage, done.id), 'offsite')).toMatchObject({
      state: 'failed',
      finding: 'no route',
    })
    await tickAt(stage, stage.now)
    expect(await factsOf(stage, 'run.offsite-overdue', id)).toHaveLength(1)
  })

  test('is not made of a source that was found damaged meanwhile', async () => {
    const { id } = await target(stage)
    const done = await backUp(stage, id, { offsite: false })
    const primary = copyIn(done, 'primary')
    const waiting = await leased(stage, 'copy')
    await made(report(stage, waiting, { outcome: 'failed', cause: 'executor', detail: 'no route' }))
    await made(verify(primary.id))
    await made(
      report(stage, await leased(stage, 'verify'), readBack('verified', { readDigest: null })),
    )
    stage.now = after(MONDAY, HOUR)
    expect(await lease(stage)).toBeNull()
  })
})

describe('the verification of a copy', () => {
  test('[A-2.4.2] that agrees is stated', async () => {
    const { id } = await target(stage)
    const done = await backUp(stage, id)
    const primary = copyIn(done, 'primary')
    stage.now = after(MONDAY, DAY)
    const first = await made<Record<string, unknown>>(verify(primary.id))
    expect(await made(verify(primary.id))).toMatchObject({ assignmentId: first.assignmentId })
    const work = await leased(stage, 'verify')
    expect(work.copy).toMatchObject({ copyId: primary.id, digest: GOOD })
    await made(report(stage, work, readBack('verified')))
    expect(await copy(primary.id)).toMatchObject({
      state: 'good',
      lastVerifiedAt: '2026-03-10T02:00:00.000Z',
    })
    expect(await factsOf(stage, 'run.copy-verified', id)).toMatchObject([{ copyId: primary.id }])
    expect(await lease(stage)).toBeNull()
  })

  test.each([
    ['a flipped byte', { readDigest: digestOf('flipped') }, 'another one'],
    ['a frame', { finding: 'frame 3 (bytes 3145812-4194403) was changed' }, 'frame 3'],
    ['a missing object', { readDigest: null, storedBytes: 0 }, 'not there'],
  ])('[A-2.4.2] finds %s: the copy is damaged for ever', async (_, changes, finding) => {
    const { id, systemCode } = await target(stage)
    const done = await backUp(stage, id)
    const primary = copyIn(done, 'primary')
    expect((await gate(stage, systemCode)).isOpen).toBe(true)
    await made(verify(primary.id))
    await made(report(stage, await leased(stage, 'verify'), readBack('verified', changes)))
    expect(await copy(primary.id)).toMatchObject({
      state: 'damaged',
      finding: expect.stringContaining(finding),
    })
    expect(await factsOf(stage, 'run.copy-damaged', id)).toMatchObject([
      { copyId: primary.id, expectedDigest: GOOD, finding: expect.stringContaining(finding) },
    ])
    expect(await gate(stage, systemCode)).toMatchObject({
      isOpen: false,
      reasons: [{ code: 'primary-damaged' }],
    })
    expect(await factsOf(stage, 'gate.closed', String(systemCode))).toHaveLength(2)
    expect(await refusal(verify(primary.id))).toEqual([409, 'backup-copy-state'])
    // The other copy of the run still protects the target.
    expect(await protection(id)).toMatchObject({ newestRunId: done.id, isRpoKept: true })
  })

  test('with both copies damaged there is no backup any more', async () => {
    const { id } = await target(stage)
    const done = await backUp(stage, id)
    for (const role of ['primary', 'offsite'] as const) {
      await made(verify(copyIn(done, role).id))
      await made(
        report(stage, await leased(stage, 'verify'), readBack('verified', { readDigest: null })),
      )
    }
    expect(await protection(id)).toMatchObject({ newestRunId: null, newestDataAt: null })
    expect(await made(send(stage, 'GET', `/v1/backup-targets/${id}`, authority()))).toMatchObject({
      newestDataAt: null,
    })
  })

  test('that could not be done says nothing about the copy', async () => {
    const { id } = await target(stage)
    const primary = copyIn(await backUp(stage, id), 'primary')
    await made(verify(primary.id))
    await made(
      report(stage, await leased(stage, 'verify'), {
        outcome: 'failed',
        cause: 'executor',
        detail: 'store is away',
      }),
    )
    expect(await copy(primary.id)).toMatchObject({ state: 'good' })
    await made(verify(primary.id))
  })

  test('[A-2.4.2] comes round by itself when the last one is older than the period', async () => {
    const { id } = await target(stage)
    await backUp(stage, id)
    stage.now = after(MONDAY, 7 * DAY)
    await runTask(stage, 'queue-verifications')
    expect(await lease(stage)).toBeNull()
    stage.now = after(MONDAY, 7 * DAY + 1)
    await runTask(stage, 'queue-verifications')
    await runTask(stage, 'queue-verifications')
    for (let n = 0; n < 2; n += 1)
      await made(report(stage, await leased(stage, 'verify'), readBack('verified')))
    expect(await lease(stage)).toBeNull()
    await runTask(stage, 'queue-verifications')
    expect(await lease(stage)).toBeNull()
  })

  test('[A-2.4.2] comes to every copy, however many wait for an agent that is away', async () => {
    const old = await target(stage, { agentId: OTHER_AGENT, policy: { offsiteSite: null } })
    const away = agent(OTHER_AGENT)
    await made(request(stage, old.id))
    await made(report(stage, await leased(stage, 'backup', away), backedUp(stage), away))
    await stage.db.query(
      `insert into backup_run
       select (jsonb_populate_record(r, jsonb_build_object('id', gen_random_uuid()))).*
         from backup_run r, generate_series(1, 500)`,
    )
    await stage.db.query(
      `insert into backup_copy
       select (jsonb_populate_record(c, jsonb_build_object('id', gen_random_uuid(), 'run_id', r.id))).*
         from backup_copy c, backup_run r where r.id <> c.run_id`,
    )
    stage.now = after(MONDAY, HOUR)
    const { id } = await target(stage, { policy: { offsiteSite: null } })
    await backUp(stage, id, { offsite: false })
    stage.now = after(MONDAY, 8 * DAY)
    await runTask(stage, 'queue-verifications')
    expect(await lease(stage)).toBeNull()
    await runTask(stage, 'queue-verifications')
    expect(await leased(stage, 'verify')).toMatchObject({ kind: 'verify' })
  })

  test('leaves copies alone that need not be kept any more, but never the newest', async () => {
    const { id } = await target(stage, { policy: { offsiteSite: null, keepDays: 1 } })
    await backUp(stage, id, { offsite: false })
    stage.now = after(MONDAY, HOUR)
    const newest = await backUp(stage, id, { offsite: false })
    stage.now = after(MONDAY, 30 * DAY)
    await runTask(stage, 'queue-verifications')
    expect(await leased(stage, 'verify')).toMatchObject({ runId: newest.id })
    expect(await lease(stage)).toBeNull()
  })

  test('of a copy that is not there, or not proven, is refused', async () => {
    expect(await refusal(verify(randomUUID()))).toEqual([404, 'backup-copy-not-found'])
    const { id } = await target(stage)
    const done = await backUp(stage, id, { offsite: false })
    expect(await refusal(verify(copyIn(done, 'offsite').id))).toEqual([409, 'backup-copy-state'])
  })
})
