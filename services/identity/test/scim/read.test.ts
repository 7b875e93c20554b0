import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { identityStage } from '../account-stage.ts'
import {
  as,
  call,
  joined,
  ok,
  onPerson,
  responsibility,
  setRights,
  smallCompany,
  workOff,
  type PersonView,
} from '../directory-stage.ts'
import { EBS_USER, ENTERPRISE_USER } from '../../src/scim/user-resource.ts'
import { otherProvisioner, provisioner, refused, scim } from './scim-stage.ts'

let stage: TestService
let company: Awaited<ReturnType<typeof smallCompany>>
const people = new Map<string, PersonView>()

beforeAll(async () => {
  stage = await identityStage()
  company = await smallCompany(stage)
  await setRights(stage, 'BUYER', {
    roles: ['END_USER'],
    responsibilities: [responsibility('PO', 'BUYER')],
  })
  const places = [
    ['NORTH', 'FIN', 'CLERK'],
    ['NORTH', 'IT', 'BUYER'],
    ['SOUTH', 'FIN', 'CLERK'],
  ]
  for (const [index, name] of [
    '欧阳小明',
    '张小红',
    '张三',
    'Zoé Smith',
    '李四',
    '欧阳修',
  ].entries()) {
    const [unitCode, departmentCode, positionCode] = places[index % places.length] ?? []
    const email = index % 2 === 0 ? `p${String(index)}@example.com` : null
    const place = { unitCode, departmentCode, positionCode }
    const members = {
      name,
      ...place,
      email,
      accountUserName: `U${String(index)}`,
      employeeNumber: `N-${String(index)}`,
    }
    people.set(name, await joined(stage, members))
    stage.now = new Date(stage.now.getTime() + 1_000)
  }
  await joined(stage, { name: '无账号', withAccount: false })
  const gone = await joined(stage, { name: '已离职', accountUserName: 'GONE' })
  await ok(onPerson(stage, gone, 'leave', { kind: 'dismissal' }))
})
afterAll(() => stage.release())

interface List {
  readonly totalResults: number
  readonly itemsPerPage: number
  readonly startIndex?: number
  readonly nextCursor?: string
  readonly Resources: Record<string, unknown>[]
}

async function list(query: Record<string, string>, who = provisioner(), path = '/Users') {
  const { status, body } = await scim(stage, 'GET', path, { query, as: who })
  if (status !== 200) throw new Error(JSON.stringify(body))
  return body as unknown as List
}

const userNames = async (query: Record<string, string>, who = provisioner()) =>
  (await list(query, who)).Resources.map(({ userName }) => userName)

test('a user is the person with the account, told whole, with a tag', async () => {
  const person = people.get('张小红')
  const { body, etag, type, status } = await scim(stage, 'GET', `/Users/${String(person?.id)}`)
  expect(status).toBe(200)
  expect(type).toMatch(/^application\/scim\+json/)
  expect(body).toEqual({
    schemas: expect.any(Array),
    id: person?.id,
    userName: 'U1',
    name: { formatted: '张小红' },
    active: true,
    groups: [
      { value: company.buyer.id, $ref: expect.any(String), display: '采购员', type: 'direct' },
    ],
    [ENTERPRISE_USER]: { employeeNumber: 'N-1', organization: 'NORTH', department: 'IT' },
    [EBS_USER]: {
      position: 'BUYER',
      userName: 'U1',
      accountStatus: 'active',
      rightsPending: false,
      provisioningState: 'pending',
      responsibilities: [
        { value: 'PO|BUYER|STANDARD', type: 'ebs-responsibility', startsAt: expect.any(String) },
      ],
    },
    meta: {
      resourceType: 'User',
      created: expect.any(String),
      lastModified: expect.any(String),
      location: expect.stringContaining(`/scim/v2/Users/${String(person?.id)}`),
      version: etag,
    },
  })
})

test('who holds the tag of a user is answered 304, until EBS has read something back', async () => {
  const path = `/Users/${String(people.get('张小红')?.id)}`
  const { etag = '' } = await scim(stage, 'GET', path)
  const again = () => scim(stage, 'GET', path, { headers: { 'if-none-match': etag } })
  expect(await again()).toMatchObject({ status: 304 })
  await workOff(stage)
  expect(await again()).toMatchObject({
    status: 200,
    body: { [EBS_USER]: { provisioningState: 'synchronized' } },
  })
})

test('[A-2.1.4] who has left, has no account or is an administrator is no user', async () => {
  expect((await list({})).totalResults).toBe(6)
  expect(await refused(scim(stage, 'GET', `/Users/${randomUUID()}`))).toEqual([404, undefined])
  expect(await refused(scim(stage, 'GET', '/Users/nobody'))).toEqual([404, undefined])
})

test('a caller of a unit finds the people of the unit only, by whatever filter', async () => {
  const south = provisioner({ unit: company.south.id, range: 'unit' })
  expect(await userNames({}, south)).toEqual(['U2', 'U5'])
  expect(await userNames({ filter: 'userName pr or active eq true' }, south)).toEqual(['U2', 'U5'])
  const north = people.get('张小红')?.id ?? ''
  expect(await refused(scim(stage, 'GET', `/Users/${north}`, { as: south }))).toEqual([
    404,
    undefined,
  ])
})

test('nobody without the permission reads users, and the refusal speaks SCIM', async () => {
  const { status, type, body } = await scim(stage, 'GET', '/Users', { as: as('END_USER') })
  expect(status).toBe(403)
  expect(type).toMatch(/^application\/scim\+json/)
  expect(body).toEqual({
    schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
    status: '403',
    detail: expect.any(String),
  })
  const anonymous = await scim(stage, 'GET', '/Users', { as: {} })
  expect([anonymous.status, anonymous.body.status]).toEqual([401, '401'])
})

test.each([
  ['userName eq "u1"', ['U1']],
  ['userName ne "u1"', ['U0', 'U2', 'U3', 'U4', 'U5']],
  ['userName sw "u"', ['U0', 'U1', 'U2', 'U3', 'U4', 'U5']],
  ['userName gt "u3"', ['U4', 'U5']],
  ['not (userName co "1")', ['U0', 'U2', 'U3', 'U4', 'U5']],
  ['name.formatted eq "欧阳修"', ['U5']],
  ['name.formatted sw "欧阳"', ['U0', 'U5']],
  ['name.formatted eq "ｚｏé　SMITH" or name.formatted eq "zoé smith"', ['U3']],
  ['emails pr', ['U0', 'U2', 'U4']],
  ['not (emails pr)', ['U1', 'U3', 'U5']],
  ['emails.value eq null', ['U1', 'U3', 'U5']],
  ['emails eq "P2@example.com"', ['U2']],
  ['emails co "example.com"', ['U0', 'U2', 'U4']],
  ['emails[type eq "work" and value eq "p2@example.com"]', ['U2']],
  ['emails[type eq "home" and value eq "p2@example.com"]', []],
  ['emails[type eq "work" and value sw "p4"]', ['U4']],
  ['not (emails[primary eq true])', ['U1', 'U3', 'U5']],
  ['emails.type eq "work"', ['U0', 'U2', 'U4']],
  ['active eq false', []],
  ['active eq true and userName eq "u0"', ['U0']],
  [`${ENTERPRISE_USER}:organization eq "south"`, ['U2', 'U5']],
  [`${ENTERPRISE_USER}:organization ne "SOUTH"`, ['U0', 'U1', 'U3', 'U4']],
  [`${ENTERPRISE_USER}:organization gt "NORTH"`, ['U2', 'U5']],
  [
    `${ENTERPRISE_USER}:organization ew "TH" and ${ENTERPRISE_USER}:department eq "IT"`,
    ['U1', 'U4'],
  ],
  [`${ENTERPRISE_USER}:employeeNumber eq "n-3"`, ['U3']],
  [`${ENTERPRISE_USER}:manager pr`, []],
  [`${EBS_USER}:position eq "BUYER"`, ['U1', 'U4']],
  [`${EBS_USER}:accountStatus eq "active" and ${EBS_USER}:rightsPending eq true`, []],
  ['groups.display co "采购"', ['U1', 'U4']],
  ['displayName pr', []],
  ['not (displayName pr) and userName eq "u2"', ['U2']],
  ['externalId eq "x"', []],
  ['meta.resourceType eq "User" and userName eq "u0"', ['U0']],
  ['meta.created lt "2000-01-01T00:00:00Z"', []],
  ['(userName eq "u1" or userName eq "u2") and not (emails pr)', ['U1']],
  ['userName eq "u1" or name.formatted co "李"', ['U1', 'U4']],
])('the filter %s finds %j', async (filter, expected) => {
  const { totalResults, Resources } = await list({ filter })
  expect(Resources.map(({ userName }) => userName)).toEqual(expected)
  expect(totalResults).toBe(expected.length)
})

test('a group is found by the person in it, and a person by the group', async () => {
  const filter = `groups.value eq "${company.buyer.id}"`
  expect(await userNames({ filter })).toEqual(['U1', 'U4'])
  expect(await userNames({ filter: `groups[value eq "${company.clerk.id}"]` })).toHaveLength(4)
  const members = `members.value eq "${String(people.get('李四')?.id)}"`
  const groups = await list({ filter: members }, provisioner(), '/Groups')
  expect(groups.Resources.map(({ id }) => id)).toEqual([company.buyer.id])
})

test.each([
  ['/Users', { filter: 'userName' }, 'invalidFilter'],
  ['/Users', { filter: 'shoeSize eq "44"' }, 'invalidFilter'],
  ['/Users', { filter: 'meta.version eq "x"' }, 'invalidFilter'],
  ['/Users', { filter: `${EBS_USER}:responsibilities.value eq "x"` }, 'invalidFilter'],
  ['/Groups', { filter: 'members.$ref eq "x"' }, 'invalidFilter'],
  ['/Users', { sortBy: 'shoeSize' }, 'invalidPath'],
  ['/Users', { attributes: 'userName', excludedAttributes: 'name' }, 'invalidValue'],
  ['/Users', { cursor: 'W3s' }, 'invalidCursor'],
  ['/Users', { startIndex: 'x' }, 'invalidValue'],
])('%s refuses %j as %s', async (path, query, type) => {
  expect(await refused(scim(stage, 'GET', path, { query: { ...query } }))).toEqual([400, type])
})

test('a list is sorted by what is sealed, what has nothing last, or first the other way round', async () => {
  expect(await userNames({ sortBy: 'userName', sortOrder: 'descending' })).toEqual([
    'U5',
    'U4',
    'U3',
    'U2',
    'U1',
    'U0',
  ])
  const byMail = await userNames({ sortBy: 'emails.value' })
  expect(byMail.slice(0, 3)).toEqual(['U0', 'U2', 'U4'])
  const turned = await userNames({ sortBy: 'emails', sortOrder: 'descending' })
  expect(turned.slice(3)).toEqual(['U4', 'U2', 'U0'])
  expect(await userNames({ sortBy: 'meta.created', sortOrder: 'descending', count: '1' })).toEqual([
    'U5',
  ])
})

test('pages by index: none, one, beyond the end, and less than the first', async () => {
  expect(await list({ count: '0' })).toMatchObject({
    totalResults: 6,
    itemsPerPage: 0,
    Resources: [],
  })
  expect(await list({ count: '-3' })).toMatchObject({ totalResults: 6, Resources: [] })
  expect(await list({ startIndex: '-7', count: '1' })).toMatchObject({ startIndex: 1 })
  expect(await userNames({ startIndex: '3', count: '2' })).toEqual(['U2', 'U3'])
  expect(await userNames({ startIndex: '3', count: '2', sortBy: 'userName' })).toEqual(['U2', 'U3'])
  expect(await list({ startIndex: '7' })).toMatchObject({ totalResults: 6, Resources: [] })
})

test.each([
  {},
  { sortBy: 'meta.lastModified', sortOrder: 'descending' },
  { sortBy: 'userName' },
  { filter: 'userName co "U"' },
  { filter: 'active eq true' },
])('pages by cursor have each user once: %j', async (query) => {
  const found: unknown[] = []
  let cursor: string | undefined = ''
  for (let pages = 0; cursor !== undefined; pages += 1) {
    expect(pages).toBeLessThan(4)
    const { Resources, nextCursor, totalResults, startIndex }: List = await list({
      ...query,
      count: '2',
      cursor,
    })
    expect([totalResults, startIndex]).toEqual([6, undefined])
    found.push(...Resources.map(({ userName }) => userName))
    cursor = nextCursor
  }
  expect(found.toSorted()).toEqual(['U0', 'U1', 'U2', 'U3', 'U4', 'U5'])
})

test('a cursor is good for its filter and order only, and for no other list', async () => {
  const { nextCursor: cursor = '' } = await list({ count: '2', cursor: '' })
  const refusedAs = (query: Record<string, string>, path = '/Users') =>
    refused(scim(stage, 'GET', path, { query: { cursor, ...query } }))
  expect(await refusedAs({ filter: 'active eq true' })).toEqual([400, 'invalidCursor'])
  expect(await refusedAs({ sortOrder: 'descending' })).toEqual([400, 'invalidCursor'])
  expect(await refusedAs({}, '/Groups')).toEqual([400, 'invalidCursor'])
})

test('only what is asked for is answered, whatever its case, and the id always', async () => {
  const [first] = (await list({ attributes: 'USERNAME,name.formatted', count: '1' })).Resources
  expect(first).toEqual({
    schemas: expect.any(Array),
    id: expect.any(String),
    userName: 'U0',
    name: { formatted: '欧阳小明' },
  })
  const [less] = (
    await list({ excludedAttributes: `id,meta,emails.type,groups,${EBS_USER}`, count: '1' })
  ).Resources
  expect(Object.keys(less ?? {})).toEqual([
    'schemas',
    'id',
    'userName',
    'name',
    'active',
    'emails',
    ENTERPRISE_USER,
  ])
  expect(less?.emails).toEqual([{ value: 'p0@example.com', primary: true }])
  const [extension] = (await list({ attributes: ENTERPRISE_USER, count: '1' })).Resources
  expect(Object.keys(extension ?? {})).toEqual(['schemas', 'id', ENTERPRISE_USER])
})

test('groups are positions; who is in them is told where it is asked for', async () => {
  const { Resources } = await list({ filter: 'displayName eq "采购员"' }, provisioner(), '/Groups')
  expect(Resources).toMatchObject([{ id: company.buyer.id, externalId: 'BUYER' }])
  expect(Resources[0]).not.toHaveProperty('members')
  const path = `/Groups/${company.buyer.id}`
  const { body } = await scim(stage, 'GET', path, { query: { attributes: 'members.value' } })
  expect(body.members).toEqual([
    { value: people.get('张小红')?.id },
    { value: people.get('李四')?.id },
  ])
  const south = provisioner({ unit: company.south.id, range: 'unit' })
  const there = await scim(stage, 'GET', path, { as: south, query: { attributes: 'members' } })
  expect(there.body.members).toBeUndefined()
})

test('a position is made in the register: a group takes no change', async () => {
  const { status, allow } = await scim(stage, 'POST', '/Groups', { body: {} })
  expect([status, allow]).toEqual([405, 'GET, HEAD'])
})

test('discovery tells the codes that the caller may name, and every attribute that a user has', async () => {
  const { body } = await scim(stage, 'GET', '/Schemas', {
    as: provisioner({ unit: company.south.id, range: 'unit' }),
  })
  const schemas = (body as unknown as List).Resources
  expect(schemas.map(({ id }) => id)).toEqual([
    'urn:ietf:params:scim:schemas:core:2.0:User',
    ENTERPRISE_USER,
    EBS_USER,
    'urn:ietf:params:scim:schemas:core:2.0:Group',
  ])
  expect(schemas[1]?.attributes).toContainEqual(
    expect.objectContaining({ name: 'organization', canonicalValues: ['SOUTH'], required: true }),
  )
  for (const { id } of schemas)
    expect(await scim(stage, 'GET', `/Schemas/${String(id)}`)).toMatchObject({ body: { id } })
  expect(await refused(scim(stage, 'GET', '/Schemas/urn:nothing'))).toEqual([404, undefined])
  expect(await scim(stage, 'GET', '/ServiceProviderConfig')).toMatchObject({
    body: { bulk: { supported: true }, pagination: { cursor: true, index: true } },
  })
  expect(await scim(stage, 'POST', '/ServiceProviderConfig', { body: {} })).toMatchObject({
    status: 405,
    body: { status: '405' },
  })
})

test('whoever has an account finds it under /Me; a program is no user', async () => {
  const person = people.get('张三')
  const own = as('END_USER', { sub: String(person?.accountId), person: String(person?.id) })
  expect(await scim(stage, 'GET', '/Me', { as: own })).toMatchObject({
    status: 200,
    body: { userName: 'U2' },
  })
  expect(await refused(scim(stage, 'GET', '/Me'))).toEqual([404, undefined])
})

test('what each client keeps of a person is its own: another finds nobody by it', async () => {
  expect(await userNames({ filter: 'externalId pr' }, otherProvisioner())).toEqual([])
})

test('a person is the same here and in the register', async () => {
  const id = String(people.get('李四')?.id)
  const read = await ok<PersonView>(
    call(stage, { method: 'GET', url: `/v1/persons/${id}`, headers: as('SCRIPT') }),
  )
  expect((await scim(stage, 'GET', `/Users/${id}`)).body.id).toBe(read.id)
})
