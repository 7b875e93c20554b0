import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { PersonChanged, StandingChanged } from '@erp-steward/contracts/directory-events'
import type { Role } from '@erp-steward/contracts/permissions'
import { sealedPerson } from '@erp-steward/test-kit/personal-data'
import { queuedEvents } from '@erp-steward/test-kit/queued-events'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { DAY, HOUR } from '@erp-steward/test-kit/instants'
import { UNIT } from '@erp-steward/test-kit/tell-of-company'
import { caller } from '@erp-steward/test-kit/tokens'
import {
  auditor,
  authority,
  confirm,
  controlStage,
  emptyStage,
  factOf,
  noon,
  read,
  record,
  stateAt,
  tell,
} from './control-stage.ts'

let stage: TestService
beforeAll(async () => {
  stage = await controlStage()
})
beforeEach(() => emptyStage(stage))
afterAll(() => stage.release())

let versions = 0
/** Identity says who somebody is, alone in a department, and what may be done. */
async function standing(personId: string, ...roles: Role[]): Promise<void> {
  const version = (versions += 1)
  const account = { accountId: personId, accountStatus: 'active' as const }
  const place = { unitId: UNIT, departmentId: personId, positionId: personId }
  const person = { ...sealedPerson(personId, { name: 'Somebody' }), ...place }
  const known = { ...person, personId, active: true, leftOn: null, version }
  await tell(stage, factOf(PersonChanged, known, noon(), 'identity'))
  const may = { personId, ...account, roles, version }
  await tell(stage, factOf(StandingChanged, may, noon(), 'identity'))
}

test('[B-5.1][B-5.2] what a person recorded proves the clause until it ends, and is stated as a fact', async () => {
  const person = randomUUID()
  const answer = await record(
    stage,
    'B-5.1',
    { reference: 'OM-2026-7' },
    caller({ roles: ['OM_AUTHORITY'], person }),
  )
  expect(answer.statusCode).toBe(201)
  const { id } = answer.json<{ id: string }>()
  expect(await stateAt(stage, 'B-5.1', noon())).toBe('stale')
  expect((await confirm(stage, 'B-5.1', id)).statusCode).toBe(200)
  expect(await stateAt(stage, 'B-5.1', noon(30 * DAY))).toBe('recorded-by-person')
  expect(await stateAt(stage, 'B-5.1', noon(30 * DAY + 1))).toBe('stale')
  const facts = (await queuedEvents(stage.db)).filter(({ subject }) => subject === 'B-5.1')
  expect(facts).toMatchObject([
    {
      type: 'assessment.control.recorded.v1',
      data: {
        recordId: id,
        clauseId: 'B-5.1',
        personId: person,
        reference: 'OM-2026-7',
        observedAt: noon(-HOUR).toISOString(),
        validUntil: noon(30 * DAY).toISOString(),
      },
    },
    { type: 'assessment.control.record-confirmed.v1', data: { recordId: id, clauseId: 'B-5.1' } },
  ])
})

test('[B-5.1][B-5.2] a record counts for nothing on one word: neither the recorder, nor the same account, nor nobody confirms it', async () => {
  const [person, sub] = [randomUUID(), randomUUID()]
  const made = await record(stage, 'B-5.1', {}, caller({ roles: ['OM_AUTHORITY'], person, sub }))
  const { id } = made.json<{ id: string }>()
  for (const headers of [
    caller({ roles: ['OM_AUTHORITY'], person }),
    caller({ roles: ['SYSTEM_ADMIN'], person }),
    caller({ roles: ['OM_AUTHORITY'], person: randomUUID(), sub }),
    caller({ roles: ['OM_AUTHORITY'], person: null }),
    caller({ roles: ['OM_AUTHORITY'], person: randomUUID(), controllers: [person] }),
  ])
    expect(['same-person', 'person-required']).toContain(
      (await confirm(stage, 'B-5.1', id, headers)).json<{ code: string }>().code,
    )
  expect(await stateAt(stage, 'B-5.1', noon())).toBe('stale')
  expect((await confirm(stage, 'B-5.2', id)).statusCode).toBe(404)
  stage.now = noon(30 * DAY + 1)
  expect((await confirm(stage, 'B-5.1', id)).json()).toMatchObject({
    code: 'control-validity-refused',
  })
  stage.now = noon()
  expect((await confirm(stage, 'B-5.1', id)).statusCode).toBe(200)
  expect((await confirm(stage, 'B-5.1', id)).statusCode).toBe(200)
  expect(await stateAt(stage, 'B-5.1', noon())).toBe('recorded-by-person')
})

test('[B-5.1][B-5.2] an account that belongs to nobody yet records nothing, for its holder could confirm it under another', async () => {
  const answer = await record(stage, 'B-5.1', {}, caller({ roles: ['SYSTEM_ADMIN'], person: null }))
  expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([
    403,
    'person-required',
  ])
  const id = randomUUID()
  await stage.db.query(
    `insert into control_record (id, clause_id, person_id, actor, statement, observed_at, valid_until, recorded_at)
     values ($1, 'B-5.1', null, 'nobody', 'Seen before there was this rule.', $2, $3, $2)`,
    [id, noon(-HOUR), noon(DAY)],
  )
  const confirmed = await confirm(stage, 'B-5.1', id)
  expect(confirmed.json()).toMatchObject({ code: 'same-person' })
  expect(await stateAt(stage, 'B-5.1', noon())).toBe('stale')
})

test('[B-5.1][B-5.2] two of those whose duties these are do not vouch for each other, also by another role or lately', async () => {
  const [recorder, colleague, former] = [randomUUID(), randomUUID(), randomUUID()]
  for (const [personId, role] of [
    [recorder, 'OM_AUTHORITY'],
    [colleague, 'SECURITY_ADMIN'],
    [former, 'OM_AUTHORITY'],
    [former, 'END_USER'],
  ] as const)
    await standing(personId, role)
  const made = await record(
    stage,
    'B-5.1',
    {},
    caller({ roles: ['OM_AUTHORITY'], person: recorder }),
  )
  const { id } = made.json<{ id: string }>()
  for (const headers of [
    caller({ roles: ['OM_AUTHORITY'], person: randomUUID() }),
    caller({ roles: ['SYSTEM_ADMIN'], person: former }),
  ])
    expect((await confirm(stage, 'B-5.1', id, headers)).json()).toMatchObject({ code: 'concerned' })
  expect(await stateAt(stage, 'B-5.1', noon())).toBe('stale')
  const other = caller({ roles: ['SECURITY_ADMIN'], person: colleague })
  expect((await confirm(stage, 'B-5.1', id, other)).statusCode).toBe(200)
  expect(await stateAt(stage, 'B-5.1', noon())).toBe('recorded-by-person')
})

test('[B-5.1] a repetition with the same key records once and gets the same answer', async () => {
  const key = randomUUID()
  const headers = authority()
  const answers = [
    await record(stage, 'B-5.1', {}, headers, key),
    await record(stage, 'B-5.1', {}, headers, key),
  ]
  expect(new Set(answers.map(({ body }) => body)).size).toBe(1)
  expect(
    (await read(stage, '/v1/controls/B-5.1/records')).json<{ items: unknown[] }>().items,
  ).toHaveLength(1)
})

test('[B-5.1] renewing needs a newer observation, not only a later end', async () => {
  await record(stage, 'B-5.1', {})
  const again = await record(stage, 'B-5.1', { validUntil: noon(60 * DAY).toISOString() })
  expect([again.statusCode, again.json<{ code: string }>().code]).toEqual([
    422,
    'control-observation-refused',
  ])
  const newer = await record(stage, 'B-5.1', { observedAt: noon(-1).toISOString() })
  expect(newer.statusCode).toBe(201)
})

test('[B-5.1] of two who record the same observation at the same moment one is refused', async () => {
  const answers = await Promise.all([record(stage, 'B-5.1', {}), record(stage, 'B-5.1', {})])
  expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([201, 422])
})

test.each([
  ['in the future', { observedAt: noon(1).toISOString() }, 'control-observation-refused'],
  [
    'just over three months old',
    { observedAt: '2025-12-09T11:59:59.999Z' },
    'control-observation-refused',
  ],
  ['that ends now', { validUntil: noon().toISOString() }, 'control-validity-refused'],
  [
    'that lasts longer than thirteen months',
    { observedAt: noon().toISOString(), validUntil: '2027-04-09T12:00:00.001Z' },
    'control-validity-refused',
  ],
  ['with NUL', { statement: 'a\u0000b' }, 'validation-failed'],
  ['with a line break in its reference', { reference: 'a\nb' }, 'validation-failed'],
  ['with an impossible date', { observedAt: '2026-02-30T00:00:00Z' }, 'validation-failed'],
  ['with a member more', { state: 'kept' }, 'validation-failed'],
])('[B-5.2] an observation %s is refused', async (_what, body, code) => {
  const answer = await record(stage, 'B-5.2', body)
  expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([422, code])
})

test('[B-5.2] an observation of exactly three months ago, and one valid for exactly thirteen months, are taken', async () => {
  const old = await record(stage, 'B-5.2', { observedAt: '2025-12-09T12:00:00.000Z' })
  const long = await record(stage, 'B-5.2', {
    observedAt: noon().toISOString(),
    validUntil: '2027-04-09T12:00:00.000Z',
  })
  expect([old.statusCode, long.statusCode]).toEqual([201, 201])
})

test.each(['A-2.4.1', 'A-3.1.2', 'B-1'])(
  '[B-5.6] nobody can talk clause %s right: it is proven by facts or sets no duty',
  async (clauseId) => {
    const answer = await record(stage, clauseId, {})
    expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([
      409,
      'control-not-recordable',
    ])
  },
)

test('a clause that does not exist cannot be recorded', async () => {
  expect((await record(stage, 'A-9.9', {})).statusCode).toBe(404)
})

test('who may not record is refused by name', async () => {
  const own = caller({ roles: ['OM_AUTHORITY'], unit: UNIT, range: 'unit' })
  for (const [headers, code] of [
    [auditor(), 'permission-missing'],
    [own, 'outside-unit'],
  ] as const) {
    const answer = await record(stage, 'B-5.1', {}, headers)
    expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([403, code])
  }
})

test('records are listed, the newest observation first, page by page', async () => {
  for (const ms of [3, 2, 1])
    await record(stage, 'B-5.1', { observedAt: noon(-ms * HOUR).toISOString() })
  const first = (await read(stage, '/v1/controls/B-5.1/records?limit=2')).json<{
    items: { observedAt: string }[]
    next: string
  }>()
  const url = `/v1/controls/B-5.1/records?limit=2&cursor=${first.next}`
  const second = (await read(stage, url)).json<{ items: { observedAt: string }[]; next: null }>()
  expect([...first.items, ...second.items].map(({ observedAt }) => observedAt)).toEqual(
    [1, 2, 3].map((ms) => noon(-ms * HOUR).toISOString()),
  )
  expect(second.next).toBeNull()
})
