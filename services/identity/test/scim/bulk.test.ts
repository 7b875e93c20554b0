import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { identityStage } from '../account-stage.ts'
import { as, smallCompany } from '../directory-stage.ts'
import { ENTERPRISE_USER } from '../../src/scim/user-resource.ts'
import { newUser, refused, scim } from './scim-stage.ts'

const schemas = ['urn:ietf:params:scim:api:messages:2.0:BulkRequest']

let stage: TestService
let numbers = 0

beforeAll(async () => {
  stage = await identityStage()
  await smallCompany(stage)
})
afterAll(() => stage.release())

/** A user to be made, with a name for others of the request. */
function post(bulkId: string, manager?: string, members: object = {}) {
  const number = `B-${String((numbers += 1))}`
  const place = manager === undefined ? {} : { manager: { value: `bulkId:${manager}` } }
  return { method: 'POST', path: '/Users', bulkId, data: newUser(number, members, place) }
}

interface Outcome {
  readonly status: string
  readonly location?: string
  readonly bulkId?: string
  readonly version?: string
  readonly response?: { readonly scimType?: string }
}

async function bulk(Operations: object[], members: object = {}): Promise<Outcome[]> {
  const { status, body } = await scim(stage, 'POST', '/Bulk', {
    body: { schemas, Operations, ...members },
  })
  if (status !== 200) throw new Error(JSON.stringify(body))
  return body.Operations as Outcome[]
}

const statuses = (outcomes: readonly Outcome[]) => outcomes.map(({ status }) => status)

/** The user at the address of an outcome. */
async function at({ location = '' }: Outcome = { status: '' }) {
  return (await scim(stage, 'GET', location.replace(/^.*\/scim\/v2/, ''))).body
}

const managerOf = (user: Record<string, unknown>) =>
  (Object(user[ENTERPRISE_USER]) as { manager?: { value: string } }).manager?.value

test('what is made is referred to by name, also before it is made, and answered in the order sent', async () => {
  const outcomes = await bulk([
    post('worker', 'boss'),
    post('boss'),
    {
      method: 'PATCH',
      path: '/Users/bulkId:worker',
      data: { Operations: [{ op: 'add', path: 'title', value: '组员' }] },
    },
  ])
  expect(statuses(outcomes)).toEqual(['201', '201', '200'])
  expect(outcomes.map(({ bulkId }) => bulkId)).toEqual(['worker', 'boss', undefined])
  const [worker, boss] = await Promise.all(outcomes.slice(0, 2).map((each) => at(each)))
  expect(worker).toMatchObject({ title: '组员' })
  expect(managerOf(worker ?? {})).toBe(boss?.id)
})

test('people who are each other’s managers are taken in and told of them', async () => {
  const outcomes = await bulk([post('one', 'two'), post('two', 'three'), post('three', 'one')])
  expect(statuses(outcomes)).toEqual(['201', '201', '201'])
  const users = await Promise.all(outcomes.map((each) => at(each)))
  expect(users.map(managerOf)).toEqual([users[1]?.id, users[2]?.id, users[0]?.id])
  // The version told is the one after the last change.
  expect(outcomes.map(({ version }) => version)).toEqual(
    users.map(({ meta }) => (Object(meta) as { version: string }).version),
  )
})

test('a refused operation undoes nothing of the others, and takes those with it that refer to it', async () => {
  const outcomes = await bulk([
    post('good'),
    post('bad', undefined, { userName: '不行' }),
    post('under', 'bad'),
    post('own', 'own'),
    post('nobody', 'missing'),
  ])
  expect(statuses(outcomes)).toEqual(['201', '400', '400', '400', '400'])
  expect(outcomes[2]?.response).toMatchObject({ status: '400', scimType: 'invalidValue' })
  expect((await at(outcomes[0])).active).toBe(true)
})

test('after so many refusals the rest is left undone and not answered', async () => {
  const bad = () => post(`bad${String((numbers += 1))}`, undefined, { userName: '不行' })
  expect(statuses(await bulk([bad(), post('a'), bad(), post('b')], { failOnErrors: 2 }))).toEqual([
    '400',
    '201',
    '400',
  ])
  expect(statuses(await bulk([bad(), post('c')], { failOnErrors: 1 }))).toEqual(['400'])
})

test('a stale version is refused, the current one is not, and who is deleted is gone', async () => {
  const [made] = await bulk([post('x')])
  const path = made?.location?.replace(/^.*\/scim\/v2/, '') ?? ''
  const patch = (version: string | undefined, value: string) => ({
    method: 'patch',
    path,
    version,
    data: { Operations: [{ op: 'replace', path: 'title', value }] },
  })
  expect(
    statuses(
      await bulk([
        patch(made?.version, 'a'),
        patch(made?.version, 'b'),
        { method: 'DELETE', path },
        { method: 'DELETE', path },
      ]),
    ),
  ).toEqual(['200', '412', '204', '404'])
})

test('what waits for an approval says so', async () => {
  const [made] = await bulk([post('x', undefined, { active: false })])
  const path = made?.location?.replace(/^.*\/scim\/v2/, '') ?? ''
  const data = { Operations: [{ op: 'replace', path: 'active', value: true }] }
  expect(await bulk([{ method: 'PATCH', path, data }])).toMatchObject([
    { status: '202', location: expect.stringMatching(/^\/v1\/access-requests\//) },
  ])
})

test.each([
  [{ method: 'POST', path: '/Groups', bulkId: 'g', data: {} }, '400', 'invalidPath'],
  [{ method: 'GET', path: '/Users' }, null, 'invalidSyntax'],
  [{ method: 'POST', path: '/Users', data: {} }, null, 'invalidSyntax'],
  [{ method: 'PUT', path: '/Users', data: {} }, '400', 'invalidPath'],
  [{ method: 'DELETE', path: '/Users/' }, '400', 'invalidPath'],
  [{ method: 'DELETE', path: '/Users/../Users' }, '400', 'invalidPath'],
  [{ method: 'PATCH', path: '/Users/bulkId:unknown', data: {} }, '400', 'invalidValue'],
])('%j is refused', async (operation, status, scimType) => {
  if (status === null) {
    const body = { schemas, Operations: [operation] }
    expect(await refused(scim(stage, 'POST', '/Bulk', { body }))).toEqual([400, scimType])
    return
  }
  expect(await bulk([operation])).toMatchObject([{ status, response: { scimType } }])
})

test('a request is as large as discovery says, and two operations have two names', async () => {
  const many = Array.from({ length: 101 }, () => ({ method: 'DELETE', path: '/Users/x' }))
  const send = (Operations: object[]) =>
    refused(scim(stage, 'POST', '/Bulk', { body: { schemas, Operations } }))
  expect(await send(many)).toEqual([413, undefined])
  expect(await send([post('same'), post('same')])).toEqual([400, 'invalidSyntax'])
  expect(await send([])).toEqual([400, 'invalidValue'])
  const body = { schemas, Operations: [post('x')] }
  expect((await scim(stage, 'POST', '/Bulk', { body, as: as('OM_AUTHORITY') })).status).toBe(403)
})

test('a search has its filter in the body', async () => {
  const search = 'urn:ietf:params:scim:api:messages:2.0:SearchRequest'
  const [made] = await bulk([post('x', undefined, { userName: 'SEARCHED' })])
  const { body } = await scim(stage, 'POST', '/Users/.search', {
    body: {
      schemas: [search],
      filter: 'userName eq "searched"',
      attributes: ['userName'],
      count: 1,
    },
  })
  expect(body.Resources).toEqual([
    { schemas: expect.any(Array), id: (await at(made)).id, userName: 'SEARCHED' },
  ])
  const groups = await scim(stage, 'POST', '/Groups/.search', {
    body: { schemas: [search], sortBy: 'displayName', sortOrder: 'descending' },
  })
  expect(groups.body.totalResults).toBe(2)
  expect(
    await refused(
      scim(stage, 'POST', '/Users/.search', { body: { schemas: [search], filter: '(' } }),
    ),
  ).toEqual([400, 'invalidFilter'])
})

test('a search at the root finds users first and groups behind them, each once', async () => {
  const search = (members: object) =>
    scim(stage, 'POST', '/.search', {
      body: { schemas: ['urn:ietf:params:scim:api:messages:2.0:SearchRequest'], ...members },
    })
  const { body: all } = await search({ count: 200 })
  const kinds = (all.Resources as { meta: { resourceType: string } }[]).map(
    ({ meta }) => meta.resourceType,
  )
  expect(kinds.slice(-3)).toEqual(['User', 'Group', 'Group'])
  expect(all.totalResults).toBe(kinds.length)
  const last = await search({ startIndex: kinds.length - 2, count: 2 })
  expect(last.body.Resources).toEqual((all.Resources as unknown[]).slice(-3, -1))
  const end = await search({ startIndex: kinds.length, count: 5 })
  expect(end.body.Resources).toEqual((all.Resources as unknown[]).slice(-1))
  const groups = await search({ filter: 'displayName eq "采购员"' })
  expect(groups.body).toMatchObject({ totalResults: 1, Resources: [{ externalId: 'BUYER' }] })
  const users = await search({ filter: 'userName eq "searched"' })
  expect(users.body.totalResults).toBe(1)
  expect(await refused(search({ filter: 'shoeSize eq "44"' }))).toEqual([400, 'invalidFilter'])
  expect(await refused(search({ sortBy: 'id' }))).toEqual([400, 'invalidValue'])
})
