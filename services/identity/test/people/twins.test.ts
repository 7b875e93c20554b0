import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { queuedEvents } from '@erp-steward/test-kit/queued-events'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { chinaDay } from '../../src/people/rules/china-day.ts'
import { identityStage } from '../account-stage.ts'
import {
  approve,
  as,
  ask,
  call,
  join,
  joined,
  ok,
  onPerson,
  refusal,
  smallCompany,
  type PersonView,
} from '../directory-stage.ts'

let stage: TestService
beforeAll(async () => {
  stage = await identityStage()
  await smallCompany(stage)
})
afterAll(() => stage.release())

const TWIN = [409, 'person-twin']
const NORTH = { unitCode: 'NORTH', departmentCode: 'FIN', positionCode: 'CLERK' }

test('[A-2.1.1] one human is one person: the address of an active person is nobody else’s, by any way in', async () => {
  const email = 'one.human@example.cn'
  const person = await joined(stage, { email })
  expect(await refusal(join(stage, { email }))).toEqual(TWIN)
  expect(await refusal(join(stage, { email: 'One.Human@Example.CN' }))).toEqual(TWIN)
  const other = await joined(stage)
  const url = `/v1/persons/${other.id}`
  const change = { method: 'PATCH', url, headers: as('SCRIPT'), version: 1 } as const
  expect(await refusal(call(stage, { ...change, payload: { email } }))).toEqual(TWIN)
  const list = await call(stage, {
    method: 'POST',
    url: '/v1/imports/persons?mode=good-rows',
    headers: { ...as('SCRIPT'), 'content-type': 'text/csv' },
    payload: [
      'employeeNumber,name,unitCode,departmentCode,positionCode,email',
      `TWIN1,张三,NORTH,FIN,CLERK,${email}`,
      `${other.employeeNumber},张三,NORTH,FIN,CLERK,${email}`,
    ].join('\n'),
  })
  expect(list.json()).toMatchObject({ counts: { refused: 2 } })
  // The own address is no twin's, and who left has none.
  const left = await ok<PersonView>(onPerson(stage, person, 'leave', { kind: 'resignation' }))
  await joined(stage, { email })
  expect(await refusal(onPerson(stage, left, 'rejoin', NORTH))).toEqual(TWIN)
})

test('[A-2.1.1] of joiners with one address at the same moment one joins', async () => {
  const answers = await Promise.all(
    Array.from({ length: 5 }, () => join(stage, { email: 'race@example.cn' })),
  )
  expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([201, 409, 409, 409, 409])
})

test('an employee number is the same in any case', async () => {
  await joined(stage, { employeeNumber: 'Abc-1' })
  expect(await refusal(join(stage, { employeeNumber: 'ABC-1' }))).toEqual([
    409,
    'employee-number-taken',
  ])
})

test('[A-2.1.1] an address that several people have is admitted by two administrators', async () => {
  const email = 'warehouse@example.cn'
  const person = await joined(stage, { email })
  const change = await ask(stage, { kind: 'share-address', personId: person.id })
  expect(await refusal(join(stage, { email }))).toEqual(TWIN)
  await ok(approve(stage, change))
  expect((await join(stage, { email })).statusCode).toBe(201)
})

const patch = ({ id, version }: Pick<PersonView, 'id' | 'version'>, payload: object) =>
  call(stage, {
    method: 'PATCH',
    url: `/v1/persons/${id}`,
    headers: as('SCRIPT'),
    version,
    payload,
  })

interface Report {
  readonly applied: boolean
  readonly rows: { outcome: string; errors: { code: string; detail: string }[] }[]
}

const HEADER = 'employeeNumber,name,unitCode,departmentCode,positionCode,birthday,email'

const send = (rows: readonly string[], query = 'mode=good-rows', type = 'text/csv') =>
  call(stage, {
    method: 'POST',
    url: `/v1/imports/persons?${query}`,
    headers: { ...as('SCRIPT'), 'content-type': type },
    payload: (type === 'text/csv' ? [HEADER, ...rows] : rows).join('\n'),
  })

const outcomes = ({ rows }: Report) => rows.map(({ outcome }) => outcome)

test('[A-2.1.1] one human is one person: name and birthday of an active person are nobody else’s, by any way in', async () => {
  const who = { name: 'Ying Müller', birthday: '1979-03-04' }
  const person = await joined(stage, who)
  const refused = await join(stage, who)
  expect(refused.json()).toMatchObject({ status: 409, code: 'person-twin', twinId: person.id })
  for (const name of ['ying MÜLLER', '  Ying   Müller ', 'Ｙｉｎｇ\u3000Müller'])
    expect(await refusal(join(stage, { ...who, name }))).toEqual(TWIN)

  const sameName = await joined(stage, { ...who, birthday: '1979-03-05' })
  const nameless = await joined(stage, { name: who.name })
  const sameDay = await joined(stage, { ...who, name: 'Ying Muller' })
  expect(await refusal(patch(sameName, { birthday: who.birthday }))).toEqual(TWIN)
  expect(await refusal(patch(nameless, { birthday: who.birthday }))).toEqual(TWIN)
  expect(await refusal(patch(sameDay, { name: 'ying müller' }))).toEqual(TWIN)

  const csv = await ok<Report>(
    send([
      `${randomUUID()},${who.name},NORTH,FIN,CLERK,${who.birthday},`,
      `${sameDay.employeeNumber},${who.name},NORTH,FIN,CLERK,${who.birthday},`,
      `${sameName.employeeNumber},${who.name},NORTH,FIN,CLERK,${who.birthday},`,
    ]),
  )
  expect(outcomes(csv)).toEqual(['refused', 'refused', 'refused'])
  expect(csv.rows[0]?.errors).toEqual([
    { code: 'person-twin', detail: expect.stringContaining(person.id) },
  ])
  const line = JSON.stringify({ employeeNumber: randomUUID(), ...who, ...NORTH })
  const lines = await ok<Report>(send([line], 'mode=good-rows', 'application/x-ndjson'))
  expect(outcomes(lines)).toEqual(['refused'])

  // The own is no twin's, and who left has none; whoever comes back is looked at again.
  const same = await ok<PersonView>(patch(person, { name: 'YING MÜLLER' }))
  const left = await ok<PersonView>(onPerson(stage, same, 'leave', { kind: 'resignation' }))
  await joined(stage, who)
  expect(await refusal(onPerson(stage, left, 'rejoin', NORTH))).toEqual(TWIN)
  const otherDay = { ...NORTH, birthday: '1979-03-06' }
  await ok(onPerson(stage, left, 'rejoin', otherDay))
})

test('[A-2.1.1] a leaver who comes back with the birthday of a namesake is refused', async () => {
  const who = { name: 'Comes Back', birthday: '1981-01-02' }
  await joined(stage, who)
  const person = await joined(stage, { name: who.name })
  const left = await ok<PersonView>(onPerson(stage, person, 'leave', { kind: 'resignation' }))
  const { birthday } = who
  expect(await refusal(onPerson(stage, left, 'rejoin', { ...NORTH, birthday }))).toEqual(TWIN)
  await ok(onPerson(stage, left, 'rejoin', NORTH))
})

test('[A-2.1.1] of joiners with one name and birthday at the same moment one joins', async () => {
  const who = { name: 'Ra Ce', birthday: '1982-01-02' }
  const answers = await Promise.all(Array.from({ length: 5 }, () => join(stage, who)))
  expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([201, 409, 409, 409, 409])
})

test('[A-2.1.1] a joiner, a new name and a new birthday of one human at the same moment: one comes through', async () => {
  const who = { name: 'Three Ways', birthday: '1983-01-02' }
  const renamed = await joined(stage, { ...who, name: 'Another' })
  const dated = await joined(stage, { name: who.name })
  const answers = await Promise.all([
    join(stage, who),
    patch(renamed, { name: who.name }),
    patch(dated, { birthday: who.birthday }),
  ])
  expect(answers.filter(({ statusCode }) => statusCode < 300)).toHaveLength(1)
  expect(answers.filter(({ statusCode }) => statusCode === 409)).toHaveLength(2)
})

test('[A-2.1.1] lists and joiners that cross each other’s addresses and birthdays all get an answer, and nobody is there twice', async () => {
  const human = (number: number) => ({
    name: `Cross ${number}`,
    birthday: `1984-02-0${number}`,
    email: `cross.${number}@example.cn`,
  })
  const numbers = [1, 2, 3, 4, 5, 6]
  const row = (number: number) => {
    const { name, birthday, email } = human(number)
    return `${randomUUID()},${name},NORTH,FIN,CLERK,${birthday},${email}`
  }
  const answers = await Promise.all([
    send(numbers.map(row)),
    ...numbers.map((number) => join(stage, human(number))),
    // The address of one and the birthday of the next.
    ...numbers.map((number) =>
      join(stage, { ...human(number), email: human((number % 6) + 1).email }),
    ),
    send(numbers.toReversed().map(row)),
  ])
  expect(answers.filter(({ statusCode }) => ![200, 201, 409].includes(statusCode))).toEqual([])
  const twice: unknown[] = await stage.db.query(
    `select from person where active and twin_lookup is not null group by twin_lookup having count(*) > 1`,
  )
  expect(twice).toEqual([])
})

test('[A-2.1.1] a list that names one human twice, or somebody who is there, refuses the row; a dry run says so and leaves nothing', async () => {
  const who = { name: 'Dry Run', birthday: '1985-01-02' }
  const rows = [1, 2].map(() => `${randomUUID()},Dry  RUN,NORTH,FIN,CLERK,${who.birthday},`)
  const dry = await ok<Report>(send(rows, 'mode=good-rows&dryRun=true'))
  expect(dry).toMatchObject({ applied: false, rows: [{ outcome: 'created' }, {}] })
  expect(dry.rows[1]?.errors).toMatchObject([{ code: 'person-twin' }])
  expect(await refusal(send(rows, 'mode=all-or-none'))).toEqual([422, 'import-refused'])
  const { id } = await joined(stage, who)
  const later = await ok<Report>(send(rows, 'mode=good-rows&dryRun=true'))
  expect(outcomes(later)).toEqual(['refused', 'refused'])
  expect(later.rows[0]?.errors[0]?.detail).toContain(id)
})

test('[A-2.1.1] two humans with one name and birthday are admitted by two administrators', async () => {
  const who = { name: 'Name Sake', birthday: '1986-01-02' }
  const person = await joined(stage, who)
  const change = await ask(stage, { kind: 'admit-namesake', personId: person.id })
  expect(await refusal(join(stage, who))).toEqual(TWIN)
  expect(await refusal(approve(stage, change, as('SYSTEM_ADMIN')))).toEqual([
    403,
    'permission-missing',
  ])
  await ok(approve(stage, change))
  await joined(stage, who)
  // The address is another matter.
  const email = 'name.sake@example.cn'
  await joined(stage, { ...who, email })
  expect(await refusal(join(stage, { ...who, email }))).toEqual(TWIN)
  const unknown = await ask(stage, { kind: 'admit-namesake', personId: (await joined(stage)).id })
  expect(await refusal(approve(stage, unknown))).toEqual([422, 'person-unknown'])
})

test('a birthday is a calendar date from 1901 to today', async () => {
  const today = chinaDay(stage.now)
  const tomorrow = chinaDay(new Date(stage.now.getTime() + 86_400_000))
  for (const birthday of ['1901-01-01', '2000-02-29', today]) await joined(stage, { birthday })
  const bad = ['1900-01-01', '1900-12-31', '2001-02-29', '19800101', '', 19_800_101, tomorrow]
  const fault = [422, 'validation-failed']
  const person = await joined(stage)
  for (const birthday of bad) {
    expect(await refusal(join(stage, { birthday }))).toEqual(fault)
    expect(await refusal(patch(person, { birthday }))).toEqual(fault)
  }
  const rows = ['1900-12-31', tomorrow].map((day) => `${randomUUID()},B,NORTH,FIN,CLERK,${day},`)
  const report = await ok<Report>(send(rows))
  expect(report.rows.flatMap(({ errors }) => errors.map(({ code }) => code))).toEqual([
    'validation-failed',
    'validation-failed',
  ])
})

test('[A-4.3.1] no fact says when somebody was born', async () => {
  const person = await joined(stage, { name: 'Un Told', birthday: '1987-01-02' })
  await ok(patch(person, { birthday: '1987-01-03' }))
  const events = await queuedEvents(stage.db)
  const about = events.filter(({ subject }) => subject === person.id)
  expect(about.length).toBeGreaterThan(1)
  expect(JSON.stringify(about)).not.toMatch(/birthday|twinLookup|1987-01/)
})
