import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { queuedEvents } from '@erp-steward/test-kit/queued-events'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { create, send } from '@erp-steward/test-kit/requests'
import {
  authority,
  caller,
  emptyStage,
  factsOf,
  fillDirectory,
  incidentStage,
  keyUser,
  nominate,
  OTHER_UNIT,
  tellOfPerson,
  UNIT,
  type Caller,
} from '../incident-stage.ts'

let stage: TestService
let people: Record<'wang' | 'li' | 'zhao', string>

beforeAll(async () => {
  stage = await incidentStage()
})
afterAll(() => stage.release())
beforeEach(async () => {
  await emptyStage(stage)
  people = await fillDirectory(stage, 'wang', 'li', 'zhao')
})

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

async function gapsAnnounced() {
  return (await queuedEvents(stage.db))
    .filter(({ type }) => type === 'incident.key-user.gap-found.v1')
    .map(({ subject }) => subject)
}

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
    ['a unit', { unitId: randomUUID() }, 'unit-unknown'],
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
    const own = caller({ roles: ['BUSINESS_OWNER'], unit: UNIT, range: 'unit' })
    for (const changes of [{ unitId: OTHER_UNIT }, { tier: 'L2', unitId: null }])
      expect((await create(stage, '/v1/key-users', own, duty(changes))).json()).toMatchObject({
        status: 403,
        code: 'outside-unit',
      })
    expect((await create(stage, '/v1/key-users', own, duty())).statusCode).toBe(201)
  })

  test.each(['KEY_USER', 'END_USER', 'SECURITY_ADMIN', 'AUDIT_ADMIN'] as const)(
    'a %s names nobody',
    async (role) => {
      const answer = await create(stage, '/v1/key-users', caller({ roles: [role] }), duty())
      expect(answer.json()).toMatchObject({ status: 403, code: 'permission-missing' })
    },
  )
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
    const subject = `L1/${UNIT}/GL`
    if (answer.statusCode === 200) expect(await gapsAnnounced()).toEqual([subject])
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
    const own = caller({ roles: ['BUSINESS_OWNER'], unit: UNIT, range: 'unit' })
    const foreign = await nominate(stage, people.wang, { tier: 'L1', unitId: OTHER_UNIT })
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
  const read = async () =>
    (await send(stage, 'GET', '/v1/key-users/coverage', authority())).json<{
      covered: boolean
      gaps: unknown[]
    }>()

  test('[B-4.1.2][B-4.2.2] every unit and module needs a key user, and the company one per module', async () => {
    const { covered, gaps } = await read()
    expect(covered).toBe(false)
    // Two units with a module and IT each, the company with both.
    expect(gaps).toHaveLength(6)
    for (const unitId of [UNIT, OTHER_UNIT]) {
      await nominate(stage, people.wang, { tier: 'L1', unitId })
      await nominate(stage, people.wang, { tier: 'L1', kind: 'IT', unitId })
    }
    await nominate(stage, people.li, { tier: 'L2' })
    expect(await read()).toEqual({
      covered: false,
      gaps: [{ unitId: null, tier: 'L2', kind: 'IT', moduleCode: null }],
    })
    await nominate(stage, people.li, { tier: 'L2', kind: 'IT' })
    expect(await read()).toEqual({ covered: true, gaps: [] })
  })

  test('[B-4.1.2] who leaves loses every duty, and each gap is announced once', async () => {
    await nominate(stage, people.wang, { tier: 'L1' })
    await nominate(stage, people.wang, { tier: 'L2' })
    await nominate(stage, people.li, { tier: 'L2' })
    await tellOfPerson(stage, people.wang, { name: 'wang', active: false })
    expect(await register()).toMatchObject([{ personId: people.li }])
    expect(await gapsAnnounced()).toEqual([`L1/${UNIT}/GL`])
    await tellOfPerson(stage, people.wang, { name: 'wang', active: false })
    expect(await gapsAnnounced()).toHaveLength(1)
  })
})

describe('the register', () => {
  test('comes in pages and by unit and tier', async () => {
    for (const person of Object.values(people)) await nominate(stage, person, { tier: 'L1' })
    await nominate(stage, people.wang, { tier: 'L2' })
    await nominate(stage, people.wang, { tier: 'L1', unitId: OTHER_UNIT })
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
    await nominate(stage, people.li, { tier: 'L1', unitId: OTHER_UNIT })
    await nominate(stage, people.zhao, { tier: 'L2' })
    const answer = await send(stage, 'GET', '/v1/key-users', keyUser(people.wang))
    const shown = answer.json<{ items: { personId: string }[] }>().items
    expect(shown.map(({ personId }) => personId).sort()).toEqual([people.wang, people.zhao].sort())
  })
})
