import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { identityStage } from '../account-stage.ts'
import {
  approve,
  as,
  call,
  factsAbout,
  joined,
  ok,
  onPerson,
  responsibility,
  setRights,
  smallCompany,
  tasksOf,
  workOff,
  type ChangeView,
} from '../directory-stage.ts'
import { EBS_USER, ENTERPRISE_USER } from '../../src/scim/user-resource.ts'
import {
  newUser,
  otherProvisioner,
  provisioner,
  refused,
  scim,
  type ScimCall,
} from './scim-stage.ts'

let stage: TestService
let company: Awaited<ReturnType<typeof smallCompany>>
let numbers = 0

beforeAll(async () => {
  stage = await identityStage()
  company = await smallCompany(stage)
  await setRights(stage, 'BUYER', {
    roles: ['END_USER'],
    responsibilities: [responsibility('PO', 'BUYER')],
  })
})
afterAll(() => stage.release())

const number = () => `S-${String((numbers += 1))}`

/** A user who was created, with the tag. */
async function created(members: object = {}, place: object = {}, how: ScimCall = {}) {
  const sent = newUser(number(), members, place)
  const {
    status,
    body,
    etag = '',
    location,
  } = await scim(stage, 'POST', '/Users', { ...how, body: sent })
  if (status !== 201) throw new Error(`${String(status)} ${JSON.stringify(body)}`)
  return { body, etag, location, id: String(body.id), sent, path: `/Users/${String(body.id)}` }
}

const patch = (path: string, ...Operations: object[]) =>
  scim(stage, 'PATCH', path, { body: { Operations } })

test('[A-2.1.1][A-2.1.2] a new user is a person with account, EBS user and the rights of the position, at once', async () => {
  const { body, etag, location, sent } = await created({
    [EBS_USER]: { position: 'BUYER' },
    externalId: 'ad-17',
    emails: [{ value: 'a@example.com', primary: true }],
    displayName: '小王',
    title: '采购',
    name: { familyName: '王', givenName: '小明' },
    password: 'never kept',
  })
  expect(body.meta).toMatchObject({ location, version: etag })
  expect(body).toMatchObject({
    userName: sent.userName,
    externalId: 'ad-17',
    name: { formatted: '王小明', familyName: '王', givenName: '小明' },
    displayName: '小王',
    title: '采购',
    active: true,
    emails: [{ value: 'a@example.com', type: 'work', primary: true }],
    [EBS_USER]: {
      position: 'BUYER',
      provisioningState: 'pending',
      responsibilities: [{ value: 'PO|BUYER|STANDARD' }],
    },
  })
  expect(JSON.stringify(body)).not.toContain('never kept')
  const tasks = await tasksOf(stage, sent.userName)
  expect(tasks.map(({ kind }) => kind)).toEqual(['create-user', 'add-responsibility'])
})

test('what is sealed in the register is sealed here, too', async () => {
  const { id } = await created({ displayName: '秘密的名字', externalId: 'geheim-1' })
  const [row]: { sealed: string; external_id_lookup: string }[] = await stage.db.query(
    'select sealed, external_id_lookup from scim_profile where person_id = $1',
    [id],
  )
  expect(JSON.stringify(row)).not.toMatch(/秘密|geheim/)
})

test.each([
  [{ userName: undefined }, 'invalidValue'],
  [{ userName: '张三' }, 'invalidValue'],
  [{ name: undefined }, 'invalidValue'],
  [{ active: 'perhaps' }, 'invalidValue'],
  [{ emails: [{ value: 'no address' }] }, 'invalidValue'],
  [{ emails: [{ value: 'a@example.com' }, { value: 'b@example.com' }] }, 'invalidValue'],
  [{ emails: [{ value: 'a@example.com', type: 'home' }] }, 'invalidValue'],
  [{ [ENTERPRISE_USER]: undefined }, 'invalidValue'],
  [{ [ENTERPRISE_USER]: 'NORTH' }, 'invalidValue'],
  [{ [EBS_USER]: { position: 'NOBODY' } }, 'invalidValue'],
  [{ displayName: 'x\ny' }, 'invalidValue'],
  [{ schemas: ['urn:something:else'] }, 'invalidSyntax'],
  [{ username: 'TWICE' }, 'invalidSyntax'],
])('a user with %j is refused as %s, and nobody is taken in', async (members, type) => {
  const own = number()
  const body = newUser(own, members)
  expect(await refused(scim(stage, 'POST', '/Users', { body }))).toEqual([400, type])
  const { body: found } = await scim(stage, 'GET', '/Users', {
    query: { filter: `${ENTERPRISE_USER}:employeeNumber eq "${own}"` },
  })
  expect(found.totalResults).toBe(0)
})

test('what is no JSON, or another media type, is refused in the words of SCIM', async () => {
  const post = (payload: string, type: string) =>
    stage.app.inject({
      method: 'POST',
      url: '/scim/v2/Users',
      headers: { ...provisioner(), 'content-type': type },
      payload,
    })
  const broken = await post('{', 'application/scim+json')
  expect([broken.statusCode, broken.json()]).toMatchObject([400, { scimType: 'invalidSyntax' }])
  const text = await post('x', 'text/plain')
  expect([text.statusCode, text.json()]).toMatchObject([415, { status: '415' }])
  const json = await post(JSON.stringify(newUser(number())), 'application/json')
  expect(json.statusCode).toBe(201)
})

test('user name, number and externalId are of one user only, whatever their case, also at the same moment', async () => {
  const { sent } = await created({ externalId: 'One' })
  const post = (members: object, own = number()) =>
    refused(scim(stage, 'POST', '/Users', { body: newUser(own, members) }))
  expect(await post({ userName: sent.userName.toLowerCase() })).toEqual([409, 'uniqueness'])
  expect(await post({ externalId: 'one' })).toEqual([409, 'uniqueness'])
  const own = sent[ENTERPRISE_USER].employeeNumber.toLowerCase()
  expect(await post({ userName: 'ANOTHER' }, own)).toEqual([409, 'uniqueness'])
  const bodies = [1, 2, 3, 4].map(() => newUser('RACE', { userName: 'RACE' }))
  const answers = await Promise.all(bodies.map((body) => scim(stage, 'POST', '/Users', { body })))
  expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 409, 409, 409])
})

test('each client has its own externalId of a person', async () => {
  const { path, id } = await created({ externalId: 'mine' })
  const other = otherProvisioner()
  const change = { Operations: [{ op: 'add', path: 'externalId', value: 'theirs' }] }
  await scim(stage, 'PATCH', path, { body: change, as: other })
  expect((await scim(stage, 'GET', path)).body.externalId).toBe('mine')
  const query = { filter: 'externalId eq "THEIRS"' }
  expect((await scim(stage, 'GET', '/Users', { query, as: other })).body.Resources).toMatchObject([
    { id, externalId: 'theirs' },
  ])
  expect((await scim(stage, 'GET', '/Users', { query })).body.totalResults).toBe(0)
})

test('a client of a unit takes in and moves within its unit only', async () => {
  const south = provisioner({ unit: company.south.id, range: 'unit' })
  const post = (place: object) =>
    scim(stage, 'POST', '/Users', { body: newUser(number(), {}, place), as: south })
  expect((await post({})).status).toBe(403)
  const own = await post({ organization: 'SOUTH' })
  expect(own.status).toBe(201)
  const path = `/Users/${String(own.body.id)}`
  const move = {
    Operations: [{ op: 'replace', path: `${ENTERPRISE_USER}:organization`, value: 'NORTH' }],
  }
  expect((await scim(stage, 'PATCH', path, { body: move, as: south })).status).toBe(403)
  const north = await created()
  expect((await scim(stage, 'DELETE', north.path, { as: south })).status).toBe(404)
  const managed = {
    Operations: [{ op: 'add', path: `${ENTERPRISE_USER}:manager`, value: { value: north.id } }],
  }
  expect(await refused(scim(stage, 'PATCH', path, { body: managed, as: south }))).toEqual([
    400,
    'invalidValue',
  ])
})

test('nobody who may only read writes', async () => {
  const body = newUser(number())
  expect((await scim(stage, 'POST', '/Users', { body, as: as('OM_AUTHORITY') })).status).toBe(403)
})

test('a replacement empties what it does not name, and leaves the account as it is', async () => {
  const { path, sent } = await created({
    emails: [{ value: 'r@example.com' }],
    displayName: 'x',
    title: 'y',
  })
  const { active, ...rest } = newUser(sent[ENTERPRISE_USER].employeeNumber)
  expect(active).toBe(true)
  const { status, body } = await scim(stage, 'PUT', path, {
    body: { ...rest, name: { formatted: '改名' }, id: randomUUID(), groups: [] },
  })
  expect([status, body.name, body.active]).toEqual([200, { formatted: '改名' }, true])
  for (const member of ['emails', 'displayName', 'title']) expect(body).not.toHaveProperty(member)
})

test('what cannot change is refused as such; the same value in another case is no change', async () => {
  const { path, sent, etag } = await created()
  const put = (members: object, place: object = {}) =>
    scim(stage, 'PUT', path, {
      body: { ...newUser(sent[ENTERPRISE_USER].employeeNumber, members, place) },
    })
  expect(await refused(put({ userName: 'OTHER' }))).toEqual([400, 'mutability'])
  expect(await refused(put({}, { employeeNumber: 'OTHER' }))).toEqual([400, 'mutability'])
  expect(await refused(patch(path, { op: 'replace', path: 'userName', value: 'OTHER' }))).toEqual([
    400,
    'mutability',
  ])
  const same = await put({ userName: sent.userName.toLowerCase() })
  expect([same.status, same.etag]).toEqual([200, etag])
})

test('parts of a user change, all or none', async () => {
  const { path } = await created()
  const done = await patch(
    path,
    { op: 'add', path: 'emails[type eq "work"].value', value: 'p@example.com' },
    { op: 'Replace', value: { displayName: '新', [`${ENTERPRISE_USER}:department`]: 'IT' } },
  )
  expect(done).toMatchObject({
    status: 200,
    body: { displayName: '新', [ENTERPRISE_USER]: { department: 'IT' } },
  })
  const before = await scim(stage, 'GET', path)
  const failed = patch(
    path,
    { op: 'replace', path: 'displayName', value: '不应留下' },
    { op: 'replace', path: `${ENTERPRISE_USER}:department`, value: 'NOWHERE' },
  )
  expect(await refused(failed)).toEqual([400, 'invalidValue'])
  expect((await scim(stage, 'GET', path)).body).toEqual(before.body)
})

test('[A-2.1.4] another position is a move: the old rights end at once, the new ones wait for an approval', async () => {
  const { path, id, sent } = await created({ [EBS_USER]: { position: 'BUYER' } })
  await workOff(stage)
  const to = (position: string) =>
    patch(path, { op: 'replace', path: `${EBS_USER}:position`, value: position })
  expect((await to('CLERK')).body[EBS_USER]).not.toHaveProperty('responsibilities')
  const back = await to('BUYER')
  expect(back.body).toMatchObject({ [EBS_USER]: { position: 'BUYER', rightsPending: true } })
  expect(back.body[EBS_USER]).not.toHaveProperty('responsibilities')
  const kinds = (await tasksOf(stage, sent.userName)).map(({ kind }) => kind)
  expect(kinds).toContain('end-responsibility')
  const url = '/v1/account-changes?status=pending&limit=200'
  const { items } = await ok<{ items: ChangeView[] }>(
    call(stage, { method: 'GET', url, headers: as('SECURITY_ADMIN') }),
  )
  const waiting = items.find(({ subjectId }) => subjectId === id)
  if (waiting === undefined) throw new Error('nothing waits')
  await ok(approve(stage, waiting))
  expect((await scim(stage, 'GET', path)).body).toMatchObject({
    [EBS_USER]: { rightsPending: false, responsibilities: [{ value: 'PO|BUYER|STANDARD' }] },
  })
})

test('[A-2.1.7][A-2.1.8] active false freezes at once; active true asks for a release, once, and takes effect when it is approved', async () => {
  const { path, id } = await created()
  const frozen = await patch(path, { op: 'replace', path: 'active', value: 'False' })
  expect(frozen).toMatchObject({
    status: 200,
    body: { active: false, [EBS_USER]: { accountStatus: 'frozen' } },
  })
  const again = await patch(path, { op: 'replace', path: 'active', value: false })
  expect([again.status, again.etag]).toEqual([200, frozen.etag])
  const asked = await patch(path, { op: 'replace', path: 'active', value: true })
  expect(asked).toMatchObject({ status: 202, body: { active: false } })
  expect(asked.location).toMatch(/^\/v1\/access-requests\/[0-9a-f-]{36}$/)
  const twice = await patch(path, { op: 'replace', path: 'active', value: true })
  expect([twice.status, twice.location]).toEqual([202, asked.location])
  const read = await ok<{ kind: string; personId: string }>(
    call(stage, { method: 'GET', url: asked.location ?? '', headers: as('SECURITY_ADMIN') }),
  )
  expect(read).toMatchObject({ kind: 'unfreeze', personId: id, state: 'submitted' })
})

test('a user who is created inactive is frozen from the beginning', async () => {
  const { body } = await created({ active: false })
  expect(body).toMatchObject({ active: false, [EBS_USER]: { accountStatus: 'frozen' } })
})

test('[A-2.1.4] a deleted user has left: nothing of it is found here, and everything has ended', async () => {
  const { path, id, sent } = await created({
    externalId: 'gone',
    [EBS_USER]: { position: 'BUYER' },
  })
  await workOff(stage)
  expect((await scim(stage, 'DELETE', path)).status).toBe(204)
  for (const method of ['GET', 'DELETE'] as const)
    expect((await scim(stage, method, path)).status).toBe(404)
  expect((await patch(path, { op: 'add', path: 'title', value: 'x' })).status).toBe(404)
  expect(await factsAbout(stage, id)).toContain('identity.directory.leave-noticed.v1')
  const kinds = (await tasksOf(stage, sent.userName)).map(({ kind }) => kind)
  expect(kinds).toContain('end-date-user')
  await created({ externalId: 'gone' })
})

test('[A-2.1.1] a former employee comes back under the number and the name; the rights wait', async () => {
  const { path, id, sent } = await created({ [EBS_USER]: { position: 'BUYER' } })
  await scim(stage, 'DELETE', path)
  const other = { ...sent, userName: 'SOMEBODY.ELSE' }
  expect(await refused(scim(stage, 'POST', '/Users', { body: other }))).toEqual([400, 'mutability'])
  const back = await scim(stage, 'POST', '/Users', {
    body: { ...sent, name: { formatted: '回来' } },
  })
  expect(back).toMatchObject({
    status: 201,
    body: {
      id,
      active: true,
      name: { formatted: '回来' },
      [EBS_USER]: { rightsPending: true },
    },
  })
})

test('[A-2.1.2] for somebody in the register without an account one is asked for, once', async () => {
  const employeeNumber = number()
  await joined(stage, { employeeNumber, withAccount: false })
  const send = () => scim(stage, 'POST', '/Users', { body: newUser(employeeNumber) })
  const asked = await send()
  expect(asked.status).toBe(202)
  expect(asked.location).toMatch(/^\/v1\/account-changes\//)
  expect((await send()).location).toBe(asked.location)
  const change = await ok<ChangeView>(
    call(stage, { method: 'GET', url: asked.location ?? '', headers: as('SECURITY_ADMIN') }),
  )
  await ok(approve(stage, change))
  expect(await refused(send())).toEqual([409, 'uniqueness'])
  const query = { filter: `userName eq "U.${employeeNumber}"` }
  expect((await scim(stage, 'GET', '/Users', { query })).body.totalResults).toBe(1)
})

test('a manager is another user, and is found by it', async () => {
  const boss = await created()
  const { path, id } = await created({
    [ENTERPRISE_USER]: {
      ...newUser(number())[ENTERPRISE_USER],
      manager: { value: boss.id },
    },
  })
  const query = { filter: `${ENTERPRISE_USER}:manager.value eq "${boss.id}"` }
  expect((await scim(stage, 'GET', '/Users', { query })).body.Resources).toMatchObject([
    { id, [ENTERPRISE_USER]: { manager: { value: boss.id } } },
  ])
  const set = (value: string) =>
    patch(path, { op: 'replace', path: `${ENTERPRISE_USER}:manager`, value: { value } })
  expect(await refused(set(id))).toEqual([400, 'invalidValue'])
  expect(await refused(set(randomUUID()))).toEqual([400, 'invalidValue'])
  const without = await patch(path, { op: 'remove', path: `${ENTERPRISE_USER}:manager` })
  expect(without.body[ENTERPRISE_USER]).not.toHaveProperty('manager')
})

test('a change of what nobody has seen is refused: by tag, by a list of tags, and not by the star', async () => {
  const { path, etag } = await created()
  const change = (tag: string, value: string) =>
    scim(stage, 'PATCH', path, {
      headers: { 'if-match': tag },
      body: { Operations: [{ op: 'replace', path: 'title', value }] },
    })
  const first = await change(etag, 'a')
  expect(first.status).toBe(200)
  expect(await change(etag, 'b')).toMatchObject({ status: 412, body: { status: '412' } })
  expect((await change(`"x", ${first.etag ?? ''}`, 'c')).status).toBe(200)
  expect((await change('*', 'd')).status).toBe(200)
  expect((await change('nonsense', 'e')).status).toBe(412)
  const stale = await scim(stage, 'DELETE', path, { headers: { 'if-match': etag } })
  expect(stale.status).toBe(412)
})

test('what EBS reads back meanwhile does not refuse a change', async () => {
  const { path, etag } = await created({ [EBS_USER]: { position: 'BUYER' } })
  await workOff(stage)
  const body = { Operations: [{ op: 'replace', path: 'title', value: 'x' }] }
  expect((await scim(stage, 'PATCH', path, { body, headers: { 'if-match': etag } })).status).toBe(
    200,
  )
})

test('of changes at the same moment none is lost, and with a tag one is done', async () => {
  const { path, etag } = await created()
  const names = ['displayName', 'title', 'name.familyName', 'name.givenName', 'externalId']
  const all = await Promise.all(
    names.map((name) => patch(path, { op: 'add', path: name, value: `v-${name}` })),
  )
  expect(all.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200])
  const { body } = await scim(stage, 'GET', path)
  expect(body).toMatchObject({
    displayName: 'v-displayName',
    title: 'v-title',
    externalId: 'v-externalId',
    name: { familyName: 'v-name.familyName', givenName: 'v-name.givenName' },
  })
  expect((await patch(path, { op: 'remove', path: 'title' })).etag).not.toBe(etag)
  const now = (await scim(stage, 'GET', path)).etag ?? ''
  const tagged = await Promise.all(
    ['1', '2', '3'].map((value) =>
      scim(stage, 'PATCH', path, {
        headers: { 'if-match': now },
        body: { Operations: [{ op: 'replace', path: 'title', value }] },
      }),
    ),
  )
  expect(tagged.map(({ status }) => status).toSorted()).toEqual([200, 412, 412])
})

test('[A-2.1.4] nobody is changed by a program whose secret is in the own hands', async () => {
  const { path, id } = await created()
  const own = provisioner({ controllers: [id] })
  const body = { Operations: [{ op: 'replace', path: 'name.formatted', value: '我自己' }] }
  expect((await scim(stage, 'PATCH', path, { body, as: own })).status).toBe(409)
  expect((await scim(stage, 'DELETE', path, { as: own })).status).toBe(409)
})

test('who left by the register is gone here, and an administrator is nobody here', async () => {
  const { path, id } = await created()
  const person = await ok<{ id: string; version: number }>(
    call(stage, { method: 'GET', url: `/v1/persons/${id}`, headers: as('SCRIPT') }),
  )
  await ok(onPerson(stage, person, 'leave', { kind: 'dismissal' }))
  expect((await scim(stage, 'GET', path)).status).toBe(404)
})

test('only what is asked for is answered of what was made', async () => {
  const { status, body } = await scim(stage, 'POST', '/Users', {
    body: newUser(number()),
    query: { attributes: 'userName' },
  })
  expect([status, Object.keys(body)]).toEqual([201, ['schemas', 'id', 'userName']])
})
