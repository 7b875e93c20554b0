import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { queuedEvents } from '@erp-steward/test-kit/queued-events'
import { testAct } from '@erp-steward/test-kit/test-act'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { bearer } from '@erp-steward/test-kit/tokens'
import { activateClient } from '../../src/clients/activate-client.ts'
import type { Client } from '../../src/clients/client.ts'
import { disableClient } from '../../src/clients/disable-client.ts'
import { requestClient, type RequestClient } from '../../src/clients/request-client.ts'
import { rotateSigningKey } from '../../src/sessions/rotate-signing-key.ts'
import {
  addAccount,
  claimsOf,
  claimSecret,
  identityStage,
  pass,
  stillValid,
  TEST_SEAL,
} from '../account-stage.ts'

let stage: TestService
beforeAll(async () => {
  stage = await identityStage()
})
afterAll(() => stage.release())

let counter = 0
const request = (command: Partial<RequestClient> = {}): Promise<Client> =>
  stage.db.transaction((tx) =>
    requestClient(
      tx,
      { name: `client-${String((counter += 1))}`, role: 'SCRIPT', unitId: null, ...command },
      testAct({ now: stage.now }),
    ),
  )
const activate = (id: string) =>
  stage.db.transaction((tx) => activateClient(tx, id, testAct({ now: stage.now })))
const disable = (id: string) =>
  stage.db.transaction((tx) => disableClient(tx, id, 'test', testAct({ now: stage.now })))
const caller = (...roles: Parameters<typeof bearer>[0]['roles']) =>
  bearer({ roles, exp: stillValid(stage) })
const issue = (id: string, headers = caller('SECURITY_ADMIN')) =>
  stage.app.inject({ method: 'POST', url: `/v1/clients/${id}/secret`, headers })
const complete = (id: string, headers = caller('SYSTEM_ADMIN')) =>
  stage.app.inject({ method: 'POST', url: `/v1/clients/${id}/secret/second-half`, headers })
const secretOf = (id: string) =>
  claimSecret(stage, id, caller('SECURITY_ADMIN'), caller('SYSTEM_ADMIN'))
const half = (answer: Awaited<ReturnType<typeof issue>>) =>
  answer.json<{ claimCode: string }>().claimCode
const grant = (payload: object | string, headers: Record<string, string> = {}) =>
  stage.app.inject({ method: 'POST', url: '/v1/tokens', payload, headers })

async function ready(command: Partial<RequestClient> = {}) {
  const client = await request(command)
  await activate(client.id)
  return { client, id: client.id, secret: await secretOf(client.id) }
}
const body = (id: string, secret: string) => ({
  grant_type: 'client_credentials',
  client_id: id,
  client_secret: secret,
})
const basic = (id: string, secret: string) =>
  `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`
const FORM = { 'content-type': 'application/x-www-form-urlencoded' }

test('a client gets a token of 15 minutes with its one role', async () => {
  const unitId = '0195f2a0-0000-7000-8000-000000000abc'
  const { id, secret } = await ready({ role: 'MIDDLEWARE', unitId })
  const granted = await grant(body(id, secret))
  expect(granted.headers['cache-control']).toBe('no-store')
  const token = granted.json<{ access_token: string }>()
  expect(token).toEqual({ access_token: expect.any(String), token_type: 'Bearer', expires_in: 900 })
  const claims = claimsOf(token.access_token)
  expect(claims).toMatchObject({
    sub: id,
    kind: 'client',
    sid: null,
    person: null,
    unit: unitId,
    range: 'unit',
    roles: ['MIDDLEWARE'],
    epoch: 0,
    exp: Number(claims.iat) + 900,
  })
})

test('credentials are taken as JSON, as a form and as HTTP Basic', async () => {
  const { id, secret } = await ready()
  const form = new URLSearchParams(body(id, secret)).toString()
  const answers = await Promise.all([
    grant(body(id, secret)),
    grant(form, FORM),
    grant('grant_type=client_credentials', { ...FORM, authorization: basic(id, secret) }),
    grant({ grant_type: 'client_credentials' }, { authorization: basic(id, secret) }),
  ])
  expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200, 200])
})

test('every wrong credential gets one answer', async () => {
  const { id, secret } = await ready()
  const pending = await request()
  const answers = await Promise.all([
    grant(body(id, `${secret}x`)),
    grant(body(id, '')),
    grant(body(pending.id, secret)),
    grant(body('0195f2a0-0000-7000-8000-0000000000ff', secret)),
    grant(body("' or true --", secret)),
  ])
  const told = answers.map((answer) => {
    const { instance: _instance, ...body } = answer.json<Record<string, unknown>>()
    return body
  })
  expect(new Set(told.map((each) => JSON.stringify(each))).size).toBe(1)
  expect(told[0]).toMatchObject({
    status: 401,
    code: 'client-refused',
    error: 'invalid_client',
    error_description: 'The client credentials were refused.',
  })
  expect(answers[0].headers).toMatchObject({
    'content-type': expect.stringMatching(/^application\/json/),
    'www-authenticate': 'Basic realm="clients"',
  })
})

test.each([
  [
    'credentials in two places',
    (id: string, secret: string) => grant(body(id, secret), { authorization: basic(id, secret) }),
    401,
  ],
  ['none', () => grant({ grant_type: 'client_credentials' }), 401],
  [
    'Basic without a colon',
    () => grant({ grant_type: 'client_credentials' }, { authorization: 'Basic YWJj' }),
    401,
  ],
  [
    'another grant',
    (id: string, secret: string) => grant({ ...body(id, secret), grant_type: 'password' }),
    400,
  ],
  [
    'a scope we do not know',
    (id: string, secret: string) => grant({ ...body(id, secret), scope: 'all' }),
    400,
  ],
  [
    'a parameter sent twice',
    (id: string, secret: string) =>
      grant(
        `grant_type=client_credentials&client_id=${id}&client_id=${id}&client_secret=${secret}`,
        FORM,
      ),
    400,
  ],
  ['a body of another kind', () => grant('<x/>', { 'content-type': 'text/xml' }), 415],
])('%s is refused', async (_what, send, status) => {
  const { id, secret } = await ready()
  expect((await send(id, secret)).statusCode).toBe(status)
})

test('of many who ask at once each gets the token of its own client, or none', async () => {
  const clients = [await ready(), await ready({ role: 'MIDDLEWARE' }), await ready()]
  const [first, second, ended] = clients.map(({ id }) => id)
  await disable(ended ?? '')
  const asked = clients.flatMap(({ id, secret }, at) => [
    { id, secret, expected: id === ended ? 401 : 200 },
    { id: id.toUpperCase(), secret, expected: id === ended ? 401 : 200 },
    // The secret of another client, which asks in the same moment.
    { id, secret: clients[(at + 1) % 3]?.secret ?? '', expected: 401 },
  ])
  const answers = await Promise.all(asked.map(({ id, secret }) => grant(body(id, secret))))
  expect(answers.map(({ statusCode }) => statusCode)).toEqual(asked.map(({ expected }) => expected))
  const subjects = answers.flatMap((answer) =>
    answer.statusCode === 200
      ? [claimsOf(answer.json<{ access_token: string }>().access_token).sub]
      : [],
  )
  expect(subjects).toEqual([first, first, second, second])
})

test('a token is signed with the key that is in force when it is asked for, and makes the first one', async () => {
  const { id, secret } = await ready()
  const keyOf = async () => {
    const token = (await grant(body(id, secret))).json<{ access_token: string }>().access_token
    const header = Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()
    return (JSON.parse(header) as { kid: string }).kid
  }
  const before = await keyOf()
  await stage.db.transaction((tx) =>
    rotateSigningKey(tx, TEST_SEAL, 'test', testAct({ now: stage.now })),
  )
  const after = await keyOf()
  expect(after).not.toBe(before)
  await stage.db.query(
    'update signing_key set retired_at = $1, published_until = $1 where retired_at is null',
    [stage.now],
  )
  const first = await keyOf()
  expect([before, after]).not.toContain(first)
  const set = await stage.app.inject({ url: '/.well-known/jwks.json' })
  expect(set.json<{ keys: { kid: string }[] }>().keys.map(({ kid }) => kid)).toContain(first)
})

test('a form is taken nowhere else', async () => {
  const answer = await stage.app.inject({
    method: 'POST',
    url: '/v1/sessions',
    headers: FORM,
    payload: 'userName=A&password=b',
  })
  expect(answer.json()).toMatchObject({ status: 415, code: 'media-type-unsupported' })
})

test('a new secret voids the one before and the tokens it got', async () => {
  const { id, secret } = await ready({ role: 'MONITORING_AGENT' })
  const { access_token: token } = (await grant(body(id, secret))).json<{ access_token: string }>()
  const read = () =>
    stage.app.inject({
      url: '/v1/sessions',
      headers: { authorization: `Bearer ${token}` },
    })
  expect((await read()).statusCode).toBe(200)
  const first = await issue(id, caller('SYSTEM_ADMIN'))
  expect(first.statusCode).toBe(202)
  expect((await read()).statusCode).toBe(200)
  const second = await complete(id, caller('SECURITY_ADMIN'))
  expect([second.statusCode, second.headers['cache-control']]).toEqual([201, 'no-store'])
  const clientSecret = `${half(first)}${half(second)}`
  expect((await grant(body(id, secret))).statusCode).toBe(401)
  expect((await read()).json()).toMatchObject({ code: 'token-revoked' })
  const next = (await grant(body(id, clientSecret))).json<{ access_token: string }>()
  expect(claimsOf(next.access_token).epoch).toBe(1)
  const facts = (await queuedEvents(stage.db)).filter(({ subject }) => subject === id)
  expect(facts.map(({ type }) => type)).toEqual([
    'identity.account.client-activated.v1',
    'identity.security.client-secret-issued.v1',
    'identity.account.revoked.v1',
    'identity.security.client-secret-issued.v1',
  ])
})

test('secrets are kept as digests and are in no event', async () => {
  const { secret } = await ready()
  const everything = JSON.stringify([
    await queuedEvents(stage.db),
    await stage.db.query('select * from client'),
    await stage.db.query('select * from idempotency_key'),
  ])
  expect(everything).not.toContain(secret)
})

test('of secrets issued at once only the last one holds', async () => {
  const { id } = await ready()
  const firsts = (await Promise.all([1, 2, 3].map(() => issue(id)))).map(half)
  const second = half(await complete(id))
  expect((await complete(id)).json()).toMatchObject({ code: 'first-half-missing' })
  const tries = await Promise.all(firsts.map((first) => grant(body(id, `${first}${second}`))))
  expect(tries.map(({ statusCode }) => statusCode).sort()).toEqual([200, 401, 401])
})

test('[A-4.2.4] a client without approval gets no secret, one that has ended gets none either', async () => {
  const pending = await request()
  expect((await issue(pending.id)).json()).toMatchObject({ status: 409, code: 'client-state' })
  const { id, secret } = await ready()
  const { access_token: token } = (await grant(body(id, secret))).json<{ access_token: string }>()
  const ended = await disable(id)
  expect(ended).toMatchObject({ status: 'disabled', secretHash: null, epoch: 1 })
  expect(await disable(id)).toMatchObject({ version: ended.version })
  expect((await issue(id)).json()).toMatchObject({ status: 409, code: 'client-state' })
  expect((await grant(body(id, secret))).statusCode).toBe(401)
  const late = await stage.app.inject({
    url: '/v1/sessions',
    headers: { authorization: `Bearer ${token}` },
  })
  expect(late.json()).toMatchObject({ code: 'token-revoked' })
})

test('of approvals at once one activates', async () => {
  const { id } = await request()
  const outcomes = await Promise.allSettled([activate(id), activate(id), activate(id)])
  expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected', 'rejected'])
})

test('a name is used once', async () => {
  const { name } = await request()
  await expect(request({ name })).rejects.toMatchObject({ code: 'client-exists' })
})

test.each([
  ['KEY_USER', 403],
  ['AUDIT_ADMIN', 403],
  ['SCRIPT', 403],
  ['SYSTEM_ADMIN', 202],
  ['SECURITY_ADMIN', 202],
] as const)('a secret asked for by %s answers %i', async (role, status) => {
  const { id } = await ready()
  expect((await issue(id, caller(role))).statusCode).toBe(status)
})

test('[A-4.2.4] the halves of a secret go to two people of two roles, and neither opens anything alone', async () => {
  const { id } = await ready()
  const security = caller('SECURITY_ADMIN')
  const first = half(await issue(id, security))
  const refused = async (headers: { authorization: string }) =>
    (await complete(id, headers)).json<{ code: string }>().code
  expect(await refused(security)).toBe('same-person')
  expect(await refused(caller('SECURITY_ADMIN'))).toBe('half-not-for-role')
  expect(await refused(caller('KEY_USER'))).toBe('permission-missing')
  const second = half(await complete(id, caller('AUDIT_ADMIN')))
  for (const part of [first, second, `${second}${first}`, `${first}-${second}`])
    expect((await grant(body(id, part))).statusCode).toBe(401)
  expect((await grant(body(id, `${first}${second}`))).statusCode).toBe(200)
})

test('[A-4.2.4] the token of a client names who asked for it and who had a part of its secret, not who approved', async () => {
  const people = await Promise.all([1, 2, 3].map(() => addAccount(stage)))
  const [asker, approver, taker] = people.map(({ id: sub, personId: person }) => ({ sub, person }))
  if (asker === undefined || approver === undefined || taker === undefined) throw new Error('three')
  const act = ({ sub, person }: { sub: string; person: string | null }) =>
    testAct({ now: stage.now, actor: sub, personId: person })
  const client = await stage.db.transaction((tx) =>
    requestClient(tx, { name: 'controlled', role: 'SCRIPT', unitId: null }, act(asker)),
  )
  await stage.db.transaction((tx) => activateClient(tx, client.id, act(approver)))
  const as = (role: 'SECURITY_ADMIN' | 'SYSTEM_ADMIN', who: typeof asker) =>
    bearer({ roles: [role], exp: stillValid(stage), ...who })
  const secret = await claimSecret(
    stage,
    client.id,
    as('SECURITY_ADMIN', taker),
    as('SYSTEM_ADMIN', asker),
  )
  const { access_token: token } = (await grant(body(client.id, secret))).json<{
    access_token: string
  }>()
  expect(claimsOf(token).controllers).toEqual([asker.person, taker.person].sort())
})

test('the list shows clients by name, page by page, without their secrets', async () => {
  const headers = caller('AUDIT_ADMIN')
  const names: string[] = []
  let cursor = ''
  for (;;) {
    const { items, next } = (
      await stage.app.inject({ url: `/v1/clients?limit=3${cursor}`, headers })
    ).json<{ items: Record<string, unknown>[]; next: string | null }>()
    for (const item of items) {
      expect(item).not.toHaveProperty('secretHash')
      names.push(String(item.name))
    }
    if (next === null) break
    cursor = `&cursor=${next}`
  }
  const rows: { name: string }[] = await stage.db.query('select name from client order by name')
  expect(names).toEqual(rows.map(({ name }) => name))
  const { id, version } = (await ready()).client
  const one = await stage.app.inject({ url: `/v1/clients/${id}`, headers })
  expect(one.json()).toMatchObject({ id, status: 'active', hasSecret: true })
  expect(one.headers.etag).toBe(`"${String(version + 3)}"`)
})

test('a client has no session to end and no password to change', async () => {
  const { id, secret } = await ready()
  const { access_token: token } = (await grant(body(id, secret))).json<{ access_token: string }>()
  const headers = { authorization: `Bearer ${token}` }
  expect(
    (await stage.app.inject({ method: 'DELETE', url: '/v1/sessions/current', headers })).statusCode,
  ).toBe(404)
  pass(stage, 900_000)
  expect((await stage.app.inject({ url: '/v1/sessions', headers })).statusCode).toBe(401)
})
