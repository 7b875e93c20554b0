import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { chinaDay } from '../../src/people/rules/china-day.ts'
import { identityStage } from '../account-stage.ts'
import {
  as,
  call,
  countFacts,
  joined,
  ok,
  onPerson,
  refusal,
  responsibility,
  setRights,
  smallCompany,
  type PersonView,
} from '../directory-stage.ts'

let stage: TestService
let company: Awaited<ReturnType<typeof smallCompany>>

beforeAll(async () => {
  stage = await identityStage()
  company = await smallCompany(stage)
  await setRights(stage, 'CLERK', {
    roles: ['END_USER'],
    responsibilities: [responsibility('SQLGL', 'GL_CLERK')],
  })
})
afterAll(() => stage.release())

interface Report {
  readonly applied: boolean
  readonly counts: Record<string, number>
  readonly rows: { row: number; outcome: string; errors: { code: string; detail: string }[] }[]
}

const HEADER = 'employeeNumber,name,unitCode,departmentCode,positionCode,email,leaveOn'

interface SendOptions {
  readonly query?: string
  readonly type?: string
  readonly headers?: Readonly<Record<string, string>>
}

function send(
  list: string | Buffer,
  { query = '', type = 'text/csv', headers = as('SCRIPT') }: SendOptions = {},
) {
  return stage.app.inject({
    method: 'POST',
    url: `/v1/imports/persons${query}`,
    headers: { ...headers, 'content-type': type },
    payload: list,
  })
}

const csv = (...rows: string[]) => [HEADER, ...rows].join('\r\n')
const sent = (list: string, options?: SendOptions) => ok<Report>(send(list, options))
const outcomes = ({ rows }: Report) => rows.map(({ outcome }) => outcome)

async function person(employeeNumber: string): Promise<PersonView | undefined> {
  const { items } = await ok<{ items: PersonView[] }>(
    call(stage, {
      method: 'GET',
      url: `/v1/persons?employeeNumber=${employeeNumber}`,
      headers: as('SCRIPT'),
    }),
  )
  return items[0]
}

test('[A-1.2][A-2.1.1] a list takes people in; the same list again changes nothing and announces nothing', async () => {
  const list = csv(
    'I1,赵一,NORTH,FIN,CLERK,zhao@example.cn,',
    'I2,"钱, 二",NORTH,IT,BUYER,,',
    'I3,孙三,SOUTH,FIN,CLERK,,',
  )
  const first = await sent(list)
  expect(outcomes(first)).toEqual(['created', 'created', 'created'])
  expect(first).toMatchObject({ applied: true, counts: { created: 3, refused: 0 } })
  expect(await person('I2')).toMatchObject({ name: '钱, 二', active: true, userName: 'I2' })
  const before = await countFacts(stage)
  const second = await sent(list)
  expect(outcomes(second)).toEqual(['unchanged', 'unchanged', 'unchanged'])
  expect(await countFacts(stage)).toBe(before)
})

test('[A-2.1.3][A-2.1.4] a list moves, changes and lets go', async () => {
  const today = chinaDay(stage.now)
  await sent(csv('J1,A,NORTH,FIN,CLERK,,', 'J2,B,NORTH,FIN,CLERK,,', 'J3,C,NORTH,FIN,CLERK,,'))
  const list = csv(
    'J1,A,SOUTH,FIN,BUYER,,',
    'J2,Bee,NORTH,FIN,CLERK,b@example.cn,',
    `J3,C,NORTH,FIN,CLERK,,${today}`,
  )
  expect(outcomes(await sent(list))).toEqual(['moved', 'changed', 'left'])
  expect(await person('J3')).toMatchObject({ active: false, leftOn: today })
  expect(outcomes(await sent(list))).toEqual(['unchanged', 'unchanged', 'unchanged'])
})

test('a leave date of the future is noted once', async () => {
  const list = csv('K1,A,NORTH,FIN,CLERK,,2099-01-01')
  expect(outcomes(await sent(list))).toEqual(['created'])
  expect(await person('K1')).toMatchObject({ active: true, leaveOn: '2099-01-01' })
  expect(outcomes(await sent(list))).toEqual(['unchanged'])
})

test('all or none: one bad row keeps every other out', async () => {
  const list = csv('L1,A,NORTH,FIN,CLERK,,', 'L2,B,NOWHERE,FIN,CLERK,,')
  const refused = await send(list)
  expect(refused.statusCode).toBe(422)
  expect(refused.json()).toMatchObject({
    code: 'import-refused',
    counts: { created: 1, refused: 1 },
    rows: [{ row: 2, employeeNumber: 'L2', errors: [{ code: 'unit-unknown' }] }],
  })
  expect(await person('L1')).toBeUndefined()
})

test('good rows: the others take effect, and every refused row says why', async () => {
  const left = await joined(stage, { employeeNumber: 'GONE' })
  await ok(onPerson(stage, left, 'leave', { kind: 'dismissal' }))
  const list = csv(
    'M1,A,NORTH,FIN,CLERK,,',
    'M2,B,NORTH,NOWHERE,CLERK,,',
    'M3,C,NORTH,FIN,NOTHING,,',
    'M4,D,NORTH,FIN,CLERK,not-an-address,',
    'M1,A,NORTH,FIN,CLERK,,',
    'M5,E,NORTH',
    ',F,NORTH,FIN,CLERK,,',
    'GONE,G,NORTH,FIN,CLERK,,',
    'M6,H,NORTH,FIN,CLERK,,2001-01-01',
    'M7,I,NORTH,FIN,CLERK,,2026-02-30',
    'M8,J,NORTH,FIN,CLERK,,',
    'M9,K,NORTH,FIN,CLERK,,0000-01-01',
  )
  const report = await sent(list, { query: '?mode=good-rows' })
  expect(report.rows.map(({ outcome, errors }) => errors[0]?.code ?? outcome)).toEqual([
    'created',
    'department-unknown',
    'position-unknown',
    'validation-failed',
    'validation-failed',
    'validation-failed',
    'validation-failed',
    'person-left',
    'person-unknown',
    'validation-failed',
    'created',
    'validation-failed',
  ])
  expect(await person('M8')).toMatchObject({ active: true })
})

test('what is said of rows and of a list is said in the language of the caller', async () => {
  const left = await joined(stage, { employeeNumber: 'WENT' })
  await ok(onPerson(stage, left, 'leave', { kind: 'dismissal' }))
  const list = csv(
    'Y1,A,NORTH,FIN,CLERK,,',
    'Y2,B,NORTH,NOWHERE,CLERK,,',
    ',C,NORTH,FIN,CLERK,,',
    'y1,D,NORTH,FIN,CLERK,,',
    'Y4,E,NORTH',
    'WENT,F,NORTH,FIN,CLERK,,',
  )
  const chinese = { ...as('SCRIPT'), 'accept-language': 'zh-CN' }
  const query = '?mode=good-rows&dryRun=true'
  const details = ({ rows }: Report) => rows.flatMap(({ errors }) => errors.map((e) => e.detail))
  const told = details(await sent(list, { query, headers: chinese }))
  expect(told).toEqual([
    expect.stringContaining('NOWHERE'),
    'employeeNumber 不能为空',
    '名单中该人员出现两次。',
    '该行有 3 个字段，表头有 7 个。',
    '该人员已离开；列表不能使人员恢复。',
  ])
  expect(told.filter((text) => !/\p{Script=Han}/u.test(text))).toEqual([])
  const english = details(await sent(list, { query }))
  expect(english).toHaveLength(told.length)
  expect(english.filter((text) => /\p{Script=Han}/u.test(text))).toEqual([])
  const refused = await send(list, { headers: chinese })
  expect(refused.json<Report>().rows.flatMap(({ errors }) => errors.map((e) => e.detail))).toEqual(
    told,
  )
  for (const none of ['', HEADER, `${HEADER}\n"a,b`]) {
    const { detail } = (await send(none, { headers: chinese })).json<{ detail: string }>()
    expect(detail).toMatch(/\p{Script=Han}/u)
  }
})

test('a user name that is taken refuses its row and leaves no half of it', async () => {
  await joined(stage, { accountUserName: 'MINE' })
  const list = [
    `${HEADER},accountUserName`,
    'N1,A,NORTH,FIN,CLERK,,,MINE',
    'N2,B,NORTH,FIN,CLERK,,,YOURS',
  ].join('\n')
  const report = await sent(list, { query: '?mode=good-rows' })
  expect(outcomes(report)).toEqual(['refused', 'created'])
  expect(await person('N1')).toBeUndefined()
  expect(await person('N2')).toMatchObject({ userName: 'YOURS' })
})

test('a dry run answers the same and leaves nothing behind', async () => {
  const before = await countFacts(stage)
  const list = csv('O1,A,NORTH,FIN,CLERK,,', 'O2,B,NOWHERE,FIN,CLERK,,')
  for (const mode of ['all-or-none', 'good-rows']) {
    const report = await sent(list, { query: `?mode=${mode}&dryRun=true` })
    expect(report.applied).toBe(false)
    expect(outcomes(report)).toEqual(['created', 'refused'])
  }
  expect(await person('O1')).toBeUndefined()
  expect(await countFacts(stage)).toBe(before)
})

test('[A-2.1.1] a list writes birthdays; without the column what is known stays, an empty field takes it away', async () => {
  const [header, row] = [`${HEADER},birthday`, 'BD1,Birgit,NORTH,FIN,CLERK,,']
  const list = [header, `${row},1980-04-05`].join('\n')
  const birthday = async () => ((await person('BD1')) as unknown as { birthday: unknown }).birthday
  expect(outcomes(await sent(list))).toEqual(['created'])
  expect(outcomes(await sent(list))).toEqual(['unchanged'])
  expect(outcomes(await sent(csv(row)))).toEqual(['unchanged'])
  expect(await birthday()).toBe('1980-04-05')
  expect(outcomes(await sent([header, `${row},1980-04-06`].join('\n')))).toEqual(['changed'])
  expect(await birthday()).toBe('1980-04-06')
  const type = 'application/x-ndjson'
  const codes = { unitCode: 'NORTH', departmentCode: 'FIN', positionCode: 'CLERK' }
  const line = { employeeNumber: 'BD1', name: 'Birgit', ...codes, birthday: '1980-04-07' }
  expect(outcomes(await sent(JSON.stringify(line), { type }))).toEqual(['changed'])
  expect(await birthday()).toBe('1980-04-07')
  expect(outcomes(await sent([header, `${row},`].join('\n')))).toEqual(['changed'])
  expect(await birthday()).toBeNull()
})

test('JSON lines take the same way', async () => {
  const row = { name: 'A', unitCode: 'NORTH', departmentCode: 'FIN', positionCode: 'CLERK' }
  const lines = [
    JSON.stringify({ ...row, employeeNumber: 'P1', email: null }),
    'not json',
    JSON.stringify({ ...row, employeeNumber: 'P2', salary: 1 }),
    JSON.stringify(null),
    JSON.stringify({ ...row, employeeNumber: 'P3', name: '\ud800' }),
    '',
  ].join('\n')
  const type = 'application/x-ndjson'
  const report = await sent(lines, { type, query: '?mode=good-rows' })
  expect(outcomes(report)).toEqual(['created', 'refused', 'refused', 'refused', 'refused'])
})

test('a list with a byte order mark, as spreadsheets write it, is read', async () => {
  const report = await sent(`\ufeff${csv('Q1,A,NORTH,FIN,CLERK,,')}`)
  expect(outcomes(report)).toEqual(['created'])
})

test.each([
  ['no rows', HEADER, 'text/csv', 'import-unreadable'],
  ['nothing at all', '', 'text/csv', 'import-unreadable'],
  ['an open quote', `${HEADER}\n"a,b`, 'text/csv', 'import-unreadable'],
  ['a missing column', 'employeeNumber,name\n1,2', 'text/csv', 'import-unreadable'],
  ['an unknown column', `${HEADER},salary\n1,2,3,4,5,6,7,8`, 'text/csv', 'import-unreadable'],
  ['another encoding', Buffer.from([0xc4, 0xe3]), 'text/csv', 'import-unreadable'],
  ['plain JSON', '[{"row":1}]', 'application/json', 'media-type-unsupported'],
])('a list with %s is refused', async (_what, list, type, code) => {
  const [status, found] = await refusal(send(list, { type }))
  expect(status).toBeGreaterThanOrEqual(400)
  expect(status).toBeLessThan(500)
  expect(found).toBe(code)
})

test('a list beyond 100,000 rows or 16 MiB is refused', async () => {
  const rows = Array.from({ length: 100_001 }, (_, index) => `R${index},A,NORTH,FIN,CLERK,,`)
  expect(await refusal(send(csv(...rows)))).toEqual([422, 'import-unreadable'])
  expect(await refusal(send('x'.repeat(16 * 1_048_576 + 1)))).toEqual([413, 'body-too-large'])
})

/** Everything that the register keeps of a joiner, without ids and what is sealed. */
async function keptOf(employeeNumber: string): Promise<unknown> {
  const found = await person(employeeNumber)
  const [kept]: [unknown] = await stage.db.query(
    `select person.active, person.version, account.status, account.rights_pending, account.version as account_version,
            standing.account_status, standing.roles, standing.version as standing_version,
            (select json_agg(json_build_array(hand.part, hand.actor, hand.controllers, hand.halved) order by hand.seq)
               from person_hand hand where hand.person_id = person.id) as hands,
            (select json_agg(json_build_array(task.kind, task.status, task.unit_id) order by task.seq)
               from provisioning_task task where task.account_id = account.id) as tasks,
            (select json_agg(fact.type order by fact.seq) from outbox fact
              where fact.aggregateid in (person.id::text, account.id::text)) as facts
       from person join account on account.person_id = person.id join standing on standing.person_id = person.id
      where person.id = $1`,
    [found?.id],
  )
  return kept
}

test('[A-2.1.1][A-2.1.2] joiners of a list get what a joiner alone gets, each under a name of their own', async () => {
  const report = await sent(
    csv(
      'W1,A,NORTH,FIN,CLERK,twice@north.example.cn,',
      'W2,B,NORTH,FIN,CLERK,twice@south.example.cn,',
      'W3,C,NORTH,FIN,CLERK,sysadm@north.example.cn,',
    ),
  )
  expect(outcomes(report)).toEqual(['created', 'created', 'created'])
  await joined(stage, { employeeNumber: 'W4', name: 'D' })
  const alone = await keptOf('W4')
  expect(alone).toMatchObject({ status: 'active', roles: ['END_USER'] })
  const hand = expect.arrayContaining([expect.arrayContaining(['placed'])])
  for (const number of ['W1', 'W2', 'W3'])
    expect(await keptOf(number)).toEqual({ ...(alone as object), hands: hand })
  const names = await Promise.all(['W1', 'W2', 'W3'].map((number) => person(number)))
  expect(names.map((each) => each?.userName)).toEqual(['TWICE', 'TWICEW2', 'SYSADMW3'])
})

test('one who is known among many refuses nobody else: the list is taken in row by row', async () => {
  const many = Array.from({ length: 150 }, (_, at) => `V${at},P,NORTH,FIN,CLERK,v${at}@example.cn,`)
  many[40] = 'V40,P,NORTH,FIN,CLERK,v3@example.cn,'
  const report = await sent(csv(...many), { query: '?mode=good-rows' })
  expect(report.rows[40]).toMatchObject({ outcome: 'refused', errors: [{ code: 'person-twin' }] })
  expect(report.counts).toMatchObject({ created: 149, refused: 1 })
  expect(await person('V149')).toMatchObject({ userName: 'V149' })
})

test('the same list sent twice at once takes each person in once', async () => {
  const list = csv(...Array.from({ length: 20 }, (_, index) => `S${index},A,NORTH,FIN,CLERK,,`))
  const reports = await Promise.all([sent(list), sent(list)])
  const counts = reports.map((report) => report.counts.created).sort()
  expect(counts).toEqual([0, 20])
})

test('a list of a unit reaches that unit alone', async () => {
  const headers = as('SCRIPT', { range: 'unit', unit: company.south.id })
  await joined(stage, { employeeNumber: 'T0' })
  const list = csv('T1,A,SOUTH,FIN,CLERK,,', 'T2,B,NORTH,FIN,CLERK,,', 'T0,C,SOUTH,FIN,CLERK,,')
  const report = await sent(list, { headers, query: '?mode=good-rows' })
  expect(report.rows.map(({ outcome, errors }) => errors[0]?.code ?? outcome)).toEqual([
    'created',
    'outside-unit',
    'outside-unit',
  ])
})

test('[A-2.1.1] 5,000 people are taken in by one list, and the same list again changes nothing', async () => {
  const rows = Array.from(
    { length: 5_000 },
    (_, index) => `Z${index},员工${index},NORTH,FIN,CLERK,z${index}@example.cn,`,
  )
  const first = await sent(csv(...rows))
  const before = await countFacts(stage)
  const second = await sent(csv(...rows))
  expect([first.counts.created, second.counts.unchanged]).toEqual([5_000, 5_000])
  expect(await countFacts(stage)).toBe(before)
}, 300_000)

test.each(['SYSTEM_ADMIN', 'SECURITY_ADMIN', 'AUDIT_ADMIN', 'KEY_USER', 'END_USER'] as const)(
  '%s may not import',
  async (role) => {
    const answer = send(csv('X1,A,NORTH,FIN,CLERK,,'), { headers: as(role) })
    expect(await refusal(answer)).toEqual([403, 'permission-missing'])
  },
)
