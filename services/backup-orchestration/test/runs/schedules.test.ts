import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { testAct } from '@erp-steward/test-kit/test-act'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { dispatchDueRuns } from '../../src/runs/dispatch-due-runs.ts'
import { send, made, type Resource } from '@erp-steward/test-kit/requests'
import { after, DAY, HOUR, MINUTE } from '@erp-steward/test-kit/instants'
import { runTask } from '@erp-steward/test-kit/run-task'
import {
  agent,
  authority,
  backedUp,
  backUp,
  backupStage,
  changeTarget,
  emptyStage,
  factsOf,
  leased,
  MONDAY,
  report,
  request,
  run,
  runs,
  setPolicy,
  target,
  tick,
  tickAt,
} from '../backup-stage.ts'

let stage: TestService

beforeAll(async () => {
  stage = await backupStage()
})
afterAll(() => stage.release())
beforeEach(() => emptyStage(stage))

const HOURLY = { schedule: '0 * * * *', rpo: 'PT2H', offsiteSite: null }
const read = (id: string) => made(send(stage, 'GET', `/v1/backup-targets/${id}`, authority()))
const patch = ({ id }: Resource, changes: object) => changeTarget(stage, id, changes)

describe('the schedule', () => {
  test('[A-2.4.1] queues a run at its instant, not before, and once', async () => {
    const { id } = await target(stage, { policy: HOURLY })
    await tickAt(stage, new Date('2026-03-09T02:59:59.999Z'))
    expect(await runs(stage, id)).toEqual([])
    await tickAt(stage, new Date('2026-03-09T03:00:00Z'))
    await tick(stage)
    expect(await runs(stage, id)).toMatchObject([
      {
        state: 'waiting',
        reason: 'schedule',
        dueAt: '2026-03-09T03:00:00.000Z',
        startBy: '2026-03-09T04:00:00.000Z',
      },
    ])
    expect(await read(id)).toMatchObject({ nextRunAt: '2026-03-09T04:00:00.000Z' })
    expect(await factsOf(stage, 'run.missed')).toEqual([])
  })

  test('two dispatchers at once queue one run per target', async () => {
    const many = []
    for (let n = 0; n < 20; n += 1) many.push(await target(stage, { policy: HOURLY }))
    stage.now = new Date('2026-03-09T03:00:00Z')
    await Promise.all(Array.from({ length: 4 }, () => runTask(stage, 'dispatch-due-runs')))
    for (const { id } of many) expect(await runs(stage, id)).toHaveLength(1)
    const rows: unknown[] = await stage.db.query('select from backup_assignment')
    expect(rows).toHaveLength(20)
  })

  test('[A-2.4.1] after sixteen days away there is one fact that counts them, and one run to catch up', async () => {
    const { id } = await target(stage, { policy: HOURLY })
    await tickAt(stage, new Date('2026-03-25T02:30:00Z'))
    await tick(stage)
    expect(await factsOf(stage, 'run.missed', id)).toMatchObject([
      { dueAt: '2026-03-09T03:00:00.000Z', missedRuns: 383 },
    ])
    expect(await runs(stage, id)).toMatchObject([
      { reason: 'catch-up', dueAt: '2026-03-25T02:00:00.000Z' },
    ])
    expect(await read(id)).toMatchObject({ nextRunAt: '2026-03-25T03:00:00.000Z' })
  })

  test('one that is late beyond its time is missed, and taken all the same', async () => {
    const { id } = await target(stage)
    // Due at 17:00 UTC, may start until 18:00.
    await tickAt(stage, new Date('2026-03-09T19:00:00Z'))
    expect(await factsOf(stage, 'run.missed', id)).toMatchObject([{ missedRuns: 1 }])
    expect(await runs(stage, id)).toMatchObject([{ reason: 'catch-up', startBy: null }])
    await tickAt(stage, new Date('2026-03-09T21:00:00Z'))
    expect(await factsOf(stage, 'run.missed', id)).toHaveLength(1)
  })

  test('[A-2.4.1] a run that nobody takes in its time is missed once, and still waits', async () => {
    const { id } = await target(stage)
    await tickAt(stage, new Date('2026-03-09T17:00:00Z'))
    await tickAt(stage, new Date('2026-03-09T18:00:00Z'))
    expect(await factsOf(stage, 'run.missed', id)).toEqual([])
    await tickAt(stage, new Date('2026-03-09T18:00:01Z'))
    await tick(stage)
    expect(await factsOf(stage, 'run.missed', id)).toMatchObject([
      { dueAt: '2026-03-09T17:00:00.000Z', missedRuns: 1 },
    ])
    const work = await leased(stage, 'backup')
    await made(report(stage, work, backedUp(stage)))
    expect(await run(stage, work.runId)).toMatchObject({ state: 'succeeded' })
  })

  test('is not stacked up behind a run that goes on: what fell due meanwhile is missed', async () => {
    const { id } = await target(stage, { policy: HOURLY })
    await made(request(stage, id))
    const work = await leased(stage, 'backup')
    stage.now = new Date('2026-03-09T03:00:30Z')
    await runTask(stage, 'dispatch-due-runs')
    expect(await runs(stage, id)).toHaveLength(1)
    expect(await factsOf(stage, 'run.missed', id)).toMatchObject([{ missedRuns: 1 }])
    await made(report(stage, work, backedUp(stage)))
    await tickAt(stage, new Date('2026-03-09T04:00:00Z'))
    expect(await runs(stage, id)).toHaveLength(2)
  })

  test('of an agent that cannot work fails with the reason, each time', async () => {
    const { id } = await target(stage, { policy: HOURLY })
    await made(
      send(stage, 'PUT', '/v1/backup-agents/me', agent(), {
        hostName: 'erp-1',
        version: '1',
        executors: [{ executor: 'filesystem', isAvailable: false, tool: '', reason: 'no tar' }],
        sites: ['PRIMARY'],
      }),
    )
    await tickAt(stage, new Date('2026-03-09T03:00:00Z'))
    expect(await runs(stage, id)).toMatchObject([{ state: 'failed', cause: 'refused' }])
    expect(await factsOf(stage, 'run.failed', id)).toMatchObject([
      { cause: 'refused', detail: expect.stringContaining('no tar') },
    ])
    await tickAt(stage, new Date('2026-03-09T04:00:00Z'))
    expect(await factsOf(stage, 'run.failed', id)).toHaveLength(2)
  })

  test('rests while the target is inactive and goes on from when it is active again', async () => {
    const inactive = await target(stage, { policy: HOURLY })
    expect(await patch(inactive, { active: false })).toMatchObject({ nextRunAt: null })
    await tickAt(stage, after(MONDAY, 10 * DAY))
    expect(await runs(stage, inactive.id)).toEqual([])
    expect(await factsOf(stage, 'run.rpo-exceeded', inactive.id)).toEqual([])
    const now = after(MONDAY, 10 * DAY)
    expect(await patch(inactive, { active: true })).toMatchObject({
      nextRunAt: after(now, HOUR).toISOString(),
    })
    expect(await factsOf(stage, 'run.missed', inactive.id)).toEqual([])
  })

  test('calls the open run off when its target is made inactive', async () => {
    const registered = await target(stage)
    const { id } = await made(request(stage, registered.id))
    await patch(registered, { active: false })
    expect(await run(stage, id)).toMatchObject({ state: 'failed', cause: 'cancelled' })
  })

  test('a new policy counts from now', async () => {
    const { id } = await target(stage, { policy: HOURLY })
    stage.now = after(MONDAY, 30 * MINUTE)
    await made(setPolicy(stage, id, { schedule: '45 * * * *' }, 1))
    expect(await read(id)).toMatchObject({ nextRunAt: '2026-03-09T02:45:00.000Z' })
  })

  test('takes a thousand due targets in one go', async () => {
    await target(stage, { policy: HOURLY })
    await stage.db.query(
      `insert into backup_target (id, code, name, system_code, unit_id, agent_id, source, key_id,
          object_kind, required_before_change, active, policy_version, next_run_at, created_at, version)
       select gen_random_uuid(), 'M' || n, name, system_code, unit_id, agent_id, source, key_id, object_kind, false,
              true, 1, next_run_at, created_at, 1
         from backup_target, generate_series(1, 999) n`,
    )
    await stage.db.query(
      `insert into backup_policy select t.id, p.version, p.schedule, p.rpo, p.start_within, p.keep_days,
              p.primary_site, p.offsite_site, p.author, p.created_at
         from backup_target t, backup_policy p where t.id <> p.target_id`,
    )
    stage.now = new Date('2026-03-09T03:00:00Z')
    const act = testAct({ now: stage.now })
    expect(await stage.db.transaction((tx) => dispatchDueRuns(tx, act))).toBe(1_000)
    expect(await stage.db.transaction((tx) => dispatchDueRuns(tx, act))).toBe(0)
    const [{ count }]: [{ count: string }] = await stage.db.query(
      `select count(*) from backup_assignment where state = 'waiting'`,
    )
    expect(count).toBe('1000')
  })
})

describe('the recovery point', () => {
  test('[A-2.4.1] that is exceeded is stated once per breach', async () => {
    const { id } = await target(stage, { policy: { ...HOURLY, schedule: '0 1 1 * *' } })
    const done = await backUp(stage, id, { offsite: false })
    await tickAt(stage, after(MONDAY, 2 * HOUR))
    expect(await factsOf(stage, 'run.rpo-exceeded', id)).toEqual([])
    await tickAt(stage, after(MONDAY, 2 * HOUR + 1))
    await tickAt(stage, after(MONDAY, 5 * HOUR))
    expect(await factsOf(stage, 'run.rpo-exceeded', id)).toMatchObject([
      { newestDataAt: done.dataAt, rpo: 'PT2H' },
    ])
    await backUp(stage, id, { offsite: false })
    await tickAt(stage, after(stage.now, 3 * HOUR))
    expect(await factsOf(stage, 'run.rpo-exceeded', id)).toHaveLength(2)
  })

  test('[A-2.4.1] of a target that was never backed up counts from its policy', async () => {
    const { id } = await target(stage, { policy: { ...HOURLY, schedule: '0 1 1 * *' } })
    await tickAt(stage, after(MONDAY, 2 * HOUR + 1))
    expect(await factsOf(stage, 'run.rpo-exceeded', id)).toMatchObject([{ newestDataAt: null }])
  })
})
