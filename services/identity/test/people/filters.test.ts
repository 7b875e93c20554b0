import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { MOST_OPENED, searchPage } from '../../src/people/search-page.ts'
import { identityStage } from '../account-stage.ts'
import {
  as,
  call,
  joined,
  ok,
  onPerson,
  put,
  refusal,
  smallCompany,
  type PersonView,
} from '../directory-stage.ts'

let stage: TestService
let company: Awaited<ReturnType<typeof smallCompany>>
const people = new Map<string, PersonView>()

beforeAll(async () => {
  stage = await identityStage()
  company = await smallCompany(stage)
  const places = [
    ['NORTH', 'FIN', 'CLERK'],
    ['NORTH', 'IT', 'BUYER'],
    ['SOUTH', 'FIN', 'CLERK'],
  ]
  const names = ['欧阳小明', '张小红', '张三', 'Ｚｏé Smith', '李四', '欧阳修']
  for (const [index, name] of names.entries()) {
    const [unitCode, departmentCode, positionCode] = places[index % places.length] ?? []
    const members = { name, unitCode, departmentCode, positionCode, accountUserName: `U${index}` }
    people.set(name, await joined(stage, members))
    stage.now = new Date(stage.now.getTime() + 1_000)
  }
})
afterAll(() => stage.release())

interface Row {
  readonly id: string
  readonly name: string
  readonly userName: string
  readonly personName: string | null
  readonly changedAt: string
  readonly createdAt: string
}
interface Page {
  readonly items: Row[]
  readonly next: string | null
}

function read(path: string, query: Record<string, string>, headers = as('SCRIPT')) {
  const url = `${path}?${new URLSearchParams(query).toString()}`
  return call(stage, { method: 'GET', url, headers })
}

const names = async (query: Record<string, string>, headers = as('SCRIPT')) =>
  (await ok<Page>(read('/v1/persons', query, headers))).items.map(({ name }) => name)

const userNames = async (query: Record<string, string>, headers = as('SCRIPT')) =>
  (await ok<Page>(read('/v1/accounts', query, headers))).items.map(({ userName }) => userName)

test('people are found by unit, department and position', async () => {
  expect(await names({ unitCode: 'SOUTH' })).toEqual(['张三', '欧阳修'])
  expect(await names({ departmentCode: 'FIN' })).toEqual([
    '欧阳小明',
    '张三',
    'Ｚｏé Smith',
    '欧阳修',
  ])
  expect(await names({ unitCode: 'NORTH', departmentCode: 'FIN' })).toEqual([
    '欧阳小明',
    'Ｚｏé Smith',
  ])
  expect(await names({ positionCode: 'BUYER', unitCode: 'NORTH' })).toEqual(['张小红', '李四'])
  expect(await names({ positionCode: 'BUYER', unitCode: 'SOUTH' })).toEqual([])
})

test.each(['/v1/persons', '/v1/accounts'])(
  '%s refuses a code that nothing has, for an empty list would say that nobody is there',
  async (path) => {
    for (const [member, code] of [
      ['unitCode', 'unit-unknown'],
      ['departmentCode', 'department-unknown'],
      ['positionCode', 'position-unknown'],
    ] as const)
      expect(await refusal(read(path, { [member]: 'NOWHERE' }))).toEqual([422, code])
    expect(await refusal(read(path, { unitCode: 'SOUTH', departmentCode: 'IT' }))).toEqual([
      422,
      'department-unknown',
    ])
  },
)

test('[A-4.3.1] a part of a name is found, in Chinese, in any case and width', async () => {
  expect(await names({ nameContains: '欧阳' })).toEqual(['欧阳小明', '欧阳修'])
  expect(await names({ nameContains: '小' })).toEqual(['欧阳小明', '张小红'])
  expect(await names({ nameContains: 'zoÉ' })).toEqual(['Ｚｏé Smith'])
  expect(await names({ nameContains: '%' })).toEqual([])
  expect(await names({ nameContains: '张', unitCode: 'SOUTH' })).toEqual(['张三'])
})

test('[A-4.3.1][A-4.3.3] whoever is shown a masked name does not find out a part of it', async () => {
  const south = as('KEY_USER', { range: 'company', unit: company.south.id })
  expect(await names({ nameContains: '张' }, south)).toEqual(['张三'])
  expect(await userNames({ nameContains: '欧阳' }, as('SYSTEM_ADMIN'))).toEqual([])
  expect(await userNames({ nameContains: '欧阳' }, as('SECURITY_ADMIN'))).toEqual(['U0', 'U5'])
})

test('[A-2.1.1] accounts are found by the place of the person, a part of either name, and waiting rights', async () => {
  expect(await userNames({ unitCode: 'SOUTH' })).toEqual(['U2', 'U5'])
  expect(await userNames({ departmentCode: 'IT', positionCode: 'BUYER' })).toEqual(['U1', 'U4'])
  expect(await userNames({ nameContains: 'u3' }, as('SYSTEM_ADMIN'))).toEqual(['U3'])
  expect(await userNames({ rightsPending: 'true' })).toEqual([])
  expect(await userNames({ administratorRole: 'AUDIT_ADMIN', nameContains: 'U0' })).toEqual([])
})

test('a unit sees its own people whatever it filters by', async () => {
  const headers = as('SCRIPT', { range: 'unit', unit: company.south.id })
  expect(await names({ unitCode: 'NORTH' }, headers)).toEqual([])
  expect(await names({ nameContains: '张' }, headers)).toEqual(['张三'])
  expect(await userNames({ nameContains: 'U' }, headers)).toEqual(['U2', 'U5'])
})

test('a search for a part walks page by page like any list', async () => {
  const walked: string[] = []
  let cursor: string | null = ''
  do {
    const query: Record<string, string> = {
      nameContains: '张',
      limit: '1',
      ...(cursor !== '' && { cursor }),
    }
    const { items, next }: Page = await ok<Page>(read('/v1/persons', query))
    walked.push(...items.map(({ name }) => name))
    cursor = next
  } while (cursor !== null)
  expect(walked).toEqual(['张小红', '张三'])
})

test('what changed since an instant is found, the newest first, whatever changed it', async () => {
  const { items } = await ok<Page>(read('/v1/persons', { sort: '-changedAt', limit: '1' }))
  const since = String(items[0]?.changedAt)
  const mover = people.get('李四')
  if (mover === undefined) throw new Error('李四 has joined')
  const place = { unitCode: 'SOUTH', departmentCode: 'FIN', positionCode: 'CLERK' }
  await ok(onPerson(stage, mover, 'move', place))
  const changed = await ok<Page>(read('/v1/persons', { changedSince: since, sort: '-changedAt' }))
  expect(changed.items[0]).toMatchObject({ name: '李四' })
  expect(changed.items.length).toBeLessThan(people.size)
  const later = String(changed.items[0]?.changedAt)
  expect(await names({ changedSince: later })).toEqual(['李四'])
  // The epoch of its account went up with the move, which changes the account and not its version alone.
  expect((await userNames({ sort: '-changedAt' }))[0]).toBe('U4')
})

test.each(['createdAt', '-createdAt', 'changedAt', '-changedAt'])(
  'sorted by %s every person comes once, page by page',
  async (sort) => {
    const member = sort.replace('-', '') as 'createdAt' | 'changedAt'
    const walked: Row[] = []
    let cursor: string | null = ''
    do {
      const query: Record<string, string> = { sort, limit: '2', ...(cursor !== '' && { cursor }) }
      const { items, next }: Page = await ok<Page>(read('/v1/persons', query))
      walked.push(...items)
      cursor = next
    } while (cursor !== null)
    expect(new Set(walked.map(({ id }) => id)).size).toBe(people.size)
    const instants = walked.map((row) => row[member])
    const sorted = [...instants].sort()
    expect(instants).toEqual(sort.startsWith('-') ? sorted.reverse() : sorted)
  },
)

test('a cursor of another order is refused', async () => {
  const { next } = await ok<Page>(read('/v1/persons', { sort: '-changedAt', limit: '1' }))
  for (const sort of ['changedAt', 'createdAt'])
    expect(await refusal(read('/v1/persons', { sort, cursor: String(next) }))).toEqual([
      400,
      'cursor-unusable',
    ])
  const headers = { ...as('SCRIPT'), 'accept-language': 'zh-CN' }
  const answer = await read('/v1/persons', { cursor: String(next), sort: 'changedAt' }, headers)
  expect(answer.json()).toMatchObject({
    errors: [{ parameter: 'cursor', detail: '该游标属于此列表的另一种排序。' }],
  })
})

test('units, departments and positions are found by a part of the name, by kind and whether they are active', async () => {
  await put(stage, '/v1/units/SHOP', { name: '上海 100% 公司', kind: 'SUPPLIER', active: false })
  const codes = async (path: string, query: Record<string, string>) =>
    (await ok<{ items: { code: string }[] }>(read(path, query))).items.map(({ code }) => code)
  expect(await codes('/v1/units', { nameContains: '公司' })).toEqual(['NORTH', 'SHOP', 'SOUTH'])
  expect(await codes('/v1/units', { nameContains: '0% ' })).toEqual(['SHOP'])
  expect(await codes('/v1/units', { nameContains: '%', kind: 'USER_UNIT' })).toEqual([])
  expect(await codes('/v1/units', { active: 'true' })).toEqual(['NORTH', 'SOUTH'])
  expect(await codes('/v1/departments', { nameContains: 'h/f' })).toEqual(['FIN', 'FIN'])
  expect(await codes('/v1/positions', { nameContains: '会' })).toEqual(['CLERK'])
  expect(await refusal(read('/v1/departments', { unitCode: 'NOWHERE' }))).toEqual([
    422,
    'unit-unknown',
  ])
})

test('a search opens no more rows than its bound, and says that there is more', async () => {
  const rows = Array.from({ length: MOST_OPENED + 10 }, (_, at) => at)
  const looked: number[] = []
  const from = (after: string | null) =>
    searchPage({
      read: ([at], limit) => {
        const first = at === null ? 0 : Number(at) + 1
        return Promise.resolve(rows.slice(first, first + limit))
      },
      fits: (row) => {
        looked.push(row)
        return row === MOST_OPENED
      },
      keyOf: (row) => [row, 'id'],
      after: [after, after],
      limit: 10,
    })
  const { items, next } = await from(null)
  expect([items, looked.length]).toEqual([[], MOST_OPENED])
  const [last] = JSON.parse(Buffer.from(String(next), 'base64url').toString()) as [number]
  expect(await from(String(last))).toEqual({ items: [MOST_OPENED], next: null })
})
