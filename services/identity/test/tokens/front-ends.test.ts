import { createHash } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { queuedEvents } from '@erp-steward/test-kit/queued-events'
import { runTask } from '@erp-steward/test-kit/run-task'
import { testAct } from '@erp-steward/test-kit/test-act'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { createLocalJWKSet, jwtVerify, type JSONWebKeySet } from 'jose'
import type { Account } from '../../src/accounts/account.ts'
import { disableClient } from '../../src/clients/disable-client.ts'
import { revokeAccount } from '../../src/sessions/revoke-account.ts'
import {
  addAccount,
  claimsOf,
  giveInitialPassword,
  GOOD_PASSWORD,
  identityStage,
  newcomer,
  pass,
  setPassword,
  setUpFactor,
  trySignIn,
} from '../account-stage.ts'
import { addFrontEnd, CALLBACK, postForm, SIGNED_OUT, type Machine } from './client-stage.ts'

let stage: TestService
let frontEnd: Machine
let inBrowser: Machine
beforeAll(async () => {
  stage = await identityStage()
  frontEnd = await addFrontEnd(stage)
  inBrowser = await addFrontEnd(stage, false)
})
afterAll(() => stage.release())

type Form = Record<string, string>
const VERIFIER = 'v'.repeat(43)
const challengeOf = (verifier: string) => createHash('sha256').update(verifier).digest('base64url')
const ask = (by: Machine, form: Form = {}): Form => ({
  client_id: by.id,
  redirect_uri: CALLBACK,
  response_type: 'code',
  scope: 'openid',
  state: 'the state & more',
  nonce: 'n-1',
  code_challenge: challengeOf(VERIFIER),
  code_challenge_method: 'S256',
  ...form,
})
const show = (form: Form, headers = {}) =>
  stage.app.inject({ url: `/v1/authorizations?${new URLSearchParams(form).toString()}`, headers })
const send = (form: Form) => postForm(stage, '/v1/authorizations', form)
const person = async (options: Parameters<typeof addAccount>[1] = {}) => {
  const account = await addAccount(stage, options)
  await setPassword(stage, account)
  return account
}
const typed = ({ userName }: Pick<Account, 'userName'>, password = GOOD_PASSWORD) => ({
  user_name: userName,
  password,
})
const backOf = ({ headers }: { headers: Record<string, unknown> }) =>
  new URL(String(headers.location))
/** A code for somebody who signs in. */
async function codeFor(account: Pick<Account, 'userName'>, by = frontEnd, form: Form = {}) {
  const answer = await send({ ...ask(by, form), ...typed(account) })
  if (answer.statusCode !== 303) throw new Error(answer.body)
  return backOf(answer).searchParams.get('code') ?? ''
}
const exchange = (code: string, by = frontEnd, form: Form = {}) =>
  postForm(
    stage,
    '/v1/tokens',
    {
      grant_type: 'authorization_code',
      ...{ code, redirect_uri: CALLBACK, code_verifier: VERIFIER },
      ...(by === inBrowser && { client_id: by.id }),
      ...form,
    },
    by === inBrowser ? {} : { authorization: by.basic },
  )
interface Tokens {
  readonly access_token: string
  readonly refresh_token: string
  readonly id_token: string
}
const me = (token: string, url = '/v1/me') =>
  stage.app.inject({ url, headers: { authorization: `Bearer ${token}` } })
const reasons = async (accountId: string) =>
  (await queuedEvents(stage.db))
    .filter(
      ({ type, subject }) => type === 'identity.account.session-ended.v1' && subject === accountId,
    )
    .map(({ data }) => (data as { reason: string }).reason)

test('[A-2.2.1] a person signs in on our page, and the front end gets tokens and learns who it is', async () => {
  const account = await person({ roles: ['KEY_USER'] })
  const answer = await send({ ...ask(frontEnd), ...typed(account) })
  expect(answer.statusCode).toBe(303)
  const back = backOf(answer)
  expect(`${back.origin}${back.pathname}`).toBe('https://front.example.test/callback')
  expect(Object.fromEntries(back.searchParams)).toEqual({
    tenant: 'a',
    code: expect.stringMatching(/^[\w-]{43}$/),
    state: 'the state & more',
    iss: 'http://127.0.0.1:8080',
  })
  const granted = await exchange(back.searchParams.get('code') ?? '')
  expect(granted.headers['cache-control']).toBe('no-store')
  const tokens = granted.json<Tokens>()
  expect(tokens).toMatchObject({ token_type: 'Bearer', expires_in: 300, scope: 'openid' })
  const claims = claimsOf(tokens.access_token)
  expect(claims).toMatchObject({ sub: account.id, client_id: frontEnd.id, roles: ['KEY_USER'] })
  const keys = (await stage.app.inject({ url: '/.well-known/jwks.json' })).json<JSONWebKeySet>()
  const { payload } = await jwtVerify(tokens.id_token, createLocalJWKSet(keys), {
    issuer: 'http://127.0.0.1:8080',
    audience: frontEnd.id,
    typ: 'JWT',
    currentDate: stage.now,
  })
  const now = Math.floor(stage.now.getTime() / 1_000)
  expect(payload).toMatchObject({
    sub: account.id,
    nonce: 'n-1',
    auth_time: now,
    iat: now,
    exp: now + 300,
    sid: claims.sid,
    amr: ['pwd'],
    acr: 'aal1',
  })
  expect((await me(tokens.access_token, '/v1/userinfo')).json()).toEqual({ sub: account.id })
  // It is no access token, whoever sends it.
  expect((await me(tokens.id_token)).statusCode).toBe(401)
})

test('with the scope profile the front end learns the name', async () => {
  const account = await person()
  const code = await codeFor(account, frontEnd, { scope: 'openid profile email' })
  const tokens = (await exchange(code)).json<Tokens>()
  expect((await me(tokens.access_token, '/v1/userinfo')).json()).toEqual({
    sub: account.id,
    preferred_username: account.userName,
    name: 'Person',
  })
})

test('a scope of permissions narrows the tokens of a person, those of a refresh too', async () => {
  const account = await person({ roles: ['KEY_USER'] })
  const code = await codeFor(account, frontEnd, { scope: 'openid ticket.read account.unlock' })
  const tokens = (await exchange(code)).json<Tokens>()
  expect(claimsOf(tokens.access_token).permissions).toEqual(['ticket.read'])
  const form = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token }
  const next = await postForm(stage, '/v1/tokens', form, { authorization: frontEnd.basic })
  expect(claimsOf(next.json<Tokens>().access_token).permissions).toEqual(['ticket.read'])
})

test('the page runs no script, loads nothing, stands in no frame and posts only here and to the front end', async () => {
  const { statusCode, headers, body } = await show(ask(frontEnd))
  expect(statusCode).toBe(200)
  const style = /<style>([^]*)<\/style>/.exec(body)?.[1] ?? ''
  const hash = createHash('sha256').update(style).digest('base64')
  expect(headers).toMatchObject({
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': `default-src 'none'; style-src 'sha256-${hash}'; form-action 'self' https://front.example.test; base-uri 'none'; frame-ancestors 'none'`,
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-store',
  })
  expect(headers['set-cookie']).toBeUndefined()
  expect(body).not.toMatch(/<script|javascript:|\son\w+=|<b>front/i)
  expect(body).toContain('&lt;b&gt;front&lt;/b&gt; &amp; end')
})

test.each([
  ['the browser', {}, { 'accept-language': 'zh-CN,en;q=0.5' }, 'zh-CN', '登录'],
  ['the browser', {}, { 'accept-language': 'en,zh;q=0.5' }, 'en', 'Sign in'],
  ['the front end', { ui_locales: 'fr zh-Hans' }, { 'accept-language': 'en' }, 'zh-CN', '登录'],
])('the page speaks the language that %s asks for', async (_who, form, headers, language, word) => {
  const { body } = await show({ ...ask(frontEnd), ...(form as Form) }, headers)
  expect(body).toContain(`<html lang="${language}">`)
  expect(body).toContain(word)
})

test('what the request says comes back escaped', async () => {
  const state = `"><script>alert('x')</script>`
  const { body } = await show(ask(frontEnd, { state }))
  expect(body).not.toContain('<script>')
  expect(body).toContain('value="&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;"')
})

test.each([
  ['an unknown front end', { client_id: '0195f2a0-0000-7000-8000-0000000000ff' }],
  ['no front end', { client_id: '' }],
  ['SQL', { client_id: "' or true --" }],
  ['another address', { redirect_uri: 'https://evil.example.test/callback' }],
  ['a longer address', { redirect_uri: `${CALLBACK}/x` }],
  ['another query', { redirect_uri: 'https://front.example.test/callback' }],
  ['another case', { redirect_uri: CALLBACK.toUpperCase() }],
  ['an address of signing out', { redirect_uri: SIGNED_OUT }],
  ['no address', { redirect_uri: '' }],
])('%s: the browser is sent nowhere, and nobody signs in', async (_what, form) => {
  const account = await person()
  const request = { ...ask(frontEnd), ...(form as Form) }
  for (const answer of [await show(request), await send({ ...request, ...typed(account) })]) {
    expect(answer.statusCode).toBe(400)
    expect(answer.headers.location).toBeUndefined()
    expect(answer.headers['content-type']).toMatch(/^text\/html/)
  }
  const open = 'select from session where account_id = $1'
  expect(await stage.db.query(open, [account.id])).toEqual([])
})

test.each([
  ['no PKCE', { code_challenge: '' }, 'invalid_request'],
  ['PKCE in clear', { code_challenge_method: 'plain' }, 'invalid_request'],
  ['PKCE without a method', { code_challenge_method: '' }, 'invalid_request'],
  ['a short challenge', { code_challenge: 'abc' }, 'invalid_request'],
  ['an implicit token', { response_type: 'token' }, 'unsupported_response_type'],
  ['a hybrid', { response_type: 'code id_token' }, 'unsupported_response_type'],
  ['a fragment', { response_mode: 'fragment' }, 'invalid_request'],
  ['a scope that there is not', { scope: 'openid ticket.raed' }, 'invalid_scope'],
  ['no page', { prompt: 'none' }, 'login_required'],
  ['a request object', { request: 'a.b.c' }, 'request_not_supported'],
  ['its address', { request_uri: 'https://front.example.test/r' }, 'request_uri_not_supported'],
])('%s is told the front end, with its state', async (_what, form, error) => {
  const account = await person()
  const request = { ...ask(frontEnd), ...(form as Form) }
  for (const answer of [await show(request), await send({ ...request, ...typed(account) })]) {
    expect(answer.statusCode).toBe(303)
    expect(Object.fromEntries(backOf(answer).searchParams)).toMatchObject({
      error,
      state: 'the state & more',
      iss: 'http://127.0.0.1:8080',
    })
  }
})

test('[A-2.2.2] wrong passwords are refused on the page, and count and lock as elsewhere', async () => {
  const account = await person()
  const wrong = () => send({ ...ask(frontEnd), ...typed(account, 'wrong') })
  const first = await wrong()
  expect(first.statusCode).toBe(403)
  expect(first.body).toContain('role="alert"')
  expect(first.body).toContain(`value="${account.userName}"`)
  expect(first.body).not.toContain('wrong')
  const unknown = await send({ ...ask(frontEnd), user_name: 'NOBODY', password: 'wrong' })
  expect(unknown.body.replaceAll('NOBODY', account.userName)).toBe(first.body)
  for (let n = 1; n < 5; n += 1) await wrong()
  const locked = await send({ ...ask(frontEnd), ...typed(account) })
  expect(locked.statusCode).toBe(423)
  expect(Number(locked.headers['retry-after'])).toBeGreaterThan(0)
  expect((await trySignIn(stage, account)).statusCode).toBe(423)
})

test('[A-2.2.3] who has a password of others chooses an own one on the page, and goes on', async () => {
  const account = await addAccount(stage)
  const initial = await giveInitialPassword(stage, account)
  const first = await send({ ...ask(frontEnd), ...typed(account, initial) })
  expect(first.statusCode).toBe(200)
  expect(first.body).toContain('name="new_password_again"')
  expect(first.body).not.toContain(initial)
  const choose = (new_password: string, new_password_again = new_password) =>
    send({ ...ask(frontEnd), ...typed(account, initial), new_password, new_password_again })
  expect((await choose('short')).body).toContain('role="alert"')
  expect((await choose(GOOD_PASSWORD, 'another')).body).toContain('role="alert"')
  const done = await choose(GOOD_PASSWORD)
  expect(done.statusCode).toBe(303)
  const granted = await exchange(backOf(done).searchParams.get('code') ?? '')
  expect(claimsOf(granted.json<Tokens>().access_token)).toMatchObject({ roles: ['END_USER'] })
  expect((await trySignIn(stage, account)).statusCode).toBe(201)
})

test('[A-2.2.1] of many who present a code at once at most one gets tokens, and then they are void', async () => {
  const account = await person()
  const code = await codeFor(account)
  const answers = await Promise.all(Array.from({ length: 5 }, () => exchange(code)))
  expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([200, 400, 400, 400, 400])
  const won = answers.find(({ statusCode }) => statusCode === 200)?.json<Tokens>()
  expect((await me(won?.access_token ?? '')).json()).toMatchObject({ code: 'token-revoked' })
  const form = { grant_type: 'refresh_token', refresh_token: won?.refresh_token ?? '' }
  const again = await postForm(stage, '/v1/tokens', form, { authorization: frontEnd.basic })
  expect(again.json()).toMatchObject({ status: 400, error: 'invalid_grant' })
  expect(await reasons(account.id)).toEqual(['code-reused'])
})

test.each([
  ['another verifier', { code_verifier: 'w'.repeat(43) }],
  ['the challenge instead of the verifier', { code_verifier: challengeOf(VERIFIER) }],
  ['no verifier', { code_verifier: '' }],
  ['another address of its own', { redirect_uri: 'http://127.0.0.1:9/callback' }],
  ['no address', { redirect_uri: '' }],
])(
  '[A-2.2.1] a code with %s is stolen: it is refused, and good for nothing afterwards',
  async (_what, form) => {
    const account = await person()
    const code = await codeFor(account)
    const { error } = (await exchange(code, frontEnd, form)).json<{ error: string }>()
    expect(error).toBe('invalid_grant')
    expect((await exchange(code)).statusCode).toBe(400)
    expect(await reasons(account.id)).toEqual(['code-reused'])
  },
)

test('a code is of the front end that asked for it', async () => {
  const account = await person()
  const other = await addFrontEnd(stage)
  const code = await codeFor(account)
  expect((await exchange(code, other)).json()).toMatchObject({ error: 'invalid_grant' })
  expect((await exchange(code)).statusCode).toBe(200)
})

test('a code is good for a minute, and so is the session that nobody took up', async () => {
  const [early, late] = [await person(), await person()]
  const [first, second] = [await codeFor(early), await codeFor(late)]
  pass(stage, 60_000 - 1)
  expect((await exchange(first)).statusCode).toBe(200)
  pass(stage, 1)
  expect((await exchange(second)).json()).toMatchObject({ error: 'invalid_grant' })
  await runTask(stage, 'end-lapsed-sessions')
  expect(await reasons(late.id)).toEqual(['idle'])
  expect(await reasons(early.id)).toEqual([])
})

test('[A-2.1.4] a code of somebody who was disabled meanwhile gives nothing', async () => {
  const account = await person()
  const code = await codeFor(account)
  await stage.db.transaction(async (tx) => {
    await tx.query(`update account set status = 'disabled' where id = $1`, [account.id])
    await revokeAccount(tx, account.id, 'left', testAct({ now: stage.now }))
  })
  expect((await exchange(code)).json()).toMatchObject({ error: 'invalid_grant' })
})

test('[A-4.2.4] a front end with a secret proves who it is, one in a browser cannot and need not', async () => {
  const account = await person()
  const code = await codeFor(account)
  const bare = await postForm(stage, '/v1/tokens', {
    grant_type: 'authorization_code',
    client_id: frontEnd.id,
    ...{ code, redirect_uri: CALLBACK, code_verifier: VERIFIER },
  })
  expect(bare.json()).toMatchObject({ status: 401, error: 'invalid_client' })
  expect((await exchange(code)).statusCode).toBe(200)
  const browser = await exchange(await codeFor(await person(), inBrowser), inBrowser)
  const { refresh_token: refreshToken, access_token: token } = browser.json<Tokens>()
  const form = { grant_type: 'refresh_token', refresh_token: refreshToken, client_id: inBrowser.id }
  const next = (await postForm(stage, '/v1/tokens', form)).json<Tokens>()
  expect(claimsOf(next.access_token).client_id).toBe(inBrowser.id)
  const revoked = { token: next.refresh_token, client_id: inBrowser.id }
  expect((await postForm(stage, '/v1/tokens/revocation', revoked)).statusCode).toBe(200)
  expect((await me(token)).json()).toMatchObject({ code: 'token-revoked' })
})

test('a refresh token is of the front end that got it, and another who has it does no harm', async () => {
  const account = await person()
  const tokens = (await exchange(await codeFor(account))).json<Tokens>()
  const form = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token }
  const other = await addFrontEnd(stage)
  for (const headers of [{}, { authorization: other.basic }])
    expect((await postForm(stage, '/v1/tokens', form, headers)).json()).toMatchObject({
      error: 'invalid_grant',
    })
  const house = await stage.app.inject({
    method: 'POST',
    url: '/v1/tokens/refresh',
    payload: { refreshToken: tokens.refresh_token },
  })
  expect(house.statusCode).toBe(401)
  const own = await postForm(stage, '/v1/tokens', form, { authorization: frontEnd.basic })
  expect(own.statusCode).toBe(200)
})

test('a front end may do nothing itself', async () => {
  const form = { grant_type: 'client_credentials' }
  const answer = await postForm(stage, '/v1/tokens', form, { authorization: frontEnd.basic })
  expect(answer.json()).toMatchObject({ status: 400, error: 'unauthorized_client' })
})

test('[A-4.2.4] who signed in by a front end that was ended is out', async () => {
  const own = await addFrontEnd(stage)
  const account = await person()
  const tokens = (await exchange(await codeFor(account, own), own)).json<Tokens>()
  const elsewhere = await newcomer(stage)
  await stage.db.transaction((tx) => disableClient(tx, own.id, 'test', testAct({ now: stage.now })))
  expect((await me(tokens.access_token)).json()).toMatchObject({ code: 'token-revoked' })
  expect((await me(elsewhere.accessToken)).statusCode).toBe(200)
  expect((await show(ask(own))).statusCode).toBe(400)
})

test('[A-2.2.6] signing out at the front end ends the session here, also with an identity token that has run out', async () => {
  const account = await person()
  const tokens = (await exchange(await codeFor(account))).json<Tokens>()
  const out = (form: Form) =>
    stage.app.inject({ url: `/v1/sign-out?${new URLSearchParams(form).toString()}` })
  const hint = { id_token_hint: tokens.id_token }
  for (const form of [
    {},
    { id_token_hint: tokens.access_token },
    { id_token_hint: 'a.b.c' },
    { ...hint, post_logout_redirect_uri: 'https://evil.example.test/' },
    { ...hint, client_id: inBrowser.id },
  ] as Form[]) {
    const refused = await out(form)
    expect([refused.statusCode, refused.headers.location]).toEqual([400, undefined])
  }
  expect((await me(tokens.access_token)).statusCode).toBe(200)
  pass(stage, 299_000)
  const left = await out({ ...hint, post_logout_redirect_uri: SIGNED_OUT, state: 's' })
  expect([left.statusCode, left.headers.location]).toEqual([303, `${SIGNED_OUT}?state=s`])
  expect((await me(tokens.access_token)).json()).toMatchObject({ code: 'token-revoked' })
  expect(await reasons(account.id)).toEqual(['signed-out'])
  pass(stage, 2_000)
  const again = await postForm(stage, '/v1/sign-out', hint)
  expect([again.statusCode, again.headers['content-type']]).toEqual([
    200,
    'text/html; charset=utf-8',
  ])
})

test('codes are kept as digests and are in no event', async () => {
  const code = await codeFor(await person())
  const everything = JSON.stringify([
    await queuedEvents(stage.db),
    await stage.db.query('select * from authorization_code'),
  ])
  expect(everything).not.toContain(code)
})

test('[A-2.2.1] the page asks for the second factor, and the identity token says what was proved', async () => {
  const { account, headers } = await newcomer(stage)
  const { device } = await setUpFactor(stage, headers)
  const form = { ...ask(frontEnd), ...typed(account) }
  const asked = await send(form)
  expect(asked.statusCode).toBe(403)
  expect(asked.body).toContain('role="alert"')
  expect(asked.body).toContain('name="code" autocomplete="one-time-code"')
  const code = device.unusedCode(stage.now) ?? ''
  const refused = await send({ ...form, code: code === '000000' ? '111111' : '000000' })
  expect(refused.statusCode).toBe(403)
  const passed = await send({ ...form, code })
  const granted = await exchange(backOf(passed).searchParams.get('code') ?? '')
  const tokens = granted.json<Tokens>()
  const how = { amr: ['pwd', 'otp', 'mfa'] }
  expect(claimsOf(tokens.id_token)).toMatchObject({ ...how, acr: 'aal2' })
  expect(claimsOf(tokens.access_token)).toMatchObject(how)
  // The same code opens nothing again, neither here nor by the other door.
  expect((await send({ ...form, code })).statusCode).toBe(403)
  pass(stage, 60_000)
  const renewal = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token }
  const renewed = await postForm(stage, '/v1/tokens', renewal, { authorization: frontEnd.basic })
  expect(claimsOf(renewed.json<Tokens>().access_token)).toMatchObject({
    ...how,
    auth_time: claimsOf(tokens.access_token).auth_time,
  })
})
