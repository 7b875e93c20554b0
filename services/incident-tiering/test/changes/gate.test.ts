import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { GateAnswered, GateVoided } from '@erp-steward/contracts/backup-events'
import { ParameterVersionSet } from '@erp-steward/contracts/platform-events'
import { after, HOUR } from '@erp-steward/test-kit/instants'
import { made, send } from '@erp-steward/test-kit/requests'
import { runTask } from '@erp-steward/test-kit/run-task'
import { eventOf, tell } from '@erp-steward/test-kit/tell'
import { OTHER_UNIT, tellOfPerson } from '@erp-steward/test-kit/tell-of-company'
import {
  authority,
  facts,
  factsOf,
  MONDAY,
  runJobs,
  setParameter,
  waitingJobs,
} from '../incident-stage.ts'
import {
  act,
  answer,
  answerTo,
  approved,
  asking,
  changeStage,
  company,
  lines,
  minorChange,
  must,
  read,
  SATURDAY_NIGHT,
  submit,
  SYSTEM,
  TUESDAY_NIGHT,
  unit,
  upgrade,
  type ChangeNow,
  type ChangeStage,
} from './change-stage.ts'

let all: ChangeStage

beforeAll(async () => {
  all = await changeStage()
})
afterAll(() => all.stage.release())
beforeEach(async () => {
  all.stage.now = MONDAY
  await all.stage.db.query('delete from incident_tiering_jobs._private_jobs')
})

const gateDue = 'change-gate-due'
const askAgain = async (change: { id: string }) => {
  const { askId, ...rest } = await must(all, change, 'start', 'provider')
  if (askId === null) throw new Error('the gate was not asked')
  return { ...rest, askId } as ChangeNow & { askId: string }
}
const started = (id: string) => factsOf(all.stage, id, 'change.started')
const held = (id: string) => factsOf(all.stage, id, 'change.held')

describe('asking', () => {
  test('[A-2.4.4][A-3.3.4] an upgrade asks the gate and waits', async () => {
    const change = await approved(all, upgrade(all))
    all.stage.now = SATURDAY_NIGHT
    const response = await act(all, change, 'start', 'provider')
    expect(response.statusCode).toBe(202)
    const now = response.json<ChangeNow>()
    expect(now).toMatchObject({ state: 'asking', startedAt: null, backupRunIds: [] })
    expect(response.headers.etag).toBe(`"${String(now.version)}"`)
    expect(await factsOf(all.stage, change.id, 'change.gate-asked')).toMatchObject([
      { askId: now.askId, systemCode: SYSTEM, kind: 'upgrade' },
    ])
    expect(await started(change.id)).toEqual([])
    expect(await waitingJobs(all.stage, gateDue)).toMatchObject([
      { data: { changeId: change.id, askId: now.askId }, runAt: after(SATURDAY_NIGHT, 60_000) },
    ])
  })

  test('[A-2.4.4] so does any change that names a system', async () => {
    const change = await approved(all, { ...minorChange(all), systemCode: SYSTEM })
    all.stage.now = TUESDAY_NIGHT
    expect((await act(all, change, 'start', 'provider')).statusCode).toBe(202)
  })

  test.each(['data', 'function', 'process'])(
    '[A-2.4.4] an emergency of kind %s starts on no backup as little as any other',
    async (kind) => {
      all.stage.now = TUESDAY_NIGHT
      const body = { ...minorChange(all), kind, class: 'emergency', systemCode: SYSTEM }
      const change = await submit(all, body)
      await must(all, change, 'approve', 'second', company)
      expect(await must(all, change, 'start', 'provider')).toMatchObject({
        state: 'asking',
        needsBackup: true,
      })
    },
  )

  test('[A-2.4.4] one asked for before kinds decided names its system first', async () => {
    const change = await approved(all, minorChange(all))
    await all.stage.db.query(`update change set kind = 'data', needs_backup = true where id = $1`, [
      change.id,
    ])
    all.stage.now = TUESDAY_NIGHT
    expect((await act(all, change, 'start', 'provider')).json()).toMatchObject({
      status: 422,
      errors: [{ pointer: '#/systemCode' }],
    })
  })

  test('[A-2.4.4] so does an emergency', async () => {
    all.stage.now = SATURDAY_NIGHT
    const change = await submit(all, { ...upgrade(all), class: 'emergency' })
    await must(all, change, 'approve', 'authority', company)
    const response = await act(all, change, 'start', 'provider')
    expect(response.statusCode).toBe(202)
    const { askId } = response.json<ChangeNow>()
    await answer(all, answerTo(all, { id: change.id, askId: askId ?? '' }, { isOpen: false }))
    expect(await read(all, change)).toMatchObject({ state: 'held', papersDueAt: null })
  })

  test('outside its window it does not even ask', async () => {
    const plannedStart = after(SATURDAY_NIGHT, -3 * HOUR).toISOString()
    const change = await approved(all, { ...upgrade(all), plannedStart })
    all.stage.now = after(SATURDAY_NIGHT, -2 * HOUR)
    expect((await act(all, change, 'start', 'provider')).json()).toMatchObject({
      code: 'outside-change-window',
    })
    expect(await factsOf(all.stage, change.id, 'change.gate-asked')).toEqual([])
  })

  test('while it asks it is not started again, and neither edited', async () => {
    const change = await asking(all)
    for (const [verb, by, body] of [
      ['start', 'provider', undefined],
      ['amend', 'requester', { title: 'x' }],
      ['finish', 'provider', { outcome: 'deployed', result: 'x' }],
    ] as const)
      expect((await act(all, change, verb, by, body)).json()).toMatchObject({
        status: 409,
        code: 'change-state',
      })
  })
})

describe('the answer', () => {
  test('[A-2.4.4][A-3.3.4] open starts the change and leaves the backups on it', async () => {
    const change = await asking(all)
    const data = answerTo(all, change)
    expect(await answer(all, data)).toBe('handled')
    expect(await read(all, change)).toMatchObject({
      state: 'started',
      startedAt: SATURDAY_NIGHT.toISOString(),
      backupRunIds: data.backupRunIds,
      parameterVersions: {
        'incident.change.planned_time': 0,
        'incident.change.major_windows': 0,
      },
    })
    expect(await started(change.id)).toMatchObject([
      {
        askId: change.askId,
        backupRunIds: data.backupRunIds,
        executorPersonId: all.people.provider,
      },
    ])
    expect((await lines(all, change)).at(-1)?.text).toContain(data.backupRunIds[0])
  })

  test('why it is held, and its timeline, are told in the language of the reader', async () => {
    const change = await asking(all)
    const told = { reasons: ['no-policy DB: None.'], reasonsInChinese: ['no-policy DB：没有。'] }
    await answer(all, answerTo(all, change, { isOpen: false, ...told, backupRunIds: [] }))
    const chinese = { ...authority(), 'accept-language': 'zh-CN' }
    const url = `/v1/changes/${change.id}`
    expect(await read(all, change)).toMatchObject({ heldReasons: told.reasons })
    expect(await made(send(all.stage, 'GET', url, chinese))).toMatchObject({
      heldReasons: told.reasonsInChinese,
    })
    const { items } = await made<{ items: { kind: string; text: string }[] }>(
      send(all.stage, 'GET', `${url}/timeline`, chinese),
    )
    expect(items.map(({ text }) => text)).toEqual([
      change.title,
      '单位审批。',
      '公司审批。Agreed.',
      expect.stringMatching(/^询问 \S+ 是否已备份：/),
      'gate-closed：no-policy DB：没有。',
    ])
    // As rows of earlier releases are: in English alone.
    await all.stage.db.query(
      `update change set held_reasons = '["No backup."]'::jsonb where id = $1`,
      [change.id],
    )
    expect(await made(send(all.stage, 'GET', url, chinese))).toMatchObject({
      heldReasons: ['No backup.'],
    })
  })

  test('[A-2.4.4] closed holds it with the reasons; asked anew and open, it starts', async () => {
    const change = await asking(all)
    const reasons = ['The newest backup of PROD-DB is 30 h old.']
    await answer(all, answerTo(all, change, { isOpen: false, reasons, backupRunIds: [] }))
    expect(await read(all, change)).toMatchObject({
      state: 'held',
      heldCause: 'gate-closed',
      heldReasons: reasons,
    })
    expect(await held(change.id)).toMatchObject([{ cause: 'gate-closed', reasons }])
    const again = await askAgain(change)
    expect(again.askId).not.toBe(change.askId)
    expect(again).toMatchObject({ heldCause: null, heldReasons: [] })
    await answer(all, answerTo(all, again))
    expect(await read(all, change)).toMatchObject({ state: 'started', heldCause: null })
  })

  test('[A-2.4.4] open without naming a backup is closed', async () => {
    const change = await asking(all)
    await answer(all, answerTo(all, change, { backupRunIds: [] }))
    expect(await read(all, change)).toMatchObject({ state: 'held', heldCause: 'gate-closed' })
  })

  test.each([
    ['at the end of its time', 60_000, 'started'],
    ['a millisecond after its time', 60_001, 'held'],
  ])('[A-2.4.4] %s: %s ms, %s', async (_when, ms, state) => {
    const change = await asking(all)
    all.stage.now = after(SATURDAY_NIGHT, ms)
    await answer(all, answerTo(all, change))
    expect(await read(all, change)).toMatchObject({
      state,
      heldCause: state === 'held' ? 'answer-late' : null,
    })
  })

  test.each([
    [1, 'started'],
    [0, 'held'],
    [-1, 'held'],
  ])('[A-2.4.4] valid for %s ms more: %s', async (ms, state) => {
    const change = await asking(all)
    const validUntil = after(SATURDAY_NIGHT, ms).toISOString()
    await answer(all, answerTo(all, change, { validUntil }))
    expect(await read(all, change)).toMatchObject({
      state,
      heldCause: state === 'held' ? 'answer-late' : null,
    })
  })

  test('[A-2.4.4] to an older question starts nothing', async () => {
    const first = await asking(all)
    await answer(all, answerTo(all, first, { isOpen: false, reasons: ['No backup.'] }))
    const second = await askAgain(first)
    expect(await answer(all, answerTo(all, first))).toBe('handled')
    expect(await read(all, first)).toMatchObject({ state: 'asking', askId: second.askId })
    await answer(all, answerTo(all, first, { isOpen: false, reasons: ['No backup.'] }))
    expect(await read(all, first)).toMatchObject({ state: 'asking' })
    await answer(all, answerTo(all, second))
    expect(await read(all, first)).toMatchObject({ state: 'started' })
  })

  test('[A-2.4.4] about another system, another change or none starts nothing', async () => {
    const change = await asking(all)
    const other = await asking(all)
    await answer(all, answerTo(all, change, { systemCode: 'EBS-TEST' }))
    await answer(all, answerTo(all, change, { changeId: other.id }))
    await answer(all, answerTo(all, change, { changeId: randomUUID() }))
    for (const each of [change, other])
      expect(await read(all, each)).toMatchObject({ state: 'asking' })
    expect(await all.stage.db.query('select event_id from dead_letter')).toEqual([])
  })

  test('[A-2.4.4] twice, also under another event, starts once', async () => {
    const change = await asking(all)
    const data = answerTo(all, change)
    const event = eventOf(all.stage, GateAnswered, change.id, data)
    expect(await all.stage.consumer.deliver(event)).toBe('handled')
    expect(await all.stage.consumer.deliver(event)).toBe('duplicate')
    await answer(all, data)
    await answer(all, answerTo(all, change, { isOpen: false, reasons: ['Changed its mind.'] }))
    expect(await read(all, change)).toMatchObject({ state: 'started' })
    expect(await started(change.id)).toHaveLength(1)
  })

  test('[A-2.4.4] two at the same moment, one open and one closed, have one effect', async () => {
    const change = await asking(all)
    const events = [
      eventOf(all.stage, GateAnswered, change.id, answerTo(all, change)),
      eventOf(
        all.stage,
        GateAnswered,
        change.id,
        answerTo(all, change, { isOpen: false, reasons: ['No.'] }),
      ),
    ]
    await Promise.all(events.map((event) => all.stage.consumer.deliver(event)))
    expect([...(await started(change.id)), ...(await held(change.id))]).toHaveLength(1)
  })

  test('[A-3.3.5] finds the window closed: held, and started by nobody', async () => {
    const change = await asking(all)
    // The window becomes shorter while the gate is asked.
    await setParameter(all.stage, 'incident.change.major_windows', ['SUN 20:00-24:00'])
    await answer(all, answerTo(all, change))
    expect(await read(all, change)).toMatchObject({ state: 'held', heldCause: 'outside-window' })
    expect(await held(change.id)).toMatchObject([{ cause: 'outside-window' }])
    await setParameter(all.stage, 'incident.change.major_windows', null)
  })

  test('[A-3.3.5] at the end of the window the answer comes too late', async () => {
    const change = await approved(all, upgrade(all))
    // Sunday 05:59:59.999 and 06:00 in China.
    all.stage.now = new Date('2026-03-14T21:59:59.999Z')
    const asked = await askAgain(change)
    all.stage.now = new Date('2026-03-14T22:00:00.000Z')
    await answer(all, answerTo(all, asked))
    expect(await read(all, change)).toMatchObject({ state: 'held', heldCause: 'outside-window' })
  })

  test('[A-3.3.2] at the end of the planned time the answer comes too late', async () => {
    const plannedEnd = after(SATURDAY_NIGHT, 30_000).toISOString()
    const change = await approved(all, { ...upgrade(all), plannedEnd })
    all.stage.now = SATURDAY_NIGHT
    const asked = await askAgain(change)
    all.stage.now = after(SATURDAY_NIGHT, 30_000)
    await answer(all, answerTo(all, asked))
    expect(await read(all, change)).toMatchObject({
      state: 'held',
      heldCause: 'outside-planned-time',
    })
  })

  test('[B-4.3.7] finds the executor gone: held', async () => {
    const change = await approved(all, { ...upgrade(all), executorPersonId: all.people.leaver })
    all.stage.now = SATURDAY_NIGHT
    const asked = await must(all, change, 'start', 'leaver')
    await tellOfPerson(all.stage, all.people.leaver, { name: 'leaver', active: false })
    await answer(all, answerTo(all, { id: change.id, askId: asked.askId ?? '' }))
    expect(await read(all, change)).toMatchObject({ state: 'held', heldCause: 'executor-left' })
  })

  test('[B-6.2] after the requester took the change back starts nothing', async () => {
    const change = await asking(all)
    await must(all, change, 'withdraw', 'requester', { reason: 'The vendor stopped it.' })
    await answer(all, answerTo(all, change))
    expect(await read(all, change)).toMatchObject({ state: 'withdrawn', startedAt: null })
  })
})

describe('what the gate reads is changed', () => {
  const voided = (changes: object = {}) =>
    tell(all.stage, GateVoided, SYSTEM, {
      systemCode: SYSTEM,
      cause: 'target',
      detail: 'Changed of PROD-DB: requiredBeforeChange.',
      answers: [],
      voidedAt: all.stage.now.toISOString(),
      ...changes,
    })

  test('[A-2.4.4] a change that asks is held, and the answer on the former ground starts nothing', async () => {
    const change = await asking(all)
    await voided()
    expect(await read(all, change)).toMatchObject({
      state: 'held',
      heldCause: 'gate-voided',
      heldReasons: [expect.stringContaining('requiredBeforeChange')],
    })
    await answer(all, answerTo(all, change))
    expect(await read(all, change)).toMatchObject({ state: 'held', startedAt: null })
    const again = await askAgain(change)
    await answer(all, answerTo(all, again))
    expect(await read(all, change)).toMatchObject({ state: 'started' })
  })

  test('[A-2.4.4] an approved change of the system is held and stated, one of another is not', async () => {
    const change = await approved(all, upgrade(all))
    const other = await approved(all, { ...upgrade(all), systemCode: 'EBS-TEST' })
    await voided()
    await voided()
    expect(await held(change.id)).toMatchObject([{ cause: 'gate-voided', askId: null }])
    expect(await read(all, other)).toMatchObject({ state: 'approved' })
  })

  test('[A-2.4.4] what has started or is over is left alone', async () => {
    const change = await asking(all)
    await answer(all, answerTo(all, change))
    await voided()
    expect(await read(all, change)).toMatchObject({ state: 'started' })
  })

  test('[A-3.3.5] so it is when windows are changed, but for an emergency', async () => {
    const change = await approved(all, minorChange(all))
    const emergency = await submit(all, { ...minorChange(all), class: 'emergency' })
    await must(all, emergency, 'approve', 'second', company)
    const set = (unitId: string | null, key = 'incident.change.windows') =>
      tell(all.stage, ParameterVersionSet, key, {
        key,
        unitId,
        version: 1,
        value: ['MON 00:00-24:00'],
        validFrom: all.stage.now.toISOString(),
        reason: 'For this test.',
      })
    await set(OTHER_UNIT)
    await set(null, 'incident.sla.p1.respond')
    expect(await read(all, change)).toMatchObject({ state: 'approved' })
    await set(null)
    expect(await read(all, change)).toMatchObject({ state: 'held', heldCause: 'gate-voided' })
    expect(await read(all, emergency)).toMatchObject({ state: 'approved' })
    all.stage.now = TUESDAY_NIGHT
    expect(await must(all, change, 'start', 'provider')).toMatchObject({ state: 'started' })
  })
})

describe('silence', () => {
  const runDue = async () =>
    runJobs(
      all.stage,
      (await waitingJobs(all.stage, gateDue)).filter(({ runAt }) => runAt <= all.stage.now),
    )

  test('[A-2.4.4] of a minute is a closed gate, and a later answer starts nothing', async () => {
    const change = await asking(all)
    all.stage.now = after(SATURDAY_NIGHT, 60_000)
    await runDue()
    expect(await read(all, change)).toMatchObject({ state: 'held', heldCause: 'gate-silent' })
    expect(await held(change.id)).toMatchObject([{ cause: 'gate-silent', askId: change.askId }])
    await answer(all, answerTo(all, change))
    expect(await read(all, change)).toMatchObject({ state: 'held', startedAt: null })
    expect((await facts(all.stage, change.id)).map(({ fact }) => fact)).not.toContain(
      'change.started',
    )
    const again = await askAgain(change)
    await answer(all, answerTo(all, again))
    expect(await read(all, change)).toMatchObject({ state: 'started' })
  })

  test('[A-2.4.4] outlives a restart between question and answer: the job is in the database', async () => {
    const change = await asking(all)
    // Nothing of the process is used: a new one would find this row and run this task.
    const jobs = await waitingJobs(all.stage, gateDue)
    all.stage.now = after(SATURDAY_NIGHT, 3_600_000)
    await runJobs(all.stage, jobs)
    expect(await read(all, change)).toMatchObject({ state: 'held', heldCause: 'gate-silent' })
  })

  test('the timer runs twice, early, for an older question and for no change: harmless', async () => {
    const change = await asking(all)
    const job = { changeId: change.id, askId: change.askId }
    all.stage.now = after(SATURDAY_NIGHT, 59_999)
    await all.stage.db.query('delete from incident_tiering_jobs._private_jobs')
    await runTask(all.stage, gateDue, job)
    expect(await read(all, change)).toMatchObject({ state: 'asking' })
    expect(await waitingJobs(all.stage, gateDue)).toMatchObject([{ data: job }])
    all.stage.now = after(SATURDAY_NIGHT, 60_000)
    await runTask(all.stage, gateDue, job)
    await runTask(all.stage, gateDue, job)
    expect(await held(change.id)).toHaveLength(1)
    const again = await askAgain(change)
    all.stage.now = after(SATURDAY_NIGHT, 180_000)
    await runTask(all.stage, gateDue, job)
    expect(await read(all, change)).toMatchObject({ state: 'asking', askId: again.askId })
    await runTask(all.stage, gateDue, { ...job, changeId: randomUUID() })
  })

  test('[A-2.4.4] answer and timer at the same moment have one effect', async () => {
    for (let round = 0; round < 5; round += 1) {
      all.stage.now = MONDAY
      const change = await asking(all)
      all.stage.now = after(SATURDAY_NIGHT, 60_000)
      await Promise.all([
        answer(all, answerTo(all, change)),
        runTask(all.stage, gateDue, { changeId: change.id, askId: change.askId }),
      ])
      expect([...(await started(change.id)), ...(await held(change.id))]).toHaveLength(1)
    }
  })
})

test('[A-3.3.5] a held change may be edited, which voids its approvals; its old answer is worthless', async () => {
  const change = await asking(all)
  await answer(all, answerTo(all, change, { isOpen: false, reasons: ['No backup.'] }))
  await must(all, change, 'amend', 'requester', { rollbackPlan: 'Another way back.' })
  await answer(all, answerTo(all, change))
  expect(await read(all, change)).toMatchObject({ state: 'submitted', askId: null })
  await must(all, change, 'approve', 'owner', unit)
  await must(all, change, 'approve', 'authority', company)
  await answer(all, answerTo(all, change))
  expect(await read(all, change)).toMatchObject({ state: 'approved' })
})

test('[A-3.3.5][B-4.3.7] a change is rolled back, which is reviewed too', async () => {
  const change = await asking(all)
  await answer(all, answerTo(all, change))
  const review = { isSuccessful: false, findings: 'The patch needs 8 GB more.' }
  expect((await act(all, change, 'review', 'owner', review)).json()).toMatchObject({
    status: 409,
    code: 'change-state',
  })
  const finished = { outcome: 'rolled-back', result: 'adop abort.' }
  expect(await must(all, change, 'finish', 'provider', finished)).toMatchObject(finished)
  expect((await act(all, change, 'finish', 'provider', finished)).json()).toMatchObject({
    status: 409,
    code: 'change-state',
  })
  expect(await must(all, change, 'review', 'owner', review)).toMatchObject({
    ...review,
    state: 'closed',
    reviewerPersonId: all.people.owner,
  })
  expect(await factsOf(all.stage, change.id, 'change.reviewed')).toMatchObject([review])
})
