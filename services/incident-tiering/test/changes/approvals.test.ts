import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { create, send } from '@erp-steward/test-kit/requests'
import { OTHER_UNIT, UNIT } from '@erp-steward/test-kit/tell-of-company'
import { caller } from '@erp-steward/test-kit/tokens'
import { authority, endUser, factsOf, MONDAY } from '../incident-stage.ts'
import {
  act,
  actAt,
  approved,
  changeStage,
  company,
  lines,
  minorChange,
  must,
  read,
  submit,
  unit,
  upgrade,
  type ChangeStage,
} from './change-stage.ts'

let all: ChangeStage

beforeAll(async () => {
  all = await changeStage()
})
afterAll(() => all.stage.release())
beforeEach(() => {
  all.stage.now = MONDAY
})

const ask = (changes: Record<string, unknown>, by: keyof ChangeStage['as'] = 'requester') =>
  create(all.stage, '/v1/changes', all.as[by], { ...minorChange(all), ...changes })

describe('asking for a change', () => {
  test('[A-3.3.2] it is kept with its plan and gets a number', async () => {
    const answer = await ask({})
    expect(answer.statusCode).toBe(201)
    expect(answer.headers).toMatchObject({ etag: '"1"' })
    const change = answer.json<{ id: string; number: string }>()
    expect(answer.headers.location).toBe(`/v1/changes/${change.id}`)
    expect(change).toMatchObject({
      state: 'submitted',
      requesterPersonId: all.people.requester,
      plannedStart: '2026-03-10T12:00:00.000Z',
      version: 1,
    })
    expect(change.number).toMatch(/^CHG-2026-\d{6}$/)
    expect(await factsOf(all.stage, change.id, 'change.submitted')).toMatchObject([
      { number: change.number, kind: 'report', unitId: UNIT, systemCode: null },
    ])
  })

  test('a repetition with the same key is the same change', async () => {
    const headers = { ...all.as.requester, 'idempotency-key': randomUUID() }
    const first = await create(all.stage, '/v1/changes', headers, minorChange(all))
    const second = await create(all.stage, '/v1/changes', headers, minorChange(all))
    expect(second.json<{ id: string }>().id).toBe(first.json<{ id: string }>().id)
  })

  test.each(['function', 'process', 'data', 'permission', 'report'])(
    '[B-4.1.5] a change of kind %s is asked for by a key user of the unit and module',
    async (kind) => {
      const body = { kind, systemCode: 'EBS-PROD' }
      expect((await ask(body)).statusCode).toBe(201)
      for (const by of ['owner', 'provider', 'authority'] as const)
        expect((await ask(body, by)).json()).toMatchObject({
          status: 403,
          code: 'not-key-user',
        })
    },
  )

  test('[B-4.1.5] without a module it is a key user of the unit', async () => {
    expect((await ask({ moduleCode: null })).statusCode).toBe(201)
    expect((await ask({ moduleCode: null }, 'owner')).json()).toMatchObject({
      code: 'not-key-user',
    })
  })

  test.each(['function', 'process', 'data', 'permission'])(
    '[B-6.2] a change of kind %s cannot pass the owner of its module over by naming none',
    async (kind) => {
      for (const changeClass of ['minor', 'emergency'])
        expect((await ask({ kind, class: changeClass, moduleCode: null })).json()).toMatchObject({
          status: 422,
          code: 'validation-failed',
          errors: [{ pointer: '#/moduleCode' }],
        })
    },
  )

  test('[B-4.1.5] a key user of another unit asks neither here nor there for us', async () => {
    expect((await ask({}, 'foreign')).json()).toMatchObject({ status: 403, code: 'outside-unit' })
    const wide = caller({ roles: ['KEY_USER'], person: all.people.foreign, unit: OTHER_UNIT })
    const answer = await create(all.stage, '/v1/changes', wide, minorChange(all))
    expect(answer.json()).toMatchObject({ status: 403, code: 'not-key-user' })
  })

  test.each(['function', 'process', 'data'])(
    '[A-2.4.4] a change of kind %s names its system, whatever its class',
    async (kind) => {
      for (const changeClass of ['minor', 'major', 'emergency'])
        expect((await ask({ kind, class: changeClass })).json()).toMatchObject({
          status: 422,
          code: 'validation-failed',
          errors: [{ pointer: '#/systemCode' }],
        })
    },
  )

  test('[A-3.3.2] a planned time that is over is none', async () => {
    const over = { plannedStart: '2026-03-09T01:00:00Z', plannedEnd: MONDAY.toISOString() }
    expect((await ask(over)).json()).toMatchObject({
      status: 422,
      errors: [{ pointer: '#/plannedEnd' }],
    })
  })

  test.each(['upgrade', 'migration', 'patch'])(
    '[A-3.3.3] a change of kind %s names its system, an upgrade and a patch their tests',
    async (kind) => {
      const refused = await ask({ kind }, 'owner')
      expect(refused.json()).toMatchObject({ status: 422, code: 'validation-failed' })
      const pointers = refused
        .json<{ errors: { pointer: string }[] }>()
        .errors.map(({ pointer }) => pointer)
      expect(pointers).toEqual(
        kind === 'migration' ? ['#/systemCode'] : ['#/systemCode', '#/testEvidence'],
      )
      const complete = { kind, systemCode: 'EBS-PROD', testEvidence: 'TEST-1' }
      expect((await ask(complete, 'owner')).statusCode).toBe(201)
    },
  )

  test('[A-3.3.3] an edit does not take the tests from an upgrade', async () => {
    const change = await submit(all, upgrade(all))
    for (const edit of [{ testEvidence: null }, { systemCode: null }])
      expect((await act(all, change, 'amend', 'requester', edit)).json()).toMatchObject({
        status: 422,
        code: 'validation-failed',
      })
  })

  test.each([
    [{ rollbackPlan: '' }],
    [{ rollbackPlan: 'with \u0000' }],
    [{ title: 'two\nlines' }],
    [{ kind: 'wish' }],
    [{ class: 'tiny' }],
    [{ plannedEnd: '2026-03-10T12:00:00Z' }],
    [{ plannedStart: 'tomorrow' }],
    [{ systemCode: 'lower case' }],
    [{ executorPersonId: 'me' }],
    [{ unknown: true }],
  ])('[A-3.3.5] %j is refused', async (changes) => {
    const answer = await ask(changes)
    expect(answer.json()).toMatchObject({ status: 422, code: 'validation-failed' })
  })

  test.each([
    [{ unitId: randomUUID() }, 'unit-unknown'],
    [{ moduleCode: 'XX' }, 'module-unknown'],
    [{ executorPersonId: randomUUID() }, 'person-unknown'],
    [{ rollbackOwnerPersonId: randomUUID() }, 'person-unknown'],
  ])('%j is not known', async (changes, code) => {
    const deputy = await ask(changes, 'deputy')
    expect(deputy.json()).toMatchObject({ status: 422, code })
  })

  test('an account without a person asks for nothing', async () => {
    const answer = await create(all.stage, '/v1/changes', authority(), minorChange(all))
    expect(answer.json()).toMatchObject({ status: 422, code: 'person-unknown' })
  })

  test('an end user has no say in changes', async () => {
    const user = endUser(all.people.leaver)
    const change = await submit(all, minorChange(all))
    for (const answer of [
      await create(all.stage, '/v1/changes', user, minorChange(all)),
      await send(all.stage, 'GET', `/v1/changes/${change.id}`, user),
      await act(all, change, 'approve', user, unit),
      await act(all, change, 'start', user),
    ])
      expect(answer.json()).toMatchObject({ status: 403, code: 'permission-missing' })
  })
})

describe('[B-7.5] the unit approves first, then the company', () => {
  test('[B-6.2] the owner of the unit and the tier 2 key user of the module', async () => {
    const change = await submit(all, minorChange(all))
    const first = await act(all, change, 'approve', 'owner', { ...unit, comment: 'Needed.' })
    expect(first.json()).toMatchObject({
      state: 'submitted',
      unitApproverPersonId: all.people.owner,
      unitApprovedAt: MONDAY.toISOString(),
    })
    expect(first.headers.etag).toBe('"2"')
    const second = await act(all, change, 'approve', 'second', company)
    expect(second.json()).toMatchObject({
      state: 'approved',
      companyApproverPersonId: all.people.second,
    })
    expect(await factsOf(all.stage, change.id, 'change.approved')).toMatchObject([
      { stage: 'unit', comment: 'Needed.', isComplete: false },
      { stage: 'company', isComplete: true },
    ])
    expect(await lines(all, change)).toMatchObject([
      { kind: 'submitted' },
      { kind: 'approved', text: 'Stage unit. Needed.' },
      { kind: 'approved', text: 'Stage company. Agreed.' },
    ])
  })

  test('the company does not go first, and no stage is given twice', async () => {
    const change = await submit(all, minorChange(all))
    const early = await act(all, change, 'approve', 'second', company)
    expect(early.json()).toMatchObject({ status: 409, code: 'change-state' })
    await must(all, change, 'approve', 'owner', unit)
    const again = await act(all, change, 'approve', 'deputy', unit)
    expect(again.json()).toMatchObject({ status: 409, code: 'change-state' })
  })

  test.each(['second', 'provider', 'authority'] as const)(
    '%s does not approve for the unit',
    async (part) => {
      const change = await submit(all, minorChange(all))
      const answer = await act(all, change, 'approve', part, unit)
      expect(answer.statusCode).toBe(403)
    },
  )

  test('[B-6.2] an owner of another unit does not even see it; company-wide is not enough', async () => {
    const change = await submit(all, minorChange(all))
    const hidden = { status: 404, code: 'change-not-found' }
    expect((await act(all, change, 'approve', 'foreign', unit)).json()).toMatchObject(hidden)
    expect(
      (await send(all.stage, 'GET', `/v1/changes/${change.id}`, all.as.foreign)).json(),
    ).toMatchObject(hidden)
    const wide = caller({ roles: ['BUSINESS_OWNER'], person: all.people.foreign, unit: OTHER_UNIT })
    expect((await act(all, change, 'approve', wide, unit)).json()).toMatchObject({
      status: 403,
      code: 'not-change-approver',
    })
  })

  test('[B-4.2.4] for the company not the owner, nor the authority, but the register decides', async () => {
    const change = await submit(all, minorChange(all))
    await must(all, change, 'approve', 'deputy', unit)
    for (const part of ['owner', 'authority'] as const)
      expect((await act(all, change, 'approve', part, company)).json()).toMatchObject({
        status: 403,
        code: 'not-change-approver',
      })
    await must(all, change, 'approve', 'second', company)
  })

  test.each([
    ['an upgrade', () => upgrade(all)],
    ['what has no module', () => ({ ...minorChange(all), moduleCode: null })],
  ])('[B-4.2.4] %s is approved by the O&M authority', async (_what, body) => {
    const change = await submit(all, body())
    await must(all, change, 'approve', 'owner', unit)
    const second = caller({ roles: ['KEY_USER'], person: all.people.second, unit: UNIT })
    expect((await act(all, change, 'approve', second, company)).json()).toMatchObject({
      status: 403,
      code: 'not-change-approver',
    })
    expect(await must(all, change, 'approve', 'authority', company)).toMatchObject({
      state: 'approved',
    })
  })

  test.each(['unit', 'company'] as const)(
    '[B-7.5] a refusal of the %s ends the change',
    async (stage) => {
      const change = await submit(all, minorChange(all))
      if (stage === 'company') await must(all, change, 'approve', 'owner', unit)
      const by = stage === 'unit' ? 'owner' : 'second'
      const rejected = await must(all, change, 'reject', by, { stage, reason: 'Not now.' })
      expect(rejected.state).toBe('rejected')
      expect(await factsOf(all.stage, change.id, 'change.rejected')).toMatchObject([
        { stage, reason: 'Not now.' },
      ])
      for (const [verb, part, body] of [
        ['approve', 'deputy', { ...unit, stage }],
        ['amend', 'requester', { title: 'Please' }],
        ['start', 'provider', undefined],
        ['withdraw', 'requester', { reason: 'x' }],
      ] as const)
        expect((await act(all, change, verb, part, body)).json()).toMatchObject({
          status: 409,
          code: 'change-state',
        })
    },
  )

  test('an account without a person approves nothing', async () => {
    const change = await submit(all, minorChange(all))
    expect((await act(all, change, 'approve', authority(), unit)).json()).toMatchObject({
      status: 422,
      code: 'person-unknown',
    })
  })

  test('[B-7.5] nothing starts before both stages are given', async () => {
    const change = await submit(all, minorChange(all))
    all.stage.now = new Date('2026-03-10T13:00:00Z')
    const early = { status: 409, code: 'change-state' }
    expect((await act(all, change, 'start', 'provider')).json()).toMatchObject(early)
    await must(all, change, 'approve', 'owner', unit)
    expect((await act(all, change, 'start', 'provider')).json()).toMatchObject(early)
  })
})

describe('edits and withdrawals', () => {
  test('only the requester edits; an edit that differs in nothing changes nothing', async () => {
    const change = await approved(all, minorChange(all))
    expect((await act(all, change, 'amend', 'owner', { title: 'Mine' })).json()).toMatchObject({
      status: 403,
      code: 'not-change-requester',
    })
    const same = await must(all, change, 'amend', 'requester', {
      title: change.title,
      plannedStart: '2026-03-10T20:00:00+08:00',
    })
    expect(same).toMatchObject({ state: 'approved', version: change.version })
  })

  test('what decides about the route of approval is not edited', async () => {
    const change = await submit(all, minorChange(all))
    for (const edit of [{ unitId: OTHER_UNIT }, { kind: 'data' }, { class: 'major' }, {}])
      expect((await act(all, change, 'amend', 'requester', edit)).json()).toMatchObject({
        status: 422,
        code: 'validation-failed',
      })
  })

  test('[B-6.2] the requester withdraws, nobody else', async () => {
    const change = await approved(all, minorChange(all))
    const reason = { reason: 'Solved otherwise.' }
    expect((await act(all, change, 'withdraw', 'owner', reason)).json()).toMatchObject({
      status: 403,
      code: 'not-change-requester',
    })
    expect(await must(all, change, 'withdraw', 'requester', reason)).toMatchObject({
      state: 'withdrawn',
    })
    expect(await factsOf(all.stage, change.id, 'change.withdrawn')).toMatchObject([reason])
  })

  test('every change asks for the version that was read', async () => {
    const change = await submit(all, minorChange(all))
    const url = `/v1/changes/${change.id}/approve`
    expect((await send(all.stage, 'POST', url, all.as.owner, unit)).json()).toMatchObject({
      status: 428,
    })
    expect((await actAt(all, change, 7, 'approve', 'owner', unit)).json()).toMatchObject({
      status: 412,
      code: 'version-stale',
      currentVersion: 1,
    })
    expect((await read(all, change)).version).toBe(1)
  })

  test('a change that is not there is not found', async () => {
    const nowhere = { id: randomUUID() }
    expect((await actAt(all, nowhere, 1, 'start', 'provider')).json()).toMatchObject({
      status: 404,
      code: 'change-not-found',
    })
    const timeline = await send(
      all.stage,
      'GET',
      `/v1/changes/${nowhere.id}/timeline`,
      all.as.owner,
    )
    expect(timeline.statusCode).toBe(404)
  })
})

describe('the list', () => {
  const list = async (by: keyof ChangeStage['as'], query = '') =>
    (await send(all.stage, 'GET', `/v1/changes?limit=200${query}`, all.as[by])).json<{
      items: { id: string }[]
      next: string | null
    }>()

  test('is filtered by state, unit and kind, and pages, newest first', async () => {
    all.stage.now = new Date('2026-03-09T03:00:00Z')
    const older = await submit(all, upgrade(all))
    all.stage.now = new Date('2026-03-09T04:00:00Z')
    const newer = await approved(all, minorChange(all))
    expect((await list('authority', '&kind=upgrade&state=submitted')).items[0]).toMatchObject({
      id: older.id,
    })
    expect((await list('authority', '&state=approved')).items[0]).toMatchObject({ id: newer.id })
    expect((await list('authority', `&unitId=${OTHER_UNIT}`)).items).toEqual([])
    const page = await send(all.stage, 'GET', '/v1/changes?limit=1', all.as.authority)
    const { items, next } = page.json<{ items: { id: string }[]; next: string }>()
    expect(items).toMatchObject([{ id: newer.id }])
    const rest = await send(
      all.stage,
      'GET',
      `/v1/changes?limit=1&cursor=${next}`,
      all.as.authority,
    )
    expect(rest.json()).toMatchObject({ items: [{ id: older.id }] })
  })

  test('shows a unit its own, and others those in which they have a part', async () => {
    const change = await submit(all, minorChange(all))
    const ids = async (by: keyof ChangeStage['as']) => (await list(by)).items.map((item) => item.id)
    expect(await ids('requester')).toContain(change.id)
    expect(await ids('foreign')).not.toContain(change.id)
    // Tier 2 of GL, whose account belongs to another unit.
    expect(await ids('second')).toContain(change.id)
    const helper = { ...minorChange(all), executorPersonId: all.people.foreign }
    const theirs = await submit(all, helper)
    expect(await ids('foreign')).toContain(theirs.id)
  })
})
