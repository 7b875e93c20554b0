import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { DepartureJudged } from '@erp-steward/contracts/directory-events'
import { HolidayYearLoaded } from '@erp-steward/contracts/incident-events'
import { queuedEvents } from '@erp-steward/test-kit/queued-events'
import { runTask } from '@erp-steward/test-kit/run-task'
import { tell } from '@erp-steward/test-kit/tell'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { toldAttention } from '@erp-steward/test-kit/told-attention'
import { verdictOf } from '../../src/departures/rules/verdict.ts'
import { identityStage } from '../account-stage.ts'
import {
  as,
  call,
  joined,
  ok,
  onPerson,
  refusal,
  smallCompany,
  type PersonView,
} from '../directory-stage.ts'

let stage: TestService
let company: Awaited<ReturnType<typeof smallCompany>>
const china = (text: string) => new Date(`${text}+08:00`)
/** A Wednesday with working days on both sides. */
const WEDNESDAY = '2026-11-25'

beforeAll(async () => {
  stage = await identityStage()
  company = await smallCompany(stage)
})
afterAll(() => stage.release())
beforeEach(() => {
  stage.now = china(`${WEDNESDAY}T09:00:00`)
})

interface Departure {
  readonly id: string
  readonly verdict: string
  readonly effectiveOn: string
  readonly dueAt: string | null
  readonly lagSeconds: number | null
  readonly personnelToldAt: string | null
  readonly departmentToldAt: string | null
  readonly departmentSaid: string | null
  readonly departmentId: string
}

const head = (unit = company.north.id) => as('BUSINESS_OWNER', { range: 'unit', unit })
const tellOf = (person: PersonView, members: object, headers = head()) =>
  call(stage, {
    method: 'POST',
    url: '/v1/departures',
    headers,
    payload: { personId: person.id, ...members },
  })
const leaves = (effectiveOn: string) => ({ kind: 'leave', effectiveOn, leaveKind: 'resignation' })
const of = async ({ id }: PersonView) => {
  const url = `/v1/departures?personId=${id}`
  const headers = as('AUDIT_ADMIN')
  return (await ok<{ items: Departure[] }>(call(stage, { method: 'GET', url, headers }))).items
}
const one = async (person: PersonView) => {
  const [departure, ...others] = await of(person)
  if (departure === undefined || others.length > 0) throw new Error('not one departure')
  return departure
}
const personnelSays = (person: PersonView, leaveOn: string) =>
  ok<PersonView>(onPerson(stage, person, 'leave', { leaveOn, kind: 'resignation' }))
const watch = () => runTask(stage, 'watch-departures')
const verdicts = async ({ id }: PersonView) =>
  (await queuedEvents(stage.db))
    .filter(({ type, subject }) => type === DepartureJudged.type && subject === id)
    .map(({ data }) => (data as { verdict: string }).verdict)

test.each([
  ['2026-11-26T17:29:59', 'awaited'],
  ['2026-11-26T17:30:00', 'awaited'],
  ['2026-11-26T17:30:00.001', 'missing'],
])('[A-2.1.3] without a word of the department it is at %s %s', (now, verdict) => {
  const untold = {
    ...{ effectiveOn: WEDNESDAY, departmentToldAt: null, verdict: 'awaited' as const },
    dueAt: china('2026-11-26T17:30:00'),
  }
  expect(verdictOf(untold, china(now)).verdict).toBe(verdict)
})

test('[A-2.1.3] a leave that the personnel system told of, and the department did not, is missing after its time', async () => {
  const person = await joined(stage)
  await personnelSays(person, WEDNESDAY)
  const opened = await one(person)
  expect(opened).toMatchObject({ verdict: 'awaited', departmentToldAt: null, lagSeconds: null })
  const dueAt = new Date(String(opened.dueAt))
  // A working day after nine o'clock of a Wednesday is not over on that Wednesday.
  expect(dueAt > china('2026-11-25T18:00:00')).toBe(true)
  stage.now = dueAt
  await watch()
  expect((await one(person)).verdict).toBe('awaited')
  stage.now = new Date(dueAt.getTime() + 1)
  await watch()
  await watch()
  expect(await one(person)).toMatchObject({ verdict: 'missing', lagSeconds: null })
  expect(await verdicts(person)).toEqual(['missing'])
  const told = await toldAttention(stage, { kind: 'departure-untold' })
  expect(told.map(({ subject }) => subject)).toContain(opened.id)

  // Told after all it is late, and nobody's task any more.
  await ok(tellOf(person, leaves(WEDNESDAY)))
  const late = await one(person)
  expect(late).toMatchObject({ id: opened.id, verdict: 'late' })
  const midnight = china('2026-11-25T00:00:00').getTime()
  expect(late.lagSeconds).toBe(Math.floor((stage.now.getTime() - midnight) / 1_000))
  expect(await verdicts(person)).toEqual(['missing', 'late'])
  const after = await toldAttention(stage, { kind: 'departure-untold' })
  expect(after.map(({ subject }) => subject)).not.toContain(opened.id)
})

test('[A-2.1.3] told ahead by the department, a leave takes effect by it and is in time', async () => {
  const person = await joined(stage)
  await ok(tellOf(person, leaves('2026-11-27')))
  expect(await one(person)).toMatchObject({
    verdict: 'in-time',
    lagSeconds: 0,
    personnelToldAt: null,
    effectiveOn: '2026-11-27',
    departmentSaid: '2026-11-27',
  })
  const url = `/v1/persons/${person.id}`
  const seen = await ok<PersonView>(call(stage, { method: 'GET', url, headers: as('SCRIPT') }))
  expect(seen).toMatchObject({ leaveOn: '2026-11-27', active: true })
  // The personnel system has the last word of the day, and the same departure.
  await personnelSays(seen, '2026-11-30')
  expect(await one(person)).toMatchObject({
    verdict: 'in-time',
    effectiveOn: '2026-11-30',
    departmentSaid: '2026-11-27',
  })
  expect(await verdicts(person)).toEqual(['in-time'])
})

test('[A-2.1.3] a day that the personnel system corrects is judged anew', async () => {
  const person = await joined(stage)
  stage.now = china('2026-11-27T09:00:00')
  await ok(tellOf(person, leaves('2026-12-02')))
  const planned = await ok<PersonView>(
    call(stage, { method: 'GET', url: `/v1/persons/${person.id}`, headers: as('SCRIPT') }),
  )
  // It was ten days before.
  await personnelSays(planned, '2026-11-17')
  expect(await one(person)).toMatchObject({ verdict: 'late', effectiveOn: '2026-11-17' })
  expect(await verdicts(person)).toEqual(['in-time', 'late'])
})

test('[A-2.1.3] a notice taken back counts for nobody', async () => {
  const person = await joined(stage)
  const leaving = await personnelSays(person, '2026-12-01')
  await ok(onPerson(stage, leaving, 'withdraw-leave', {}))
  stage.now = china('2026-12-10T09:00:00')
  await watch()
  expect(await one(person)).toMatchObject({ verdict: 'withdrawn' })
  expect(await verdicts(person)).toEqual(['withdrawn'])
})

test('[A-2.1.3] a move is told of by the unit that was left, and without the register it asks for a human', async () => {
  const person = await joined(stage)
  await ok(tellOf(person, { kind: 'move', effectiveOn: WEDNESDAY }))
  const told = await one(person)
  stage.now = china('2026-11-30T09:00:00')
  const waiting = await toldAttention(stage, { kind: 'move-unconfirmed' })
  expect(waiting.map(({ subject }) => subject)).toContain(told.id)
  const moved = await ok<PersonView>(
    onPerson(stage, person, 'move', {
      ...{ unitCode: 'SOUTH', departmentCode: 'FIN', positionCode: 'CLERK' },
    }),
  )
  expect(await one(person)).toMatchObject({ id: told.id, verdict: 'in-time' })
  const done = await toldAttention(stage, { kind: 'move-unconfirmed' })
  expect(done.map(({ subject }) => subject)).not.toContain(told.id)

  // Another move is another departure, of another department, whose unit alone can tell.
  await ok(
    onPerson(stage, moved, 'move', {
      ...{ unitCode: 'NORTH', departmentCode: 'IT', positionCode: 'CLERK' },
    }),
  )
  const [second] = await of(person)
  expect(second).toMatchObject({ verdict: 'awaited' })
  const move = { kind: 'move', effectiveOn: '2026-11-30' }
  expect(await refusal(tellOf(person, move, head()))).toEqual([404, 'not-found'])
  await ok(tellOf(person, move, head(company.south.id)))
  expect((await of(person))[0]).toMatchObject({ id: second?.id, verdict: 'in-time' })
})

test('[A-2.1.3] nobody tells of himself, of another unit, or of one who left long ago', async () => {
  const person = await joined(stage)
  const self = as('BUSINESS_OWNER', {
    ...{ range: 'unit', unit: company.north.id, sub: randomUUID(), person: person.id },
  })
  const word = leaves('2026-12-01')
  expect(await refusal(tellOf(person, word, self))).toEqual([409, 'same-person'])
  expect(await refusal(tellOf(person, word, head(company.south.id)))).toEqual([404, 'not-found'])
  const clerk = as('END_USER', { range: 'unit', unit: company.north.id })
  expect(await refusal(tellOf(person, word, clerk))).toEqual([403, 'permission-missing'])
  await personnelSays(person, WEDNESDAY)
  stage.now = china('2027-02-25T09:00:00')
  expect(await refusal(tellOf(person, leaves('2027-02-25')))).toEqual([409, 'person-left'])
  expect(await refusal(tellOf(person, { ...word, leaveKind: undefined }))).toEqual([
    ...[422, 'validation-failed'],
  ])
})

test('[A-2.1.3] two words at the same moment are one departure', async () => {
  const person = await joined(stage)
  const answers = await Promise.all([
    ...Array.from({ length: 4 }, () => tellOf(person, leaves('2026-11-27'))),
    onPerson(stage, person, 'leave', { leaveOn: '2026-11-27', kind: 'resignation' }),
  ])
  expect(answers.slice(0, 4).map(({ statusCode }) => statusCode)).toEqual([201, 201, 201, 201])
  expect(await one(person)).toMatchObject({ verdict: 'in-time' })
  expect(await verdicts(person)).toEqual(['in-time'])
})

test('[A-2.1.3] without the holidays of the year nobody is judged; once they are loaded, everybody is', async () => {
  stage.now = china('2027-03-05T09:00:00')
  const person = await joined(stage)
  await personnelSays(person, '2027-03-05')
  expect(await one(person)).toMatchObject({ verdict: 'awaited', dueAt: null })
  stage.now = china('2027-03-20T09:00:00')
  await watch()
  expect(await one(person)).toMatchObject({ verdict: 'awaited', dueAt: null })
  // Not the real year: its paper does not exist.
  await tell(stage, HolidayYearLoaded, '2027', {
    ...{ year: 2027, version: 1, paper: '虚构〔2026〕1号', paperDate: '2026-11-01' },
    ...{ holidays: { '2027-01-01': '虚构' }, makeUpDays: {}, reason: 'For this test.' },
  })
  await watch()
  expect((await one(person)).verdict).toBe('missing')
})

test('[A-2.1.3] the lag of departments, those with most to answer for first, within the range of the caller', async () => {
  const lag = async (headers: Record<string, string>) => {
    const url = '/v1/departure-lag?from=2026-11-01&to=2026-12-31'
    const { items } = await ok<{
      items: { unitId: string; departures: number; late: number; missing: number; inTime: number }[]
    }>(call(stage, { method: 'GET', url, headers }))
    return items
  }
  const all = await lag(as('OM_AUTHORITY'))
  expect(all.length).toBeGreaterThan(1)
  const faults = all.map(({ late, missing }) => late + missing)
  expect(faults).toEqual([...faults].sort((a, b) => b - a))
  for (const { departures, ...counts } of all)
    expect(counts.late + counts.missing + counts.inTime).toBeLessThanOrEqual(departures)
  const own = await lag(head())
  expect(new Set(own.map(({ unitId }) => unitId))).toEqual(new Set([company.north.id]))
})
