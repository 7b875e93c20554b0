import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { API_KEY, type KeyExchange } from '@erp-steward/contracts/api-key'
import { queuedEvents } from '@erp-steward/test-kit/queued-events'
import { setParameter } from '@erp-steward/test-kit/set-parameter'
import { testAct } from '@erp-steward/test-kit/test-act'
import { TEST_INTERNAL_TOKEN, type TestService } from '@erp-steward/test-kit/test-service'
import { bearer } from '@erp-steward/test-kit/tokens'
import { decodeJwt } from 'jose'
import { disableClient } from '../../src/clients/disable-client.ts'
import { identityStage, pass, stillValid } from '../account-stage.ts'
import { addFrontEnd, addMachine } from '../tokens/client-stage.ts'

let stage: TestService
beforeAll(async () => {
  stage = await identityStage()
})
afterAll(() => stage.release())

const DAY = 86_400_000
type Administrator = 'SYSTEM_ADMIN' | 'SECURITY_ADMIN' | 'AUDIT_ADMIN'
interface Half {
  readonly key: { readonly id: string; readonly mark: string; readonly expiresAt: string }
  readonly claimCode: string
}

const caller = (role: Administrator) => bearer({ roles: [role], exp: stillValid(stage) })
const inDays = (days: number) => new Date(stage.now.getTime() + days * DAY).toISOString()
const asked = (changes: object = {}) => ({
  name: 'nightly export',
  permissions: ['person.read'],
  networks: ['10.7.0.0/16', 'fd00:7::/32'],
  expiresAt: inDays(30),
  ...changes,
})
const post = (url: string, headers = caller('SYSTEM_ADMIN'), payload?: object) =>
  stage.app.inject({ method: 'POST', url, headers, ...(payload !== undefined && { payload }) })
const ask = (clientId: string, changes: object = {}, headers = caller('SYSTEM_ADMIN')) =>
  post(`/v1/clients/${clientId}/api-keys`, headers, asked(changes))
const complete = (id: string, headers = caller('AUDIT_ADMIN')) =>
  post(`/v1/api-keys/${id}/second-half`, headers)
const end = (id: string) =>
  stage.app.inject({
    method: 'DELETE',
    url: `/v1/api-keys/${id}`,
    headers: caller('SECURITY_ADMIN'),
  })
const read = async (id: string) =>
  (await stage.app.inject({ url: `/v1/api-keys/${id}`, headers: caller('AUDIT_ADMIN') })).json<
    Record<string, unknown>
  >()
const exchange = (key: string, address = '10.7.1.2') =>
  post(
    '/internal/api-keys/exchange',
    { authorization: `Bearer ${TEST_INTERNAL_TOKEN}` },
    { key, address },
  )
const codeOf = async (answer: Promise<{ json(): unknown }>) =>
  ((await answer).json() as { code?: string }).code

async function issued(clientId: string, changes: object = {}): Promise<Half & { whole: string }> {
  const first = (await ask(clientId, changes)).json<Half>()
  const second = (await complete(first.key.id)).json<Half>()
  return { ...second, whole: first.claimCode + second.claimCode }
}

test('[A-4.2.4] a key is good once another person of another role has made its second half', async () => {
  const { id } = await addMachine(stage)
  const asker = caller('SYSTEM_ADMIN')
  const answer = await ask(id, {}, asker)
  expect(answer).toMatchObject({ statusCode: 202, headers: { 'cache-control': 'no-store' } })
  const first = answer.json<Half>()
  expect(await read(first.key.id)).toMatchObject({ status: 'pending', issuedAt: null })
  expect(await codeOf(complete(first.key.id, asker))).toBe('same-person')
  expect(await codeOf(complete(first.key.id, caller('SYSTEM_ADMIN')))).toBe('half-not-for-role')
  const second = (await complete(first.key.id)).json<Half>()
  const whole = first.claimCode + second.claimCode
  expect(whole).toMatch(API_KEY)
  expect(await codeOf(exchange(first.claimCode))).toBe('unauthenticated')
  expect(await codeOf(exchange(`${first.claimCode}${'A'.repeat(22)}`))).toBe('unauthenticated')
  expect(await codeOf(complete(first.key.id, caller('SECURITY_ADMIN')))).toBe('first-half-missing')
  const got = (await exchange(whole)).json<KeyExchange>()
  expect(got).toMatchObject({ clientId: id, expiresIn: 300, networks: asked().networks })
  expect(decodeJwt(got.accessToken)).toMatchObject({
    sub: id,
    kind: 'client',
    roles: ['SCRIPT'],
    permissions: ['person.read'],
  })
})

test('[A-4.2.4] neither the key nor its halves lie in the database', async () => {
  const { id } = await addMachine(stage)
  const { whole } = await issued(id)
  const [row]: { text: string }[] = await stage.db.query(
    `select string_agg(api_key::text, ' ') as text from api_key where client_id = $1`,
    [id],
  )
  const [, , first = '-', second = '-'] = API_KEY.exec(whole) ?? []
  for (const secret of [first, second]) {
    expect(row?.text).not.toContain(secret)
    expect(row?.text).not.toContain(Buffer.from(secret, 'base64url').toString('hex'))
  }
})

test('[A-4.2.4] a key opens what it was made for, from where it was made for', async () => {
  const { id } = await addMachine(stage)
  const { whole, key } = await issued(id)
  const from = async (address: string) => (await exchange(whole, address)).statusCode
  expect(await read(key.id)).toMatchObject({ lastUsedAt: null })
  for (const address of ['10.8.0.1', '127.0.0.1', '::1', 'fd00:8::1', '', 'nonsense'])
    expect([address, await from(address)]).toEqual([address, 403])
  expect(await read(key.id)).toMatchObject({ lastUsedAt: null, lastUsedFrom: null })
  for (const address of ['10.7.0.0', '::ffff:10.7.255.255', 'fd00:7:1::1'])
    expect([address, await from(address)]).toEqual([address, 200])
  expect(await read(key.id)).toMatchObject({
    status: 'active',
    ageDays: 0,
    lastUsedAt: stage.now.toISOString(),
    lastUsedFrom: '10.7.0.0',
  })
  const { accessToken } = (await exchange(whole)).json<KeyExchange>()
  const call = (url: string) =>
    stage.app.inject({ url, headers: { authorization: `Bearer ${accessToken}` } })
  expect((await call('/v1/persons')).statusCode).toBe(200)
  expect((await call('/v1/accounts')).json()).toMatchObject({ code: 'permission-missing' })
})

test('a key may not be forged, whatever is changed', async () => {
  const { id } = await addMachine(stage)
  const { whole, key } = await issued(id)
  const other = await issued(id)
  const [, mark = '', first = '', second = ''] = API_KEY.exec(whole) ?? []
  const forgeries = [
    `erps_${other.key.mark}_${first}${second}`,
    `erps_${mark}_${second}${first}`,
    `erps_${mark}_${first}${'A'.repeat(22)}`,
    `ERPS_${mark}_${first}${second}`,
    `${whole} `,
    `${whole}A`,
    `erps_${mark}_`,
    key.id,
    '',
  ]
  for (const forged of forgeries)
    expect([forged, await codeOf(exchange(forged))]).toEqual([forged, 'unauthenticated'])
  expect((await exchange(whole)).statusCode).toBe(200)
})

test.each([
  ['a permission that its machine does not have', { permissions: ['client.issue-secret'] }],
  ['a permission that there is not', { permissions: ['person.read', 'all'] }],
  ['what a sign-in may learn', { permissions: ['openid'] }],
])('a key is not made with %s', async (_what, changes) => {
  const { id } = await addMachine(stage)
  expect(await codeOf(ask(id, changes))).toBe('api-key-refused')
})

test.each([
  ['no permission', { permissions: [] }],
  ['no network', { networks: [] }],
  ['a network that is none', { networks: ['10.0.0.0/8', '10.0.0.0/33'] }],
  ['a name of two lines', { name: 'a\nb' }],
  ['an end that has come', { expiresAt: '2020-01-01T00:00:00Z' }],
  ['an end that lies too far', { expiresAt: '2199-01-01T00:00:00Z' }],
  ['no end', { expiresAt: undefined }],
])('a key is not made with %s', async (_what, changes) => {
  const { id } = await addMachine(stage)
  expect(await codeOf(ask(id, changes))).toBe('validation-failed')
})

test('a front end, a machine that waits and one that is ended get no key', async () => {
  const frontEnd = await addFrontEnd(stage)
  expect(await codeOf(ask(frontEnd.id))).toBe('api-key-refused')
  for (const status of ['pending', 'disabled']) {
    const { id } = await addMachine(stage)
    await stage.db.query('update client set status = $2 where id = $1', [id, status])
    expect(await codeOf(ask(id))).toBe('client-state')
  }
  expect(await codeOf(ask(randomUUID()))).toBe('client-unknown')
})

test('[A-4.2.4] a key that was ended opens nothing, and the tokens of its machine are void', async () => {
  const { id } = await addMachine(stage)
  const [one, other] = [await issued(id), await issued(id)]
  const { accessToken, epoch } = (await exchange(one.whole)).json<KeyExchange>()
  expect((await end(one.key.id)).statusCode).toBe(204)
  expect(await codeOf(exchange(one.whole))).toBe('unauthenticated')
  const me = await stage.app.inject({
    url: '/v1/me',
    headers: { authorization: `Bearer ${accessToken}` },
  })
  expect(me.json()).toMatchObject({ code: 'token-revoked' })
  expect((await exchange(other.whole)).json()).toMatchObject({ epoch: epoch + 1 })
  expect((await end(one.key.id)).json()).toMatchObject({ code: 'api-key-unknown' })
  expect(await read(one.key.id)).toMatchObject({ status: 'ended' })
  const facts = (await queuedEvents(stage.db)).filter(({ subject }) => subject === id)
  const steps = facts
    .filter(({ type }) => type.includes('api-key-changed'))
    .map(({ data }) => data as { step: string; keyId: string })
    .filter(({ keyId }) => keyId === one.key.id)
  expect(steps.map(({ step }) => step)).toEqual(['asked', 'issued', 'ended'])
  expect(facts.map(({ data }) => JSON.stringify(data)).join()).not.toContain(one.whole.slice(-22))
  expect(facts.map(({ type }) => type)).toContain('identity.account.revoked.v1')
})

test('[A-4.2.4] a machine that is ended has no key any more', async () => {
  const { id } = await addMachine(stage)
  const { whole, key } = await issued(id)
  await stage.db.query(`update client set status = 'disabled' where id = $1`, [id])
  expect(await codeOf(exchange(whole))).toBe('unauthenticated')
  await stage.db.query(`update client set status = 'active' where id = $1`, [id])
  expect((await exchange(whole)).statusCode).toBe(200)
  await stage.db.transaction((tx) =>
    disableClient(tx, id, 'its host is gone', testAct({ now: stage.now })),
  )
  expect(await codeOf(exchange(whole))).toBe('unauthenticated')
  expect(await read(key.id)).toMatchObject({ status: 'ended' })
})

test('a token of a key ends with the key, at its very instant', async () => {
  const { id } = await addMachine(stage)
  const { whole, key } = await issued(id, {
    expiresAt: new Date(stage.now.getTime() + 90_500).toISOString(),
  })
  expect((await exchange(whole)).json()).toMatchObject({ expiresIn: 90 })
  pass(stage, 90_500)
  expect(await codeOf(exchange(whole))).toBe('unauthenticated')
  expect(await read(key.id)).toMatchObject({ status: 'expired' })
  expect((await end(key.id)).json()).toMatchObject({ code: 'api-key-unknown' })
})

test('[A-4.2.4] the next key overlaps with the one before, as long as the parameter says and no longer', async () => {
  const { id } = await addMachine(stage)
  const before = await issued(id)
  const begun = (
    await post(`/v1/api-keys/${before.key.id}/rotation`, caller('SECURITY_ADMIN'), {
      expiresAt: inDays(60),
    })
  ).json<Half>()
  expect(await read(before.key.id)).toMatchObject({ expiresAt: before.key.expiresAt })
  await setParameter(stage, { key: 'identity.api_key.overlap', value: 'P2D' })
  const completed = (await complete(begun.key.id)).json<Half>()
  const whole = begun.claimCode + completed.claimCode
  expect(await read(begun.key.id)).toMatchObject({
    replaces: before.key.id,
    permissions: ['person.read'],
    networks: asked().networks,
    expiresAt: inDays(60),
  })
  expect(await read(before.key.id)).toMatchObject({ expiresAt: inDays(2) })
  pass(stage, 2 * DAY - 2_000)
  expect((await exchange(before.whole)).json()).toMatchObject({ expiresIn: 2 })
  pass(stage, 2_000)
  expect(await codeOf(exchange(before.whole))).toBe('unauthenticated')
  expect((await exchange(whole)).statusCode).toBe(200)
})

test('keys are listed by machine and state, the newest first', async () => {
  const { id } = await addMachine(stage)
  const [first, second] = [await issued(id), await issued(id)]
  pass(stage, 3 * DAY)
  const waiting = (await ask(id)).json<Half>()
  await end(first.key.id)
  const list = async (query: string) =>
    (
      await stage.app.inject({
        url: `/v1/api-keys?clientId=${id}${query}`,
        headers: caller('SECURITY_ADMIN'),
      })
    ).json<{ items: { id: string; ageDays: number | null }[] }>().items
  expect((await list('')).map((key) => key.id)[0]).toBe(waiting.key.id)
  expect(await list('&status=active')).toMatchObject([{ id: second.key.id, ageDays: 3 }])
  expect((await list('&status=pending')).map((key) => key.id)).toEqual([waiting.key.id])
  expect((await list('&status=ended')).map((key) => key.id)).toEqual([first.key.id])
  pass(stage, 40 * DAY)
  expect((await list('&status=expired')).map((key) => key.id)).toEqual([
    waiting.key.id,
    second.key.id,
  ])
  expect(JSON.stringify(await list(''))).not.toContain(second.whole.slice(-44))
})

test('a machine has twenty keys at most, however many are asked for at once', async () => {
  const { id } = await addMachine(stage)
  const answers = await Promise.all(Array.from({ length: 23 }, () => ask(id)))
  expect(answers.filter(({ statusCode }) => statusCode === 202)).toHaveLength(20)
})

test('of two who make the second half at once one does', async () => {
  const { id } = await addMachine(stage)
  const { key } = (await ask(id)).json<Half>()
  const answers = await Promise.all(
    (['AUDIT_ADMIN', 'SECURITY_ADMIN'] as const).map((role) => complete(key.id, caller(role))),
  )
  expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([201, 409])
})

test.each(['AUDIT_ADMIN', 'KEY_USER'] as const)('%s makes and ends no key', async (role) => {
  const { id } = await addMachine(stage)
  const headers = bearer({ roles: [role], exp: stillValid(stage) })
  expect(await codeOf(ask(id, {}, headers))).toBe('permission-missing')
  const { key } = await issued(id)
  const ending = stage.app.inject({ method: 'DELETE', url: `/v1/api-keys/${key.id}`, headers })
  expect(await codeOf(ending)).toBe('permission-missing')
})

test('keys are exchanged for processes of the product only', async () => {
  const { id } = await addMachine(stage)
  const { whole } = await issued(id)
  for (const authorization of [caller('SYSTEM_ADMIN').authorization, `Bearer ${whole}`])
    expect(
      await codeOf(
        post('/internal/api-keys/exchange', { authorization }, { key: whole, address: '10.7.1.2' }),
      ),
    ).toBe('unauthenticated')
})
