import { createHash, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { eventually } from '@erp-steward/test-kit/eventually'
import { queuedEvents } from '@erp-steward/test-kit/queued-events'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { create, send, made, refusal, type Resource } from '@erp-steward/test-kit/requests'
import { after, DAY, HOUR, MINUTE } from '@erp-steward/test-kit/instants'
import { OTHER_UNIT, UNIT } from '@erp-steward/test-kit/tell-of-company'
import { caller } from '@erp-steward/test-kit/tokens'
import {
  authority,
  backUp,
  backupStage,
  changeTarget,
  copyIn,
  digestOf,
  emptyStage,
  factsOf,
  inUnit,
  lease,
  leased,
  MANIFEST,
  MONDAY,
  owner,
  person,
  provider,
  readBack,
  report,
  target,
  tickAt,
} from '../backup-stage.ts'

let stage: TestService

beforeAll(async () => {
  stage = await backupStage()
})
afterAll(() => stage.release())
beforeEach(async () => {
  await emptyStage(stage)
  for (const id of [planner, approver, executor]) await person(stage, id, { roles: EVERY })
})

const EVERY = ['OM_AUTHORITY', 'BUSINESS_OWNER', 'OM_PROVIDER']
const planner = randomUUID()
const approver = randomUUID()
const executor = randomUUID()

const written = {
  purpose: 'Monthly drill',
  kind: 'drill',
  incidentNumber: null,
  steps: ['Lease a scratch place', 'Restore', 'Compare'],
  checkPoints: ['Every file is there'],
  fallback: 'The scratch place is removed; production is not touched.',
  peopleInvolved: ['Wang', 'Li'],
  plannedFor: '2026-03-09T04:00:00.000Z',
}

const plan = (copyId: string, headers = provider(planner), changes: object = {}) =>
  create(stage, '/v1/restore-plans', headers, { copyId, ...written, ...changes })

/** A plan for the proven primary copy of a new target. */
async function planned(): Promise<Resource> {
  const { id } = await target(stage)
  const done = await backUp(stage, id)
  return made(plan(copyIn(done, 'primary').id))
}

const url = ({ id }: Resource, verb: string) => `/v1/restore-plans/${id}/${verb}`
const read = ({ id }: Resource) => made(send(stage, 'GET', `/v1/restore-plans/${id}`, authority()))
const approve = (of: Resource, headers = owner(approver), planDigest: unknown = of.planDigest) =>
  send(stage, 'POST', url(of, 'approve'), headers, { planDigest, comment: 'go' })
const refuse = (of: Resource, headers = owner(approver)) =>
  send(stage, 'POST', url(of, 'refuse'), headers, { reason: 'not now' })
const executeNow = (of: Resource, headers = provider(executor)) =>
  send(stage, 'POST', url(of, 'execute'), headers)
/** At its planned time, or now if that is over. */
const execute = (of: Resource, headers = provider(executor)) => {
  stage.now = new Date(Math.max(stage.now.getTime(), Date.parse(written.plannedFor)))
  return executeNow(of, headers)
}
const rewrite = (of: Resource, changes: object, headers = provider(planner)) =>
  send(
    stage,
    'PATCH',
    `/v1/restore-plans/${of.id}`,
    { 'if-match': `"${String(of.version)}"`, ...headers },
    changes,
  )
const restored = (changes: object = {}) => ({
  outcome: 'restored',
  manifestDigest: MANIFEST,
  compared: 3,
  differences: [],
  scratch: '/scratch/restore_0000001_1',
  ...changes,
})
const refusals = async () =>
  (await queuedEvents(stage.db))
    .filter(({ type }) => type === 'audit.access.refused.v1')
    .map(({ data }) => (data as { code: string }).code)

async function damage(copyId: unknown) {
  await made(send(stage, 'POST', `/v1/backup-copies/${String(copyId)}/verify`, provider()))
  await made(
    report(stage, await leased(stage, 'verify'), readBack('verified', { readDigest: null })),
  )
}

describe('a plan', () => {
  test('[A-2.4.6] holds what was written and what the catalogue knows of the copy', async () => {
    const drawn = await planned()
    expect(drawn).toMatchObject({
      number: expect.stringMatching(/^R-\d{7}$/),
      ...written,
      state: 'planned',
      requesterPersonId: planner,
      facts: {
        executor: 'filesystem',
        siteCode: 'PRIMARY',
        storedBytes: 1_000,
        manifestDigest: MANIFEST,
        dataAt: '2026-03-09T02:00:00.000Z',
        lossSeconds: 7_200,
      },
      planDigest: expect.stringMatching(/^[0-9a-f]{64}$/),
    })
    expect(await factsOf(stage, 'restore.planned', drawn.id)).toMatchObject([
      { planDigest: drawn.planDigest, requesterPersonId: planner },
    ])
  })

  test.each(['steps', 'checkPoints', 'fallback', 'peopleInvolved', 'plannedFor'] as const)(
    '[A-2.4.6] without %s is none',
    async (member) => {
      const { id } = await target(stage)
      const done = await backUp(stage, id)
      const { [member]: _left, ...rest } = written
      const answer = await create(stage, '/v1/restore-plans', provider(planner), {
        copyId: copyIn(done, 'primary').id,
        ...rest,
      })
      expect(answer.statusCode).toBe(422)
    },
  )

  test('is not drawn up from a copy that is not proven or damaged, nor from none', async () => {
    const { id } = await target(stage)
    const done = await backUp(stage, id, { offsite: false })
    expect(await refusal(plan(copyIn(done, 'offsite').id))).toEqual([409, 'backup-copy-state'])
    const primary = copyIn(done, 'primary').id
    await made(report(stage, await leased(stage, 'copy'), readBack('copied')))
    await damage(primary)
    expect(await refusal(plan(primary))).toEqual([409, 'backup-copy-state'])
    expect(await refusal(plan(randomUUID()))).toEqual([404, 'backup-copy-not-found'])
  })

  test('is drawn up by a person: an account without one is refused', async () => {
    const { id } = await target(stage)
    const done = await backUp(stage, id)
    expect(await refusal(plan(copyIn(done, 'primary').id, provider()))).toEqual([
      403,
      'person-required',
    ])
  })

  test('of another unit is neither seen nor touched', async () => {
    const drawn = await planned()
    const foreign = inUnit(OTHER_UNIT, randomUUID())
    for (const answer of [
      send(stage, 'GET', `/v1/restore-plans/${drawn.id}`, foreign),
      send(stage, 'GET', url(drawn, 'receipt'), foreign),
      approve(drawn, foreign),
      refuse(drawn, foreign),
      execute(drawn, foreign),
      rewrite(drawn, { purpose: 'x' }, foreign),
    ])
      expect(await refusal(answer)).toEqual([404, 'restore-plan-not-found'])
    expect(await made(send(stage, 'GET', '/v1/restore-plans', foreign))).toMatchObject({
      items: [],
    })
    expect(await refusal(plan(String(drawn.copyId), foreign))).toEqual([403, 'outside-unit'])
  })

  test('is rewritten by its planner alone, as last read, and not once it is refused', async () => {
    const drawn = await planned()
    expect(await refusal(rewrite(drawn, { purpose: 'x' }, provider(executor)))).toEqual([
      403,
      'not-planner',
    ])
    const again = await made(rewrite(drawn, { plannedFor: '2026-03-09T05:00:00.000Z' }))
    expect(again).toMatchObject({ version: 2, facts: { lossSeconds: 10_800 } })
    expect(again.planDigest).not.toBe(drawn.planDigest)
    expect(await refusal(rewrite(drawn, { purpose: 'x' }))).toEqual([412, 'version-stale'])
    await made(refuse(again))
    expect(await refusal(rewrite(await read(drawn), { purpose: 'x' }))).toEqual([
      409,
      'restore-plan-state',
    ])
  })
})

test('[A-2.4.6][A-2.4.7] an approved restore does not start before the time it is planned for', async () => {
  const drawn = await planned()
  await made(approve(drawn))
  stage.now = new Date(Date.parse(written.plannedFor) - 1)
  expect(await refusal(executeNow(drawn))).toEqual([409, 'restore-plan-state'])
  expect(await read(drawn)).toMatchObject({ state: 'approved', executorPersonId: null })
  stage.now = new Date(written.plannedFor)
  expect(await made(executeNow(drawn))).toMatchObject({ state: 'executing' })
})

describe('the approval', () => {
  test('[A-2.4.7] is given by somebody in charge who did not plan', async () => {
    const drawn = await planned()
    expect(await made(approve(drawn))).toMatchObject({
      state: 'approved',
      approverPersonId: approver,
      approvedDigest: drawn.planDigest,
      validUntil: '2026-03-16T02:00:00.000Z',
    })
    expect(await factsOf(stage, 'restore.approved', drawn.id)).toMatchObject([
      { planDigest: drawn.planDigest, approverPersonId: approver },
    ])
  })

  test('[A-2.4.7] of the own plan is refused, and that somebody tried is on record', async () => {
    const drawn = await planned()
    expect(await refusal(approve(drawn, authority(planner)))).toEqual([409, 'same-person'])
    expect(await refusal(refuse(drawn, authority(planner)))).toEqual([409, 'same-person'])
    expect(await read(drawn)).toMatchObject({ state: 'planned', approverPersonId: null })
    // Kept beside the answer, not before it.
    await eventually(async () => {
      expect(await refusals()).toEqual(['same-person', 'same-person'])
    })
  })

  test('[A-2.4.7] by an account without a person, or without the right, is refused', async () => {
    const drawn = await planned()
    expect(await refusal(approve(drawn, authority()))).toEqual([403, 'person-required'])
    expect(await refusal(approve(drawn, provider(approver)))).toEqual([403, 'permission-missing'])
    const admin = caller({ roles: ['SYSTEM_ADMIN'], person: approver })
    expect(await refusal(approve(drawn, admin))).toEqual([403, 'permission-missing'])
  })

  test('[A-2.4.7] is of the unit whose data it is: nobody else gives it', async () => {
    const drawn = await planned()
    const foreign = randomUUID()
    await person(stage, foreign, { roles: EVERY, unitId: OTHER_UNIT })
    const notInCharge = [403, 'not-plan-approver']
    const wide = caller({ roles: ['BUSINESS_OWNER'], person: foreign, unit: OTHER_UNIT })
    const posing = caller({ roles: ['BUSINESS_OWNER'], person: foreign, unit: UNIT })
    for (const headers of [authority(approver), authority(executor), wide, posing]) {
      expect(await refusal(approve(drawn, headers))).toEqual(notInCharge)
      expect(await refusal(refuse(drawn, headers))).toEqual(notInCharge)
    }
    await made(approve(drawn))
  })

  test('[A-2.4.7] of a plan that was changed meanwhile is refused', async () => {
    const drawn = await planned()
    const again = await made(rewrite(drawn, { steps: ['Something else'] }))
    expect(await refusal(approve(drawn))).toEqual([409, 'restore-plan-changed'])
    await made(approve(again))
  })

  test('[A-2.4.7] is void when the plan is changed after it', async () => {
    const drawn = await planned()
    const approved = await made(approve(drawn))
    await made(rewrite(approved, { fallback: 'Another way back' }))
    expect(await read(drawn)).toMatchObject({
      state: 'planned',
      approvedDigest: null,
      validUntil: null,
    })
    expect(await refusal(execute(drawn))).toEqual([409, 'restore-plan-state'])
  })

  test('given twice is given once; by another it is not given again', async () => {
    const drawn = await planned()
    const answers = await Promise.all([approve(drawn), approve(drawn)])
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200])
    expect(await factsOf(stage, 'restore.approved', drawn.id)).toHaveLength(1)
    expect(await refusal(approve(drawn, owner(executor)))).toEqual([409, 'restore-plan-state'])
  })

  test('[A-2.4.7] that has expired starts nothing, and may be given again', async () => {
    const drawn = await planned()
    await made(approve(drawn))
    stage.now = after(MONDAY, 7 * DAY)
    expect(await refusal(execute(drawn))).toEqual([409, 'approval-expired'])
    await made(approve(drawn))
    await made(execute(drawn))
  })

  test('[A-2.4.7] that has expired and was given by somebody else still keeps the first from executing', async () => {
    const second = randomUUID()
    await person(stage, second, { roles: EVERY })
    const drawn = await planned()
    await made(approve(drawn))
    stage.now = after(MONDAY, 7 * DAY)
    await made(approve(drawn, owner(second)))
    for (const either of [approver, second])
      expect(await refusal(execute(drawn, provider(either)))).toEqual([409, 'same-person'])
    await made(execute(drawn))
  })

  test('[A-2.4.7] that is refused ends the plan', async () => {
    const drawn = await planned()
    await made(refuse(drawn))
    await made(refuse(drawn))
    expect(await factsOf(stage, 'restore.refused', drawn.id)).toMatchObject([
      { reason: 'not now', approverPersonId: approver },
    ])
    expect(await refusal(approve(drawn))).toEqual([409, 'restore-plan-state'])
    expect(await refusal(execute(drawn))).toEqual([409, 'restore-plan-state'])
  })
})

describe('the execution', () => {
  test('[A-2.4.6][A-2.4.7] needs an approved plan and somebody who did not approve it', async () => {
    const drawn = await planned()
    expect(await refusal(execute(drawn))).toEqual([409, 'restore-plan-state'])
    await made(approve(drawn))
    expect(await refusal(execute(drawn, authority(approver)))).toEqual([409, 'same-person'])
    expect(await refusal(execute(drawn, provider()))).toEqual([403, 'person-required'])
    expect(await refusal(execute(drawn, provider(planner)))).toEqual([409, 'same-person'])
    expect(await lease(stage)).toBeNull()
    expect(await made(execute(drawn))).toMatchObject({ state: 'executing' })
    expect(await factsOf(stage, 'restore.started', drawn.id)).toMatchObject([
      { executorPersonId: executor, planDigest: drawn.planDigest },
    ])
  })

  test('[A-2.4.7] is not for who approved before the plan was changed', async () => {
    const drawn = await planned()
    await made(approve(drawn))
    const again = await made(rewrite(await read(drawn), { fallback: 'Another way back' }))
    const other = randomUUID()
    await person(stage, other, { roles: EVERY })
    await made(approve(again, owner(other)))
    expect(await refusal(execute(drawn, authority(approver)))).toEqual([409, 'same-person'])
    await made(execute(drawn))
  })

  test.each<[string, string, object]>([
    ['the approver has left', 'approval-expired', { active: false }],
    ['the approver lost the role', 'approval-expired', { roles: ['END_USER'] }],
    ['the account of the approver is frozen', 'approval-expired', { accountStatus: 'frozen' }],
    ['the approver leads another unit now', 'approval-expired', { unitId: OTHER_UNIT }],
    ['the approver leads nothing any more', 'approval-expired', { roles: ['OM_AUTHORITY'] }],
    ['the executor lost the role', 'not-plan-executor', { roles: ['END_USER'] }],
  ])('[A-2.4.7] does not begin when %s', async (_, code, changes) => {
    const drawn = await planned()
    await made(approve(drawn))
    const who = code === 'approval-expired' ? approver : executor
    await person(stage, who, { roles: EVERY, ...changes })
    expect((await refusal(execute(drawn)))[1]).toBe(code)
    await person(stage, who, { roles: EVERY })
    await made(execute(drawn))
  })

  test.each<[string, object]>([
    ['source', { source: { executor: 'filesystem', path: '/elsewhere', exclude: [] } }],
    ['key', { keyId: 'KEY2' }],
    ['agent', { agentId: 'another-agent' }],
  ])(
    '[A-2.4.7] waits for another approval when the %s of the target was changed',
    async (_, to) => {
      const drawn = await planned()
      await made(approve(drawn))
      await changeTarget(stage, String(drawn.targetId), to)
      expect(await read(drawn)).toMatchObject({ state: 'planned', approverPersonId: null })
      expect(await factsOf(stage, 'restore.approval-voided', drawn.id)).toMatchObject([
        { approverPersonId: approver },
      ])
      expect(await refusal(execute(drawn))).toEqual([409, 'restore-plan-state'])
      await made(approve(drawn))
      await made(execute(drawn))
    },
  )

  test('asked for twice at once starts once', async () => {
    const drawn = await planned()
    await made(approve(drawn))
    const answers = await Promise.all(Array.from({ length: 4 }, () => execute(drawn)))
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200, 200])
    expect(await factsOf(stage, 'restore.started', drawn.id)).toHaveLength(1)
  })

  test('[A-2.4.7] of a plan that was changed behind the back of the product is refused', async () => {
    const drawn = await planned()
    await made(approve(drawn))
    await stage.db.query(`update restore_plan set steps = '["Overwrite production"]'`)
    expect(await refusal(execute(drawn))).toEqual([409, 'restore-plan-changed'])
  })

  test('of a copy that was found damaged meanwhile is refused, and fails where it waited', async () => {
    const drawn = await planned()
    await made(approve(drawn))
    const late = await made(plan(String(drawn.copyId)))
    await made(approve(late))
    await made(send(stage, 'POST', `/v1/backup-copies/${String(drawn.copyId)}/verify`, provider()))
    const verification = await leased(stage, 'verify')
    await made(execute(late))
    await made(report(stage, verification, readBack('verified', { readDigest: null })))
    expect(await refusal(execute(drawn))).toEqual([409, 'backup-copy-state'])
    expect(await lease(stage)).toBeNull()
    expect(await read(late)).toMatchObject({ state: 'finished', outcome: 'failed' })
  })

  test('[A-2.4.5] into a scratch place, compared, leaves a receipt that anybody can check', async () => {
    const drawn = await planned()
    await made(approve(drawn))
    stage.now = after(MONDAY, HOUR)
    expect(await refusal(send(stage, 'GET', url(drawn, 'receipt'), authority()))).toEqual([
      409,
      'restore-plan-state',
    ])
    await made(execute(drawn))
    const work = await leased(stage, 'restore')
    expect(work).toMatchObject({
      planId: drawn.id,
      executor: 'filesystem',
      copy: { copyId: drawn.copyId, siteCode: 'PRIMARY' },
      scratchName: expect.stringMatching(/^restore_\d{7}_1$/),
      manifestDigest: MANIFEST,
    })
    stage.now = after(stage.now, 10 * MINUTE)
    await made(report(stage, work, restored()))
    const { canonical, digest, receipt } = await made<{
      canonical: string
      digest: string
      receipt: unknown
    }>(send(stage, 'GET', url(drawn, 'receipt'), authority()))
    expect(createHash('sha256').update(canonical).digest('hex')).toBe(digest)
    expect(JSON.parse(canonical)).toEqual(receipt)
    expect(receipt).toMatchObject({
      plan: { number: drawn.number, steps: written.steps },
      planDigest: drawn.planDigest,
      people: {
        requesterPersonId: planner,
        approverPersonId: approver,
        executorPersonId: executor,
      },
      outcome: 'identical',
      seconds: 600,
      rto: { value: 'PT4H', isKept: true },
      tool: 'tar 1.35',
      scratch: '/scratch/restore_0000001_1',
    })
    const sealed = canonical.slice(canonical.indexOf('"plan":') + 7)
    expect(digestOf(`{"plan":${sealed.slice(0, sealed.indexOf(',"planDigest"'))}}`)).toBe(
      drawn.planDigest,
    )
    expect(await factsOf(stage, 'restore.finished', drawn.id)).toMatchObject([
      { outcome: 'identical', seconds: 600, withinRto: true, receiptDigest: digest, compared: 3 },
    ])
    expect(await refusal(execute(drawn))).toEqual([409, 'restore-plan-state'])
  })

  test.each([
    ['the lists differ', { manifestDigest: digestOf('other') }, 'lists'],
    ['a file differs', { differences: ['a.txt: its bytes differ'] }, 'a.txt'],
  ])('[A-2.4.5] is not identical when %s', async (_, changes, detail) => {
    const drawn = await planned()
    await made(approve(drawn))
    await made(execute(drawn))
    await made(report(stage, await leased(stage, 'restore'), restored(changes)))
    expect(await read(drawn)).toMatchObject({
      outcome: 'different',
      detail: expect.stringContaining(detail),
      withinRto: false,
    })
  })

  test('[A-2.4.5] that took longer than allowed says so', async () => {
    const drawn = await planned()
    await made(approve(drawn))
    await made(execute(drawn))
    const work = await leased(stage, 'restore')
    stage.now = after(stage.now, 4 * HOUR + 1_000)
    await made(report(stage, work, restored()))
    expect(await read(drawn)).toMatchObject({ outcome: 'identical', withinRto: false })
  })

  test('whose agent fell silent three times has failed, with a receipt', async () => {
    const drawn = await planned()
    await made(approve(drawn))
    await made(execute(drawn))
    const places = new Set<string>()
    for (let n = 0; n < 3; n += 1) {
      places.add((await leased(stage, 'restore')).scratchName)
      await tickAt(stage, after(stage.now, 2 * MINUTE))
    }
    expect(places.size).toBe(3)
    expect(await read(drawn)).toMatchObject({
      state: 'finished',
      outcome: 'failed',
      withinRto: false,
    })
    await made(send(stage, 'GET', url(drawn, 'receipt'), authority()))
  })
})
