import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { ModuleChanged } from '@erp-steward/contracts/directory-events'
import { create } from '@erp-steward/test-kit/requests'
import { after } from '@erp-steward/test-kit/instants'
import { runTask } from '@erp-steward/test-kit/run-task'
import { tell } from '@erp-steward/test-kit/tell'
import { OTHER_UNIT, tellOfPerson, UNIT } from '@erp-steward/test-kit/tell-of-company'
import { caller, type Caller } from '@erp-steward/test-kit/tokens'
import { authority, facts, factsOf, fillDirectory, nominate } from '../incident-stage.ts'
import {
  act,
  actAt,
  almighty,
  changeStage,
  company,
  lines,
  minorChange,
  must,
  peopleOf,
  read,
  standing,
  submit,
  TUESDAY_NIGHT,
  unit,
  type ChangeNow,
  type ChangeStage,
} from './change-stage.ts'

/** Everybody here holds every role and every duty, so that nothing but person and unit decides. */
const ofUnit = ['ann', 'bob', 'fay', 'ida'] as const
/** Of another unit: the company's stage is for them alone. */
const ofOthers = ['cai', 'dan', 'eve', 'gus'] as const
const names = [...ofUnit, ...ofOthers]
type Name = (typeof names)[number]

let all: ChangeStage
let id: Record<Name, string>

beforeAll(async () => {
  all = await changeStage()
  id = {
    ...(await fillDirectory(all.stage, ...ofUnit)),
    ...(await peopleOf(all.stage, OTHER_UNIT, ...ofOthers)),
  }
  for (const name of ofUnit) await standing(all.stage, id[name])
  for (const name of ofUnit) await nominate(all.stage, id[name], { tier: 'L1' })
  for (const name of names) await nominate(all.stage, id[name], { tier: 'L2' })
})
afterAll(() => all.stage.release())
beforeEach(() => {
  all.stage.now = TUESDAY_NIGHT
})

const unitOf = (name: Name) => (ofUnit.some((each) => each === name) ? UNIT : OTHER_UNIT)
const as = (name: Name) => almighty(id[name], unitOf(name))
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
    ['the executor', 'unit', 'fay'],
  ] as const)('%s does not approve the stage %s', async (_who, stage, name) => {
    const change = await submit(all, body('fay'), as('ann'))
    expect((await step[stage](change, name)).json()).toMatchObject(samePerson)
    const reject = { stage, reason: 'No.' }
    expect((await act(all, change, 'reject', as(name), reject)).json()).toMatchObject(samePerson)
    expect(await read(all, change)).toMatchObject({ version: 1, state: 'submitted' })
  })

  test('the executor does not approve for the company', async () => {
    const change = await submitted()
    await step.unit(change, 'bob')
    const name = 'dan'
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
      await step.unit(change, 'bob')
      expect((await step.company(change, 'cai')).json()).toMatchObject({ state: 'approved' })
    },
  )

  test('an executor named by an edit does not approve; the former one may, and then stays out', async () => {
    const change = await submit(all, body('fay'), as('ann'))
    await step.executor(change, 'eve')
    expect((await step.unit(change, 'fay')).json()).toMatchObject({ unitApproverPersonId: id.fay })
    expect((await step.company(change, 'eve')).json()).toMatchObject(samePerson)
    expect((await step.executor(change, 'fay')).json()).toMatchObject(samePerson)
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
    for (const name of ['dan', 'ann'] as const)
      expect((await act(all, change, 'review', as(name), review)).json()).toMatchObject(samePerson)
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
      all.stage.db.query(
        `update change set needs_backup = true, started_at = now() where id = $1`,
        [change.id],
      ),
    ).rejects.toThrow('change_backup_check')
    await expect(
      all.stage.db.query(`update change set system_code = 'X' where id = $1`, [change.id]),
    ).rejects.toThrow('change_system_check')
  })
})

describe('at the same moment', () => {
  test('[B-4.2.4] of two approvers under one version one is heard', async () => {
    const change = await submitted()
    const answers = await Promise.all(
      (['bob', 'fay'] as const).map((name) =>
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
    await tellOfPerson(all.stage, id.eve, { name: 'eve', active: false, unitId: OTHER_UNIT })
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
    await tellOfPerson(all.stage, id.dan, { name: 'dan', active: false, unitId: OTHER_UNIT })
    expect((await act(all, change, 'start', as('dan'))).json()).toMatchObject(gone)
    await tellOfPerson(all.stage, id.dan, { name: 'dan', unitId: OTHER_UNIT })
    await tellOfPerson(all.stage, id.eve, { name: 'eve', unitId: OTHER_UNIT })
  })

  test.each([
    ['the unit', 'ida', 'cai'],
    ['the company', 'bob', 'gus'],
  ] as const)(
    '[B-4.2.4] nothing starts on the approval for %s of somebody who has left since',
    async (_stage, unitApprover, companyApprover) => {
      const leaver = unitApprover === 'ida' ? 'ida' : 'gus'
      const unitId = unitOf(leaver)
      const change = await submitted()
      await step.unit(change, unitApprover)
      await step.company(change, companyApprover)
      await tellOfPerson(all.stage, id[leaver], { name: leaver, active: false, unitId })
      expect((await act(all, change, 'start', as('dan'))).json()).toMatchObject({
        status: 409,
        code: 'approval-lapsed',
      })
      await step.title(change, 'Approved by those who are there')
      await step.unit(change, 'bob')
      await step.company(change, 'cai')
      expect(await must(all, change, 'start', as('dan'))).toMatchObject({ state: 'started' })
      await tellOfPerson(all.stage, id[leaver], { name: leaver, unitId })
    },
  )
})

describe('people who have lost their rights', () => {
  const approvedChange = async () => {
    const change = await submitted()
    await step.unit(change, 'bob')
    await step.company(change, 'cai')
    return change
  }

  test.each([
    ['role of an approver', 'bob', ['END_USER'], 'active', 409, 'approval-lapsed'],
    ['account of an approver', 'bob', undefined, 'frozen', 409, 'approval-lapsed'],
    ['role of the executor', 'dan', ['END_USER'], 'active', 403, 'not-change-executor'],
    ['account of the executor', 'dan', undefined, 'frozen', 403, 'not-change-executor'],
  ] as const)(
    '[B-4.2.4] nothing starts when the %s is lost, and it does when it is back',
    async (_what, name, roles, status, code, problem) => {
      const change = await approvedChange()
      await standing(all.stage, id[name], roles, status)
      expect((await act(all, change, 'start', as('dan'))).json()).toMatchObject({
        status: code,
        code: problem,
      })
      await standing(all.stage, id[name])
      expect(await must(all, change, 'start', as('dan'))).toMatchObject({ state: 'started' })
    },
  )
})

describe('a stage that nobody can give', () => {
  const found = (change: ChangeNow, kind: 'unfilled' | 'filled') =>
    factsOf(all.stage, change.id, `change.stage-${kind}`)
  const minute = () => runTask(all.stage, 'watch-change-stages')

  test('[B-7.5] is stated at the minute, falls to nobody else, and is mended', async () => {
    const change = await submitted()
    expect(change).toMatchObject({ unfilledStage: null })
    const unitPeople = [
      ...ofUnit.map((name) => id[name]),
      ...(['requester', 'owner', 'deputy', 'leaver'] as const).map((part) => all.people[part]),
    ]
    for (const person of unitPeople) await standing(all.stage, person, ['END_USER'])
    await minute()
    await minute()
    expect(await found(change, 'unfilled')).toMatchObject([{ stage: 'unit', unitId: UNIT }])
    const told: { id: string }[] = await all.stage.db.query(
      `select person_id as id from notification where occasion = 'stage-unfilled' and subject like $1`,
      [`%${change.number}`],
    )
    expect(told.map((row) => row.id)).toContain(all.people.authority)
    expect(await read(all, change)).toMatchObject({ unfilledStage: 'unit', version: 1 })
    expect((await step.unit(change, 'cai')).json()).toMatchObject({ code: 'not-change-approver' })
    await standing(all.stage, id.bob, ['KEY_USER'])
    await minute()
    expect(await found(change, 'filled')).toMatchObject([{ stage: 'unit' }])
    for (const person of unitPeople) await standing(all.stage, person)
    await must(all, change, 'withdraw', as('ann'), { reason: 'Only tried.' })
  })

  test('[B-4.2.4] of the company is stated when the change comes to it', async () => {
    const body = { ...minorChange(all), moduleCode: null, executorPersonId: id.dan }
    const change = await submit(all, body, as('ann'))
    const others = [
      ...ofOthers.map((name) => id[name]),
      ...(['second', 'authority', 'provider', 'foreign'] as const).map((part) => all.people[part]),
    ]
    for (const person of others) await standing(all.stage, person, ['OM_PROVIDER'])
    expect(await must(all, change, 'approve', as('bob'), unit)).toMatchObject({
      unfilledStage: 'company',
    })
    expect(await found(change, 'unfilled')).toMatchObject([{ stage: 'company' }])
    await must(all, change, 'withdraw', as('ann'), { reason: 'Only tried.' })
    expect(await found(change, 'filled')).toHaveLength(1)
    for (const person of others) await standing(all.stage, person)
  })
})

describe('whoever the unit that asks has chosen', () => {
  const minute = () => runTask(all.stage, 'watch-change-stages')
  const nominators: [string, (person: string) => Caller][] = [
    ['a person', (person) => caller({ roles: ['OM_AUTHORITY'], person })],
    [
      'a client of a person',
      (person) => caller({ roles: ['OM_AUTHORITY'], kind: 'client', controllers: [person] }),
    ],
  ]
  /** A module of its own whose only key user of tier 2, of another unit, was nominated by the caller. */
  async function moduleOf(nominator: Caller) {
    const code = `M${String((modules += 1))}`
    await tell(all.stage, ModuleChanged, code, { code, name: code, active: true, version: 1 })
    const judge = (await peopleOf(all.stage, OTHER_UNIT, 'judge')).judge
    for (const [personId, tier, by] of [
      [id.ann, 'L1', authority()],
      [judge, 'L2', nominator],
    ] as const) {
      const named = await create(all.stage, '/v1/key-users', by, {
        ...{ personId, tier, kind: 'MODULE', moduleCode: code },
        unitId: tier === 'L1' ? UNIT : null,
      })
      expect(named.statusCode).toBe(201)
    }
    const body = { ...minorChange(all), moduleCode: code, executorPersonId: id.dan }
    const change = await submit(all, body, as('ann'))
    await must(all, change, 'approve', as('bob'), unit)
    return { change, judge: almighty(judge, OTHER_UNIT) }
  }
  let modules = 0
  let version = 10_000
  const move = (personId: string, unitId: string) =>
    tellOfPerson(all.stage, personId, { name: 'nominator', unitId, version: (version += 1) })
  const refused = { status: 403, code: 'not-change-approver' }

  test.each(nominators)(
    '[B-4.2.4] a key user whom %s of the unit nominated does not decide for the company, and the stage is stated',
    async (_who, by) => {
      const { nominator } = await peopleOf(all.stage, UNIT, 'nominator')
      const { change, judge } = await moduleOf(by(nominator))
      expect(await read(all, change)).toMatchObject({ unfilledStage: 'company' })
      const rejection = { stage: 'company', reason: 'Not now.' }
      expect((await act(all, change, 'approve', judge, company)).json()).toMatchObject(refused)
      expect((await act(all, change, 'reject', judge, rejection)).json()).toMatchObject(refused)
      // It was so when he nominated: that he left since makes it no other choice.
      await move(nominator, OTHER_UNIT)
      await minute()
      expect((await act(all, change, 'approve', judge, company)).json()).toMatchObject(refused)
      expect(await read(all, change)).toMatchObject({ unfilledStage: 'company' })
    },
  )

  test.each(nominators)(
    '[B-4.2.4] a key user whom %s of another unit nominated decides, until who did it is of the unit that asks',
    async (_who, by) => {
      const { nominator } = await peopleOf(all.stage, OTHER_UNIT, 'nominator')
      const { change, judge } = await moduleOf(by(nominator))
      expect(await read(all, change)).toMatchObject({ unfilledStage: null })
      await move(nominator, UNIT)
      await minute()
      expect(await read(all, change)).toMatchObject({ unfilledStage: 'company' })
      expect((await act(all, change, 'approve', judge, company)).json()).toMatchObject(refused)
      await move(nominator, OTHER_UNIT)
      await minute()
      expect(await read(all, change)).toMatchObject({ unfilledStage: null })
      await must(all, change, 'approve', judge, company)
    },
  )

  test('[B-4.2.4] another person names the same key user anew, and the stage can be given', async () => {
    const { nominator } = await peopleOf(all.stage, UNIT, 'nominator')
    const { change, judge } = await moduleOf(caller({ roles: ['OM_AUTHORITY'], person: nominator }))
    const { moduleCode } = await read(all, change)
    const [duty]: { id: string; personId: string }[] = await all.stage.db.query(
      `select id, person_id as "personId" from key_user where module_code = $1 and tier = 'L2'`,
      [moduleCode],
    )
    await all.stage.db.query(`update key_user set ended_at = now() where id = $1`, [duty?.id])
    const { second } = await peopleOf(all.stage, OTHER_UNIT, 'second')
    const by = caller({ roles: ['OM_AUTHORITY'], person: second })
    const body = { personId: duty?.personId, tier: 'L2', kind: 'MODULE', unitId: null, moduleCode }
    expect((await create(all.stage, '/v1/key-users', by, body)).statusCode).toBe(201)
    await minute()
    expect(await read(all, change)).toMatchObject({ unfilledStage: null })
    await must(all, change, 'approve', judge, company)
  })

  test('[B-4.2.4] of a duty of which nobody knows who nominated, the person and the unit decide', async () => {
    const { nominator } = await peopleOf(all.stage, UNIT, 'nominator')
    const { change, judge } = await moduleOf(caller({ roles: ['OM_AUTHORITY'], person: nominator }))
    const { moduleCode } = await read(all, change)
    await all.stage.db.query(
      'update key_user set nominated_by = null, nominated_in = null where module_code = $1',
      [moduleCode],
    )
    await must(all, change, 'approve', judge, company)
  })
})

describe('[B-7.5] each stage belongs to its own people', () => {
  const notApprover = { status: 403, code: 'not-change-approver' }

  test.each(['cai', 'eve'] as const)('%s of another unit does not speak for it', async (name) => {
    const change = await submitted()
    for (const headers of [as(name), almighty(id[name], UNIT)])
      expect((await act(all, change, 'approve', headers, unit)).json()).toMatchObject(notApprover)
    const reject = { stage: 'unit', reason: 'No.' }
    expect((await act(all, change, 'reject', as(name), reject)).json()).toMatchObject(notApprover)
  })

  test.each(['ann', 'bob', 'fay'] as const)(
    '[B-4.2.4] %s of the unit that asks does not speak for the company, with every role and duty',
    async (name) => {
      const change = await submitted()
      await step.unit(change, 'bob')
      for (const headers of [as(name), almighty(id[name], OTHER_UNIT)])
        expect((await act(all, change, 'approve', headers, company)).json()).toMatchObject(
          name === 'fay' ? notApprover : samePerson,
        )
    },
  )

  test('[B-4.2.4] neither does one who left the unit after the change was asked for', async () => {
    const change = await submitted()
    await step.unit(change, 'bob')
    all.stage.now = after(TUESDAY_NIGHT, 60_000)
    await tellOfPerson(all.stage, id.fay, { name: 'fay', unitId: OTHER_UNIT })
    const moved = almighty(id.fay, OTHER_UNIT)
    expect((await act(all, change, 'approve', moved, company)).json()).toMatchObject(notApprover)
    // Of what is asked for later somebody who has moved is as good as another.
    all.stage.now = after(TUESDAY_NIGHT, 120_000)
    const later = await submitted()
    await step.unit(later, 'bob')
    await tellOfPerson(all.stage, id.fay, { name: 'fay', unitId: OTHER_UNIT })
    expect((await act(all, later, 'approve', moved, company)).json()).toMatchObject({
      state: 'approved',
    })
    await tellOfPerson(all.stage, id.fay, { name: 'fay', unitId: UNIT })
    // The move has ended the duty in the unit.
    await nominate(all.stage, id.fay, { tier: 'L1' })
  })

  test('[B-7.5] a key user of the unit speaks for it, one of another module does not', async () => {
    const change = await submitted()
    const asKeyUser = (name: Name) =>
      caller({ roles: ['KEY_USER'], person: id[name], unit: unitOf(name), range: 'unit' })
    const bare = await peopleOf(all.stage, UNIT, 'hal')
    const noDuty = caller({ roles: ['KEY_USER'], person: bare.hal, unit: UNIT, range: 'unit' })
    expect((await act(all, change, 'approve', noDuty, unit)).json()).toMatchObject(notApprover)
    expect((await act(all, change, 'approve', asKeyUser('fay'), unit)).json()).toMatchObject({
      unitApproverPersonId: id.fay,
    })
  })

  test('the owner of the way back is not who carries the change out', async () => {
    const same = { ...body('dan'), rollbackOwnerPersonId: id.dan }
    const answer = await create(all.stage, '/v1/changes', as('ann'), same)
    expect(answer.json()).toMatchObject(samePerson)
  })
})

describe('a change under way whose executor is lost', () => {
  const done = { outcome: 'rolled-back', result: 'Taken back.' }
  const minute = () => runTask(all.stage, 'watch-change-executors')
  const told = async ({ number }: ChangeNow): Promise<string[]> => {
    const rows: { id: string }[] = await all.stage.db.query(
      `select person_id as id from notification where occasion = 'executor-lost' and subject like $1`,
      [`%${number}`],
    )
    return rows.map(({ id: personId }) => personId)
  }
  async function underWay(): Promise<{ change: ChangeNow; executor: string }> {
    const { hal: executor } = await peopleOf(all.stage, OTHER_UNIT, 'hal')
    const body = { ...minorChange(all), executorPersonId: executor }
    const change = await submit(all, body, as('ann'))
    await step.unit(change, 'bob')
    await step.company(change, 'cai')
    return { change: await must(all, change, 'start', almighty(executor, OTHER_UNIT)), executor }
  }

  test('[A-3.3.5][B-4.3.7] is ended by nobody else while the executor is able', async () => {
    const { change, executor } = await underWay()
    for (const by of [as('eve'), all.as.authority])
      expect((await act(all, change, 'finish', by, done)).json()).toMatchObject({
        code: 'not-change-executor',
      })
    await minute()
    expect(await told(change)).toEqual([])
    const finished = await must(all, change, 'finish', almighty(executor, OTHER_UNIT), done)
    expect(finished).toMatchObject({ state: 'finished', finisherPersonId: executor })
  })

  test.each<[string, (executor: string) => Promise<void>]>([
    [
      'has left',
      (person) =>
        tellOfPerson(all.stage, person, { name: 'hal', unitId: OTHER_UNIT, active: false }),
    ],
    ['is frozen', (person) => standing(all.stage, person, undefined, 'frozen')],
    ['lost the right', (person) => standing(all.stage, person, ['KEY_USER'])],
  ])('[A-3.3.5][A-1.3.4] who %s: those in charge are told once and may end it', async (_, lose) => {
    const { change, executor } = await underWay()
    await lose(executor)
    await minute()
    const heard = await told(change)
    expect(heard).toContain(all.people.authority)
    await minute()
    expect(await told(change)).toHaveLength(heard.length)
    expect((await lines(all, change)).map(({ kind }) => kind)).toContain('executor-lost')

    // Neither who asked for it or approved it, nor somebody without the charge, nor nobody.
    for (const name of ['ann', 'bob', 'cai'] as const)
      expect((await act(all, change, 'finish', as(name), done)).json()).toMatchObject(samePerson)
    const provider = caller({ roles: ['OM_PROVIDER'], person: id.eve, unit: OTHER_UNIT })
    const nobody = caller({ roles: ['OM_AUTHORITY'] })
    expect((await act(all, change, 'finish', provider, done)).statusCode).toBe(403)
    expect((await act(all, change, 'finish', nobody, done)).json()).toMatchObject({
      code: 'person-unknown',
    })

    expect(await must(all, change, 'finish', all.as.authority, done)).toMatchObject({
      state: 'finished',
      executorPersonId: executor,
      finisherPersonId: all.people.authority,
    })
    const review = { isSuccessful: false, findings: 'Half done.' }
    expect((await act(all, change, 'review', all.as.authority, review)).json()).toMatchObject(
      samePerson,
    )
    await must(all, change, 'review', as('eve'), review)
  })

  test('[A-3.3.5] of executor and stand-in at the same moment one ends it', async () => {
    const { change, executor } = await underWay()
    await standing(all.stage, executor, ['KEY_USER'])
    const { version } = await read(all, change)
    const answers = await Promise.all(
      [almighty(executor, OTHER_UNIT), all.as.authority, as('eve')].map((by) =>
        actAt(all, change, version, 'finish', by, done),
      ),
    )
    expect(answers.filter(({ statusCode }) => statusCode === 200)).toHaveLength(1)
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
