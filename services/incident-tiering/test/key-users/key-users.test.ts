import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { ModuleChanged } from '@erp-steward/contracts/directory-events'
import { queuedEvents } from '@erp-steward/test-kit/queued-events'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { create, send } from '@erp-steward/test-kit/requests'
import type { TestCaller } from '@erp-steward/test-kit/tokens'
import { runTask } from '@erp-steward/test-kit/run-task'
import { tell } from '@erp-steward/test-kit/tell'
import {
  OTHER_UNIT,
  tellOfPerson,
  tellOfStanding,
  UNIT,
} from '@erp-steward/test-kit/tell-of-company'
import { caller, type Caller } from '@erp-steward/test-kit/tokens'
import {
  authority,
  emptyStage,
  factsOf,
  fillDirectory,
  incidentStage,
  keyUser,
  nominate,
} from '../incident-stage.ts'

let stage: TestService
let people: Record<'wang' | 'li' | 'zhao' | 'foreign', string>

beforeAll(async () => {
  stage = await incidentStage()
})
afterAll(() => stage.release())
beforeEach(async () => {
  await emptyStage(stage)
  people = await fillDirectory(stage, 'wang', 'li', 'zhao', 'foreign')
})

/** A leader of UNIT. */
const leader = (claims: Partial<TestCaller> = {}) =>
  caller({ roles: ['BUSINESS_OWNER'], person: randomUUID(), unit: UNIT, range: 'unit', ...claims })

const duty = (changes: object = {}) => ({
  personId: people.wang,
  tier: 'L1',
  kind: 'MODULE',
  unitId: UNIT,
  moduleCode: 'GL',
  ...changes,
})

interface Held {
  readonly id: string
  readonly version: number
}

function remove(
  { id, version }: Held,
  successorPersonId: string | null = null,
  headers: Caller = authority(),
) {
  const match = { 'if-match': `"${String(version)}"`, ...headers }
  const body = { reason: 'Moves to another department.', successorPersonId }
  return send(stage, 'POST', `/v1/key-users/${id}/remove`, match, body)
}

async function register(query = ''): Promise<{ personId: string }[]> {
  const answer = await send(stage, 'GET', `/v1/key-users${query}`, authority())
  return answer.json<{ items: { personId: string }[] }>().items
}

/** Announcements about the duties of GL, in their order: `found` or `mended`, and the duty. */
async function announced(duty: string) {
  return (await queuedEvents(stage.db))
    .filter(({ type, subject }) => type.startsWith('incident.key-user.gap-') && subject === duty)
    .map(({ type }) => (type.includes('found') ? 'found' : 'mended'))
}
const OF_UNIT = `L1/${UNIT}/GL`

describe('nomination', () => {
  test('[B-4.1.1][B-7.3.2] a person is named for a module of a unit', async () => {
    const answer = await create(stage, '/v1/key-users', authority(), duty())
    expect(answer.statusCode).toBe(201)
    expect(answer.json()).toMatchObject({ ...duty(), endedAt: null, version: 1 })
    const { id } = answer.json<Held>()
    expect(await factsOf(stage, id, 'key-user.nominated')).toMatchObject([duty({ keyUserId: id })])
  })

  test.each([
    ['L1 without a unit', { unitId: null }, ['#/unitId']],
    ['L2 with a unit', { tier: 'L2' }, ['#/unitId']],
    ['IT with a module', { kind: 'IT' }, ['#/moduleCode']],
    ['a module key user without a module', { moduleCode: null }, ['#/moduleCode']],
    ['both at once', { tier: 'L2', moduleCode: null }, ['#/unitId', '#/moduleCode']],
  ])('%s is refused by pointer', async (_what, changes, pointers) => {
    const answer = await create(stage, '/v1/key-users', authority(), duty(changes))
    expect(answer.json()).toMatchObject({ status: 422, code: 'validation-failed' })
    const { errors } = answer.json<{ errors: { pointer: string }[] }>()
    expect(errors.map(({ pointer }) => pointer)).toEqual(pointers)
  })

  test.each([
    ['L2 of a module', { tier: 'L2', unitId: null }],
    ['L2 of IT', { tier: 'L2', kind: 'IT', unitId: null, moduleCode: null }],
    ['L3 of any module', { tier: 'L3', unitId: null, moduleCode: null }],
    ['L3 of one module', { tier: 'L3', unitId: null }],
    ['L1 of IT', { kind: 'IT', moduleCode: null }],
  ])('[B-4.2.1][B-4.3.1] %s is a duty', async (_what, changes) => {
    const answer = await create(stage, '/v1/key-users', authority(), duty(changes))
    expect(answer.statusCode).toBe(201)
  })

  test.each([
    ['a person', { personId: randomUUID() }, 'person-unknown'],
    ['a module', { moduleCode: 'XX' }, 'module-unknown'],
  ])('%s that nobody knows is refused', async (_what, changes, code) => {
    const answer = await create(stage, '/v1/key-users', authority(), duty(changes))
    expect(answer.json()).toMatchObject({ status: 422, code })
  })

  test('one person holds a duty once, however many ask at the same time', async () => {
    const answers = await Promise.all(
      [1, 2, 3].map(() => create(stage, '/v1/key-users', authority(), duty())),
    )
    expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([201, 409, 409])
    expect(await register()).toHaveLength(1)
    // A duty without a module is one duty too.
    const it = duty({ kind: 'IT', moduleCode: null })
    expect((await create(stage, '/v1/key-users', authority(), it)).statusCode).toBe(201)
    expect((await create(stage, '/v1/key-users', authority(), it)).json()).toMatchObject({
      code: 'key-user-exists',
    })
  })

  test('who has left gets no duty, also not at the same moment', async () => {
    const [answer] = await Promise.all([
      create(stage, '/v1/key-users', authority(), duty()),
      tellOfPerson(stage, people.wang, { name: 'wang', active: false }),
    ])
    expect([201, 422]).toContain(answer.statusCode)
    expect(await register()).toEqual([])
    const later = await create(stage, '/v1/key-users', authority(), duty())
    expect(later.json()).toMatchObject({ code: 'person-unknown' })
  })

  test('whose range is one unit names nobody for another unit or the company', async () => {
    // A leader's range is the own unit here, whatever else the token lets the leader see.
    for (const range of ['unit', 'company'] as const) {
      const own = leader({ range })
      for (const changes of [{ unitId: OTHER_UNIT }, { tier: 'L2', unitId: null }])
        expect((await create(stage, '/v1/key-users', own, duty(changes))).json()).toMatchObject({
          status: 403,
          code: 'outside-unit',
        })
    }
    expect((await create(stage, '/v1/key-users', leader(), duty())).statusCode).toBe(201)
  })

  test.each(['KEY_USER', 'END_USER', 'SECURITY_ADMIN', 'AUDIT_ADMIN'] as const)(
    'a %s names nobody',
    async (role) => {
      const answer = await create(stage, '/v1/key-users', caller({ roles: [role] }), duty())
      expect(answer.json()).toMatchObject({ status: 403, code: 'permission-missing' })
    },
  )
})

describe('who can do the duty', () => {
  test.each<[string, () => Promise<unknown>, object]>([
    [
      'an end user, who may take no ticket',
      () => tellOfStanding(stage, people.wang, { roles: ['END_USER'] }),
      {},
    ],
    [
      'somebody without an account',
      () => tellOfStanding(stage, people.wang, { accountStatus: 'none', roles: [] }),
      {},
    ],
    [
      'whose account is frozen',
      () => tellOfStanding(stage, people.wang, { accountStatus: 'frozen' }),
      { tier: 'L2', unitId: null },
    ],
    [
      'whom no mail reaches',
      () => tellOfPerson(stage, people.wang, { name: 'wang', email: null }),
      { tier: 'L3', unitId: null },
    ],
    [
      'somebody of another unit',
      () => tellOfPerson(stage, people.wang, { name: 'wang', unitId: OTHER_UNIT }),
      {},
    ],
  ])('[B-4.1.2][B-7.3.2] %s is not named, nor as a successor', async (_who, make, changes) => {
    await make()
    const answer = await create(stage, '/v1/key-users', authority(), duty(changes))
    expect(answer.json()).toMatchObject({ status: 422, code: 'key-user-not-able' })
    const held = await nominate(stage, people.li, { tier: 'L1', ...changes })
    expect((await remove(held, people.wang)).json()).toMatchObject({ code: 'key-user-not-able' })
  })

  test('[B-4.2.1] nobody names himself, nor an account behind a client does so for who controls it', async () => {
    const own = { person: people.wang, unit: UNIT }
    for (const headers of [
      leader(own),
      authority(people.wang),
      caller({ roles: ['SYSTEM_ADMIN'], person: people.wang }),
      caller({ roles: ['OM_AUTHORITY'], kind: 'client', controllers: [people.wang] }),
      // Nobody knows who acts through it.
      caller({ roles: ['OM_AUTHORITY'], kind: 'client' }),
    ]) {
      const answer = await create(stage, '/v1/key-users', headers, duty())
      expect(answer.json()).toMatchObject({ status: 409, code: 'same-person' })
    }
    const held = await nominate(stage, people.li, { tier: 'L1' })
    expect((await remove(held, people.wang, authority(people.wang))).json()).toMatchObject({
      code: 'same-person',
    })
  })

  interface Loss {
    readonly lose: () => Promise<unknown>
    readonly back: () => Promise<unknown>
  }
  test.each<[string, Loss]>([
    [
      'a freeze',
      {
        lose: () => tellOfStanding(stage, people.wang, { accountStatus: 'frozen' }),
        back: () => tellOfStanding(stage, people.wang),
      },
    ],
    [
      'a lost role',
      {
        lose: () => tellOfStanding(stage, people.wang, { roles: ['END_USER'] }),
        back: () => tellOfStanding(stage, people.wang),
      },
    ],
    [
      'a lost address',
      {
        lose: () => tellOfPerson(stage, people.wang, { name: 'wang', email: null }),
        back: () => tellOfPerson(stage, people.wang, { name: 'wang' }),
      },
    ],
  ])(
    '[B-4.1.2][B-4.2.2][B-7.3.2] %s opens a gap at once, told to authority and leader, and its end mends it',
    async (_what, { lose, back }) => {
      const { chief, head } = await fillDirectory(stage, 'chief', 'head')
      await tellOfStanding(stage, chief, { roles: ['OM_AUTHORITY'] })
      await tellOfStanding(stage, head, { roles: ['BUSINESS_OWNER'] })
      await nominate(stage, people.wang, { tier: 'L1' })
      await nominate(stage, people.wang, { tier: 'L2' })
      await stage.db.query('delete from notification')
      await lose()
      await lose()
      for (const each of [OF_UNIT, 'L2/company/GL'])
        expect(await announced(each)).toEqual(['found', 'mended', 'found'])
      const told: { id: string }[] = await stage.db.query(
        `select distinct person_id as id from notification where occasion = 'key-user-gaps'`,
      )
      expect(told.map(({ id }) => id).sort()).toEqual([chief, head].sort())
      await back()
      await back()
      for (const each of [OF_UNIT, 'L2/company/GL'])
        expect(await announced(each)).toEqual(['found', 'mended', 'found', 'mended'])
    },
  )

  test('[B-4.1.2] who moves to another unit loses the duties of the old one for good, and keeps those of the company', async () => {
    await nominate(stage, people.wang, { tier: 'L1' })
    await nominate(stage, people.wang, { tier: 'L2' })
    await tellOfPerson(stage, people.wang, { name: 'wang', unitId: OTHER_UNIT })
    await tellOfPerson(stage, people.wang, { name: 'wang' })
    expect(await announced(OF_UNIT)).toEqual(['found', 'mended', 'found'])
    expect(await register()).toMatchObject([{ personId: people.wang, tier: 'L2' }])
  })

  test('[B-4.1.2] a new unit or module opens gaps at once, a closed one closes its own, and no time need go by', async () => {
    const module = (active: boolean) => ({
      code: 'AP',
      name: 'Payables',
      active,
      version: active ? 1_000 : 1_001,
    })
    await tell(stage, ModuleChanged, 'AP', module(true))
    expect(await announced('L2/company/AP')).toEqual(['found'])
    await tell(stage, ModuleChanged, 'AP', module(false))
    expect(await announced('L2/company/AP')).toEqual(['found', 'mended'])
  })

  test('[B-4.1.2] a gap that was there before gaps were followed is found', async () => {
    await stage.db.query('delete from key_user_gap')
    await stage.db.query('delete from outbox')
    await runTask(stage, 'find-key-user-gaps')
    await runTask(stage, 'find-key-user-gaps')
    expect(await announced(OF_UNIT)).toEqual(['found'])
  })
})

describe('removal', () => {
  test('[B-4.1.2] the last key user of a module stays until a successor is named', async () => {
    const held = await nominate(stage, people.wang, { tier: 'L1' })
    expect((await remove(held)).json()).toMatchObject({ status: 409, code: 'last-key-user' })
    expect(await register()).toMatchObject([{ personId: people.wang, version: 1 }])
    expect((await remove(held, people.li)).json()).toMatchObject({
      endedReason: 'Moves to another department.',
      version: 2,
    })
    expect(await register()).toMatchObject([{ personId: people.li }])
    expect(await register('?ended=true')).toHaveLength(2)
    expect(await factsOf(stage, held.id, 'key-user.removed')).toMatchObject([
      { personId: people.wang },
    ])
  })

  test('[B-4.1.2] of the last two holders, removed at the same time, one stays', async () => {
    const both = [
      await nominate(stage, people.wang, { tier: 'L1' }),
      await nominate(stage, people.li, { tier: 'L1' }),
    ]
    const answers = await Promise.all(both.map((held) => remove(held)))
    expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([200, 409])
    expect(await register()).toHaveLength(1)
  })

  test('[B-4.1.2] one is removed while the other leaves: the gap is refused or announced', async () => {
    const held = await nominate(stage, people.wang, { tier: 'L1' })
    await nominate(stage, people.li, { tier: 'L1' })
    const [answer] = await Promise.all([
      remove(held),
      tellOfPerson(stage, people.li, { name: 'li', active: false }),
    ])
    if (answer.statusCode === 200)
      expect(await announced(OF_UNIT)).toEqual(['found', 'mended', 'found'])
    else expect(await register()).toMatchObject([{ personId: people.wang }])
  })

  test('the holder is no successor, nor is anybody who has left', async () => {
    const held = await nominate(stage, people.wang, { tier: 'L1' })
    await tellOfPerson(stage, people.li, { name: 'li', active: false })
    expect((await remove(held, people.wang)).json()).toMatchObject({ code: 'key-user-exists' })
    expect((await remove(held, people.li)).json()).toMatchObject({ code: 'person-unknown' })
    expect(await register()).toHaveLength(1)
  })

  test('a stale or repeated removal is refused', async () => {
    await nominate(stage, people.li, { tier: 'L1' })
    const held = await nominate(stage, people.wang, { tier: 'L1' })
    expect((await remove({ ...held, version: 7 })).json()).toMatchObject({
      status: 412,
      currentVersion: 1,
    })
    expect((await remove(held)).statusCode).toBe(200)
    expect((await remove(held)).json()).toMatchObject({ status: 404, code: 'not-found' })
  })

  test('whose range is one unit removes nobody of another unit or the company', async () => {
    const own = leader()
    const foreign = await nominate(stage, people.foreign, { tier: 'L1', unitId: OTHER_UNIT })
    const company = await nominate(stage, people.wang, { tier: 'L2' })
    for (const held of [foreign, company])
      expect((await remove(held, people.li, own)).json()).toMatchObject({
        status: 403,
        code: 'outside-unit',
      })
    expect(await register()).toHaveLength(2)
  })

  test('an L3 is removed without a successor: the regulation asks for none', async () => {
    const held = await nominate(stage, people.wang, { tier: 'L3' })
    expect((await remove(held)).statusCode).toBe(200)
  })
})

describe('coverage', () => {
  const read = async (headers: Caller = authority()) =>
    (await send(stage, 'GET', '/v1/key-users/coverage', headers)).json<{
      covered: boolean
      gaps: unknown[]
    }>()

  test('[B-4.1.2][B-4.2.2] every unit and module needs a key user, and the company one per module', async () => {
    const { covered, gaps } = await read()
    expect(covered).toBe(false)
    // Two units with a module and IT each, the company with both.
    expect(gaps).toHaveLength(6)
    for (const [unitId, person] of [
      [UNIT, people.wang],
      [OTHER_UNIT, people.foreign],
    ] as const) {
      await nominate(stage, person, { tier: 'L1', unitId })
      await nominate(stage, person, { tier: 'L1', kind: 'IT', unitId })
    }
    await nominate(stage, people.li, { tier: 'L2' })
    expect(await read()).toEqual({
      covered: false,
      gaps: [{ unitId: null, tier: 'L2', kind: 'IT', moduleCode: null }],
    })
    await nominate(stage, people.li, { tier: 'L2', kind: 'IT' })
    expect(await read()).toEqual({ covered: true, gaps: [] })
  })

  test('[B-4.1.2] the gaps of another unit are not shown to whose range is a unit', async () => {
    for (const kind of ['MODULE', 'IT'] as const) {
      await nominate(stage, people.wang, { tier: 'L1', kind })
      await nominate(stage, people.li, { tier: 'L2', kind })
    }
    expect((await read()).gaps).toHaveLength(2)
    for (const headers of [leader(), keyUser(people.wang)])
      expect(await read(headers)).toEqual({ covered: true, gaps: [] })
    const foreign = await read(keyUser(people.foreign, OTHER_UNIT))
    expect(foreign.gaps).toMatchObject([{ unitId: OTHER_UNIT }, { unitId: OTHER_UNIT }])
  })

  test('[B-4.1.2] who leaves loses every duty, and each gap is announced once', async () => {
    await nominate(stage, people.wang, { tier: 'L1' })
    await nominate(stage, people.wang, { tier: 'L2' })
    await nominate(stage, people.li, { tier: 'L2' })
    await tellOfPerson(stage, people.wang, { name: 'wang', active: false })
    expect(await register()).toMatchObject([{ personId: people.li }])
    expect(await announced(OF_UNIT)).toEqual(['found', 'mended', 'found'])
    expect(await announced('L2/company/GL')).toEqual(['found', 'mended'])
    await tellOfPerson(stage, people.wang, { name: 'wang', active: false })
    expect(await announced(OF_UNIT)).toEqual(['found', 'mended', 'found'])
  })
})

describe('the register', () => {
  test('comes in pages and by unit and tier', async () => {
    for (const person of [people.wang, people.li, people.zhao])
      await nominate(stage, person, { tier: 'L1' })
    await nominate(stage, people.wang, { tier: 'L2' })
    await nominate(stage, people.foreign, { tier: 'L1', unitId: OTHER_UNIT })
    const seen: string[] = []
    let next: string | null = ''
    while (next !== null) {
      const cursor: string = next === '' ? '' : `&cursor=${next}`
      const answer = await send(stage, 'GET', `/v1/key-users?limit=2${cursor}`, authority())
      const page: { items: { id: string }[]; next: string | null } = answer.json()
      expect(page.items.length).toBeLessThanOrEqual(2)
      seen.push(...page.items.map(({ id }) => id))
      next = page.next
    }
    expect(new Set(seen).size).toBe(5)
    expect(await register(`?unitId=${UNIT}`)).toHaveLength(3)
    expect(await register('?tier=L2')).toHaveLength(1)
  })

  test('shows a caller whose range is one unit that unit and those who serve every unit', async () => {
    await nominate(stage, people.wang, { tier: 'L1' })
    await nominate(stage, people.foreign, { tier: 'L1', unitId: OTHER_UNIT })
    await nominate(stage, people.zhao, { tier: 'L2' })
    const answer = await send(stage, 'GET', '/v1/key-users', keyUser(people.wang))
    const shown = answer.json<{ items: { personId: string }[] }>().items
    expect(shown.map(({ personId }) => personId).sort()).toEqual([people.wang, people.zhao].sort())
  })
})
