import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { queuedEvents } from '@erp-steward/test-kit/queued-events'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { identityStage } from '../account-stage.ts'
import {
  as,
  call,
  countFacts,
  factsAbout,
  joined,
  ok,
  put,
  refusal,
  smallCompany,
  type Named,
} from '../directory-stage.ts'

let stage: TestService
let company: Awaited<ReturnType<typeof smallCompany>>

beforeAll(async () => {
  stage = await identityStage()
  company = await smallCompany(stage)
})
afterAll(() => stage.release())

const unit = (code: string, payload: object, more: object = {}) =>
  call(stage, {
    method: 'PUT',
    url: `/v1/units/${code}`,
    headers: as('SYSTEM_ADMIN'),
    payload,
    ...more,
  })

test('[A-1.2] an entry is created once, read by its code and announced whole', async () => {
  const created = await unit('EAST', { name: 'East', kind: 'USER_UNIT' })
  expect(created.statusCode).toBe(201)
  expect(created.headers).toMatchObject({ etag: '"1"', location: '/v1/units/EAST' })
  const { id } = created.json<Named>()
  const read = await call(stage, {
    method: 'GET',
    url: '/v1/units/EAST',
    headers: as('AUDIT_ADMIN'),
  })
  expect(read.json()).toEqual({
    id,
    code: 'EAST',
    name: 'East',
    kind: 'USER_UNIT',
    active: true,
    version: 1,
  })
  expect(await factsAbout(stage, id)).toEqual(['identity.directory.unit-changed.v1'])
})

test('the same content again changes nothing and announces nothing', async () => {
  const before = await countFacts(stage)
  const again = await unit('NORTH', { name: '北方公司', kind: 'USER_UNIT' })
  expect([again.statusCode, again.headers.etag]).toEqual([200, '"1"'])
  expect(await countFacts(stage)).toBe(before)
})

test('a change needs the version that was read', async () => {
  await unit('WEST', { name: 'West', kind: 'USER_UNIT' })
  const other = { name: 'Far West', kind: 'USER_UNIT' }
  expect(await refusal(unit('WEST', other))).toEqual([428, 'precondition-required'])
  expect(await refusal(unit('WEST', other, { version: 7 }))).toEqual([412, 'version-stale'])
  const changed = await unit('WEST', other, { version: 1 })
  expect([changed.statusCode, changed.headers.etag]).toEqual([200, '"2"'])
  expect(await refusal(unit('NEW', other, { version: 1 }))).toEqual([412, 'version-stale'])
})

test('a change of whichever version is current is made, and cannot be a creation', async () => {
  await unit('SOUTH', { name: 'South', kind: 'USER_UNIT' })
  const any = { headers: { ...as('SYSTEM_ADMIN'), 'if-match': '*' } }
  const changed = await unit('SOUTH', { name: 'Far South', kind: 'USER_UNIT' }, any)
  expect([changed.statusCode, changed.headers.etag]).toEqual([200, '"2"'])
  const again = await unit('SOUTH', { name: 'South again', kind: 'USER_UNIT' }, any)
  expect([again.statusCode, again.headers.etag]).toEqual([200, '"3"'])
  expect(await refusal(unit('NOWHERE', { name: 'Nowhere', kind: 'USER_UNIT' }, any))).toEqual([
    412,
    'version-stale',
  ])
})

test('of ten that create the same unit at once one creates it', async () => {
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => unit('RACE', { name: 'Race', kind: 'SUPPLIER' })),
  )
  const statuses = answers.map(({ statusCode }) => statusCode).sort()
  expect(statuses).toEqual([...Array<number>(9).fill(200), 201])
})

test('[B-6.0] modules and departments are kept the same way', async () => {
  const module = await put(stage, '/v1/modules/GL', { name: '总账' })
  expect(await factsAbout(stage, module.id)).toEqual(['identity.directory.module-changed.v1'])
  const department = await ok<{ unitCode: string; id: string }>(
    call(stage, {
      method: 'GET',
      url: '/v1/departments/NORTH/FIN',
      headers: as('KEY_USER', { range: 'unit', unit: company.north.id }),
    }),
  )
  expect(department.unitCode).toBe('NORTH')
})

test('lists are paged by code', async () => {
  const headers = as('SYSTEM_ADMIN')
  const first = await ok<{ items: Named[]; next: string }>(
    call(stage, { method: 'GET', url: '/v1/departments?limit=2', headers }),
  )
  const rest = await ok<{ items: Named[]; next: null }>(
    call(stage, { method: 'GET', url: `/v1/departments?limit=2&cursor=${first.next}`, headers }),
  )
  expect([...first.items, ...rest.items].map(({ code }) => code)).toEqual(['FIN', 'IT', 'FIN'])
  expect(rest.next).toBeNull()
})

test.each([
  ['unit', '/v1/units/VER', { kind: 'USER_UNIT' }],
  ['department', '/v1/departments/VER/FIN', {}],
  ['module', '/v1/modules/VER', {}],
  ['position', '/v1/positions/VER', {}],
])(
  'what is announced of a %s has its version, so that a copy knows the newest',
  async (_what, url, more) => {
    const { id } = await put(stage, url, { ...more, name: 'first' })
    await put(stage, url, { ...more, name: 'second' }, 1)
    const facts = (await queuedEvents(stage.db)).filter(({ subject }) => subject === id)
    expect(facts.map(({ data }) => data)).toEqual([
      expect.objectContaining({ name: 'first', version: 1 }),
      expect.objectContaining({ name: 'second', version: 2 }),
    ])
  },
)

test('an entry with active people cannot be retired', async () => {
  await joined(stage)
  const retired = { name: '北方公司', kind: 'USER_UNIT', active: false }
  expect(await refusal(unit('NORTH', retired, { version: 1 }))).toEqual([409, 'entry-in-use'])
})

test('[B-4.1.2] a unit or module leaves the duties only when a second person, not of the unit, approves', async () => {
  const mara = '0195f2a0-0000-7000-8000-0000000000d1'
  const erik = '0195f2a0-0000-7000-8000-0000000000d2'
  const proposer = as('OM_AUTHORITY', { person: mara, sub: mara })
  const made = await ok<Named>(unit('SOLO', { name: 'Solo', kind: 'USER_UNIT' }))
  await ok(
    call(stage, {
      method: 'PUT',
      url: '/v1/modules/AP',
      headers: proposer,
      payload: { name: 'AP' },
    }),
  )
  const narrowings = [
    ['/v1/units/SOLO', { name: 'Solo', kind: 'SUPPLIER' }],
    ['/v1/modules/AP', { name: 'AP', active: false }],
  ] as const
  for (const [url, payload] of narrowings) {
    const answer = await call(stage, { method: 'PUT', url, headers: proposer, payload, version: 1 })
    expect(answer.statusCode).toBe(202)
    const read = () => ok(call(stage, { method: 'GET', url, headers: proposer }))
    expect(await read()).toMatchObject({ version: 1, active: true })
    const approve = (headers: Record<string, string>) =>
      call(stage, {
        method: 'POST',
        url: `${String(answer.headers.location)}/approve`,
        headers: { ...headers, 'content-type': 'application/json' },
        payload: { reason: 'Seen.' },
        version: 1,
      })
    const ownHand = as('SECURITY_ADMIN', { person: mara, sub: erik })
    expect(await refusal(approve(ownHand))).toEqual([409, 'same-person'])
    if (url.startsWith('/v1/units')) {
      const colleague = as('OM_AUTHORITY', { person: erik, sub: erik, unit: made.id })
      expect(await refusal(approve(colleague))).toEqual([403, 'concerned'])
    }
    await ok(approve(as('SECURITY_ADMIN', { person: erik, sub: erik })))
    expect(await read()).toMatchObject(payload)
  }
})

test('a caller of a unit keeps the departments of that unit and nothing else', async () => {
  const headers = as('SCRIPT', { range: 'unit', unit: company.south.id })
  const payload = { name: 'Stores' }
  const of = (url: string, body: object) =>
    call(stage, { method: 'PUT', url, headers, payload: body })
  expect((await of('/v1/departments/SOUTH/STO', payload)).statusCode).toBe(201)
  expect(await refusal(of('/v1/departments/NORTH/STO', payload))).toEqual([403, 'outside-unit'])
  expect(await refusal(of('/v1/positions/STO', payload))).toEqual([403, 'outside-unit'])
})

test.each(['SECURITY_ADMIN', 'AUDIT_ADMIN', 'KEY_USER', 'END_USER', 'MIDDLEWARE'] as const)(
  '%s may not change the register',
  async (role) => {
    const answer = unit('X', { name: 'X', kind: 'USER_UNIT' }, { headers: as(role) })
    expect(await refusal(answer)).toEqual([403, 'permission-missing'])
  },
)

test.each([
  ['a code in lower case', '/v1/units/north', { name: 'x', kind: 'USER_UNIT' }],
  ['an unknown kind', '/v1/units/N1', { name: 'x', kind: 'BRANCH' }],
  ['a line break in a name', '/v1/modules/M1', { name: 'a\nb' }],
  ['rights in the body of a position', '/v1/positions/P1', { name: 'x', roles: ['OM_AUTHORITY'] }],
])('%s is refused', async (_what, url, payload) => {
  const answer = call(stage, { method: 'PUT', url, headers: as('SYSTEM_ADMIN'), payload })
  expect(await refusal(answer)).toEqual([422, 'validation-failed'])
})

test('a department of an unknown unit is refused', async () => {
  const answer = call(stage, {
    method: 'PUT',
    url: '/v1/departments/NOWHERE/X',
    headers: as('SYSTEM_ADMIN'),
    payload: { name: 'x' },
  })
  expect(await refusal(answer)).toEqual([422, 'unit-unknown'])
})
