import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { create } from '@erp-steward/test-kit/requests'
import { facts, factsOf, nominate, tellOfPerson, fillDirectory } from '../incident-stage.ts'
import {
  act,
  actAt,
  almighty,
  changeStage,
  company,
  lines,
  minorChange,
  must,
  read,
  submit,
  TUESDAY_NIGHT,
  unit,
  type ChangeNow,
  type ChangeStage,
} from './change-stage.ts'

/** Everybody here holds every role and every duty, so that nothing but the person decides. */
const names = ['ann', 'bob', 'cai', 'dan', 'eve'] as const
type Name = (typeof names)[number]

let all: ChangeStage
let id: Record<Name, string>

beforeAll(async () => {
  all = await changeStage()
  id = await fillDirectory(all.stage, ...names)
  for (const name of names)
    for (const tier of ['L1', 'L2'] as const) await nominate(all.stage, id[name], { tier })
})
afterAll(() => all.stage.release())
beforeEach(() => {
  all.stage.now = TUESDAY_NIGHT
})

const as = (name: Name) => almighty(id[name])
const body = (executor: Name) => ({ ...minorChange(all), executorPersonId: id[executor] })
/** Ann asks, Dan is to carry it out. */
const submitted = () => submit(all, body('dan'), as('ann'))
const step = {
  unit: (change: ChangeNow, name: Name) => act(all, change, 'approve', as(name), unit),
  company: (change: ChangeNow, name: Name) => act(all, change, 'approve', as(name), company),
  executor: (change: ChangeNow, name: Name) =>
    act(all, change, 'amend', as('ann'), { executorPersonId: id[name] }),
  title: (change: ChangeNow, title: string) => act(all, change, 'amend', as('ann'), { title }),
}
const samePerson = { status: 409, code: 'same-person' }

describe('[B-4.2.4] requester, approvers and executor are different people, in every order', () => {
  test('four people do it', async () => {
    const change = await submitted()
    expect((await step.unit(change, 'bob')).json()).toMatchObject({ state: 'submitted' })
    expect((await step.company(change, 'cai')).json()).toMatchObject({
      state: 'approved',
      requesterPersonId: id.ann,
      unitApproverPersonId: id.bob,
      companyApproverPersonId: id.cai,
      executorPersonId: id.dan,
    })
    expect((await act(all, change, 'start', as('dan'))).json()).toMatchObject({ state: 'started' })
  })

  test('who asks is not named executor', async () => {
    const answer = await create(all.stage, '/v1/changes', as('ann'), body('ann'))
    expect(answer.json()).toMatchObject(samePerson)
  })

  test.each([
    ['the requester', 'unit', 'ann'],
    ['the executor', 'unit', 'dan'],
  ] as const)('%s does not approve the stage %s', async (_who, stage, name) => {
    const change = await submitted()
    expect((await step[stage](change, name)).json()).toMatchObject(samePerson)
    const reject = { stage, reason: 'No.' }
    expect((await act(all, change, 'reject', as(name), reject)).json()).toMatchObject(samePerson)
    expect(await read(all, change)).toMatchObject({ version: 1, state: 'submitted' })
  })

  test.each([
    ['the requester', 'ann'],
    ['the executor', 'dan'],
    ['who approved for the unit', 'bob'],
  ] as const)('%s does not approve for the company', async (_who, name) => {
    const change = await submitted()
    await step.unit(change, 'bob')
    expect((await step.company(change, name)).json()).toMatchObject(samePerson)
    const reject = { stage: 'company', reason: 'No.' }
    expect((await act(all, change, 'reject', as(name), reject)).json()).toMatchObject(samePerson)
    expect(await read(all, change)).toMatchObject({ version: 2, state: 'submitted' })
  })

  test.each([
    ['the requester', 'ann'],
    ['who approved for the unit', 'bob'],
    ['who approved for the company', 'cai'],
  ] as const)('%s does not become the executor by an edit', async (_who, name) => {
    const change = await submitted()
    await step.unit(change, 'bob')
    await step.company(change, 'cai')
    expect((await step.executor(change, name)).json()).toMatchObject(samePerson)
    expect(await read(all, change)).toMatchObject({ state: 'approved', executorPersonId: id.dan })
  })

  test.each(['bob', 'cai'] as const)(
    'an approval that an edit voided still keeps %s from becoming the executor',
    async (name) => {
      const change = await submitted()
      await step.unit(change, 'bob')
      await step.company(change, 'cai')
      expect((await step.title(change, 'Another title')).json()).toMatchObject({
        state: 'submitted',
        unitApproverPersonId: null,
        companyApproverPersonId: null,
      })
      expect((await step.executor(change, name)).json()).toMatchObject(samePerson)
      // The voided approvals are given anew by the same people.
      await step.unit(change, 'cai')
      expect((await step.company(change, 'bob')).json()).toMatchObject({ state: 'approved' })
    },
  )

  test('an executor named by an edit does not approve; the former one may, and then stays out', async () => {
    const change = await submitted()
    await step.executor(change, 'eve')
    expect((await step.unit(change, 'eve')).json()).toMatchObject(samePerson)
    expect((await step.unit(change, 'dan')).json()).toMatchObject({ unitApproverPersonId: id.dan })
    expect((await step.company(change, 'eve')).json()).toMatchObject(samePerson)
    expect((await step.executor(change, 'dan')).json()).toMatchObject(samePerson)
    expect((await step.company(change, 'cai')).json()).toMatchObject({ state: 'approved' })
  })

  test.each(['ann', 'bob', 'cai', 'eve'] as const)(
    '%s, who is not the executor, starts nothing',
    async (name) => {
      const change = await submitted()
      await step.unit(change, 'bob')
      await step.company(change, 'cai')
      expect((await act(all, change, 'start', as(name))).json()).toMatchObject({
        status: 403,
        code: 'not-change-executor',
      })
    },
  )

  test('[A-3.3.5] the executor does not review the own work; somebody else closes it', async () => {
    const change = await submitted()
    await step.unit(change, 'bob')
    await step.company(change, 'cai')
    await must(all, change, 'start', as('dan'))
    expect(
      (await act(all, change, 'finish', as('bob'), { outcome: 'deployed', result: 'x' })).json(),
    ).toMatchObject({ status: 403, code: 'not-change-executor' })
    await must(all, change, 'finish', as('dan'), { outcome: 'deployed', result: 'All done.' })
    const review = { isSuccessful: true, findings: 'No complaint.' }
    expect((await act(all, change, 'review', as('dan'), review)).json()).toMatchObject(samePerson)
    expect((await act(all, change, 'review', as('eve'), review)).json()).toMatchObject({
      state: 'closed',
      reviewerPersonId: id.eve,
    })
    expect((await facts(all.stage, change.id)).map(({ fact }) => fact)).toEqual([
      'change.submitted',
      'change.approved',
      'change.approved',
      'change.started',
      'change.finished',
      'change.reviewed',
    ])
  })

  test.each([
    ['requester_person_id = executor_person_id'],
    ['executor_person_id = requester_person_id'],
    ['unit_approver_person_id = executor_person_id'],
    ['unit_approver_person_id = requester_person_id'],
    ['company_approver_person_id = executor_person_id'],
    ['company_approver_person_id = requester_person_id'],
    ['company_approver_person_id = unit_approver_person_id'],
    ['voided_approver_person_ids = array[executor_person_id]'],
  ])('the database itself refuses %s', async (assignment) => {
    const change = await submitted()
    await step.unit(change, 'bob')
    await expect(
      all.stage.db.query(`update change set ${assignment} where id = $1`, [change.id]),
    ).rejects.toThrow('change_people_check')
  })

  test('the database itself refuses a start without approvals and one without a backup', async () => {
    const change = await submitted()
    await expect(
      all.stage.db.query(`update change set state = 'approved' where id = $1`, [change.id]),
    ).rejects.toThrow('change_approval_check')
    await expect(
      all.stage.db.query(`update change set system_code = 'X', started_at = now() where id = $1`, [
        change.id,
      ]),
    ).rejects.toThrow('change_backup_check')
  })
})

describe('at the same moment', () => {
  test('[B-4.2.4] of two approvers under one version one is heard', async () => {
    const change = await submitted()
    const answers = await Promise.all(
      (['bob', 'cai'] as const).map((name) =>
        actAt(all, change, change.version, 'approve', as(name), unit),
      ),
    )
    expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([200, 412])
    expect(await factsOf(all.stage, change.id, 'change.approved')).toHaveLength(1)
  })

  test('[B-4.2.4] whoever approves while being named executor is one of both', async () => {
    for (let round = 0; round < 5; round += 1) {
      const change = await submitted()
      const [approval, edit] = await Promise.all([
        actAt(all, change, change.version, 'approve', as('bob'), unit),
        actAt(all, change, change.version, 'amend', as('ann'), { executorPersonId: id.bob }),
      ])
      expect([approval.statusCode, edit.statusCode].sort()).toEqual([200, 412])
      const now = await read(all, change)
      expect(now.unitApproverPersonId === id.bob && now.executorPersonId === id.bob).toBe(false)
    }
  })

  test('an approval under a version read before an edit is stale', async () => {
    const change = await submitted()
    await step.title(change, 'Something else entirely')
    const stale = await actAt(all, change, change.version, 'approve', as('bob'), unit)
    expect(stale.json()).toMatchObject({ status: 412, code: 'version-stale' })
  })
})

describe('people who have left', () => {
  test('[B-4.2.4] neither ask, approve, start nor are they named', async () => {
    const change = await submitted()
    const gone = { status: 422, code: 'person-unknown' }
    await tellOfPerson(all.stage, id.eve, { name: 'eve', active: false })
    expect((await step.unit(change, 'eve')).json()).toMatchObject(gone)
    expect((await step.executor(change, 'eve')).json()).toMatchObject(gone)
    for (const [name, executor] of [
      ['eve', 'dan'],
      ['ann', 'eve'],
    ] as const)
      expect(
        (await create(all.stage, '/v1/changes', as(name), body(executor))).json(),
      ).toMatchObject(gone)
    await step.unit(change, 'bob')
    await step.company(change, 'cai')
    await tellOfPerson(all.stage, id.dan, { name: 'dan', active: false })
    expect((await act(all, change, 'start', as('dan'))).json()).toMatchObject(gone)
    await tellOfPerson(all.stage, id.dan, { name: 'dan' })
    await tellOfPerson(all.stage, id.eve, { name: 'eve' })
  })
})

test('[B-6.2] an edit after an approval voids it, and the timeline and a fact say so', async () => {
  const change = await submitted()
  await step.unit(change, 'bob')
  await step.title(change, 'Reworded')
  expect((await lines(all, change)).map(({ kind }) => kind)).toEqual([
    'submitted',
    'approved',
    'amended',
    'approvals-voided',
  ])
  expect(await factsOf(all.stage, change.id, 'change.amended')).toMatchObject([
    { members: ['title'], voidedApproverPersonIds: [id.bob] },
  ])
  expect((await step.company(change, 'cai')).json()).toMatchObject({ code: 'change-state' })
})
