import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { queuedEvents } from '@erp-steward/test-kit/queued-events'
import { testAct } from '@erp-steward/test-kit/test-act'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { bearer } from '@erp-steward/test-kit/tokens'
import { disableClient } from '../../src/clients/disable-client.ts'
import { revokeAccount } from '../../src/sessions/revoke-account.ts'
import { claimsOf, identityStage, newcomer, pass } from '../account-stage.ts'
import { addMachine, postForm, type Machine } from './client-stage.ts'

let stage: TestService
let asker: Machine
beforeAll(async () => {
  stage = await identityStage()
  asker = await addMachine(stage)
})
afterAll(() => stage.release())

const introspect = async (token: string) =>
  (
    await postForm(stage, '/v1/tokens/introspection', { token }, { authorization: asker.basic })
  ).json<Record<string, unknown>>()
const revoke = (token: string, by: Machine = asker) =>
  postForm(stage, '/v1/tokens/revocation', { token }, { authorization: by.basic })
const tokenOf = async ({ basic }: Machine, form = {}) =>
  (
    await postForm(
      stage,
      '/v1/tokens',
      { grant_type: 'client_credentials', ...form },
      { authorization: basic },
    )
  ).json<{ access_token: string }>().access_token
const me = (token: string) =>
  stage.app.inject({ url: '/v1/me', headers: { authorization: `Bearer ${token}` } })

test('what is told of a good token of a person is what it says, and what it may', async () => {
  const { accessToken, account } = await newcomer(stage, { roles: ['KEY_USER'] })
  const { iss, aud, jti, sid, iat, exp, permissions } = claimsOf(accessToken)
  expect(await introspect(accessToken)).toEqual({
    active: true,
    ...{ iss, aud, jti, sid, iat, exp },
    sub: account.id,
    scope: (permissions as string[]).join(' '),
    token_type: 'Bearer',
  })
})

test('a refresh token is good until it is used', async () => {
  const { refreshToken, account, accessToken } = await newcomer(stage)
  expect(await introspect(refreshToken)).toEqual({
    active: true,
    sub: account.id,
    sid: claimsOf(accessToken).sid,
    iat: Math.floor(stage.now.getTime() / 1_000),
    exp: Math.floor(stage.now.getTime() / 1_000) + 900,
  })
  await postForm(stage, '/v1/tokens', { grant_type: 'refresh_token', refresh_token: refreshToken })
  expect(await introspect(refreshToken)).toEqual({ active: false })
})

test('[A-2.1.4] of a revoked account nothing is good, from the very next question on', async () => {
  const { accessToken, refreshToken, account } = await newcomer(stage)
  expect(await introspect(accessToken)).toMatchObject({ active: true })
  await stage.db.transaction(async (tx) => {
    await tx.query(`update account set status = 'disabled' where id = $1`, [account.id])
    await revokeAccount(tx, account.id, 'left', testAct({ now: stage.now }))
  })
  expect(await introspect(accessToken)).toEqual({ active: false })
  expect(await introspect(refreshToken)).toEqual({ active: false })
})

test('[A-2.2.6] of a session that was signed out nothing is good', async () => {
  const { accessToken, refreshToken, headers } = await newcomer(stage)
  await stage.app.inject({ method: 'DELETE', url: '/v1/sessions/current', headers })
  expect(await introspect(accessToken)).toEqual({ active: false })
  expect(await introspect(refreshToken)).toEqual({ active: false })
})

test('[A-4.2.4] a machine that was ended has no good token', async () => {
  const machine = await addMachine(stage)
  const token = await tokenOf(machine)
  expect(await introspect(token)).toMatchObject({ active: true, client_id: machine.id })
  await stage.db.transaction((tx) =>
    disableClient(tx, machine.id, 'test', testAct({ now: stage.now })),
  )
  expect(await introspect(token)).toEqual({ active: false })
})

test.each([
  ['nothing of ours', 'x'],
  ['no token', 'a.b.c'],
  ['SQL', `' or true --`],
  ['NUL', 'a\u0000b'],
  ['a token of another key', bearer({ roles: ['END_USER'] }).authorization.slice(7)],
])('%s is not active, and nothing more is said', async (_what, token) => {
  expect(await introspect(token)).toEqual({ active: false })
})

test('an access token that has run out is not active', async () => {
  const { accessToken } = await newcomer(stage)
  expect(await introspect(accessToken)).toMatchObject({ active: true })
  pass(stage, 300_000)
  expect(await introspect(accessToken)).toEqual({ active: false })
})

test.each(['/v1/tokens/introspection', '/v1/tokens/revocation'])(
  '%s asks who wants to know',
  async (url) => {
    const { accessToken: token } = await newcomer(stage)
    const answers = [
      await postForm(stage, url, { token }),
      await postForm(stage, url, { token, client_id: asker.id, client_secret: 'x' }),
      await postForm(stage, url, { token }, { authorization: `Bearer ${token}` }),
    ]
    for (const answer of answers)
      expect(answer.json()).toMatchObject({ status: 401, error: 'invalid_client' })
    const missing = await postForm(stage, url, {}, { authorization: asker.basic })
    expect(missing.json()).toMatchObject({ status: 400, error: 'invalid_request' })
  },
)

test('[A-2.2.6] a machine that gives a token back voids all that it holds, and gets new ones', async () => {
  const machine = await addMachine(stage)
  const [first, second] = [await tokenOf(machine), await tokenOf(machine)]
  expect((await me(second)).statusCode).toBe(200)
  const given = await revoke(first, machine)
  expect([given.statusCode, given.body]).toEqual([200, ''])
  expect((await me(second)).json()).toMatchObject({ code: 'token-revoked' })
  const third = await tokenOf(machine)
  // What was revoked before does not void what came after it.
  expect((await revoke(second, machine)).statusCode).toBe(200)
  expect((await me(third)).statusCode).toBe(200)
  const facts = (await queuedEvents(stage.db)).filter(({ subject }) => subject === machine.id)
  expect(facts.map(({ type }) => type)).toEqual(['identity.account.revoked.v1'])
})

test('nobody gives back what was issued to another', async () => {
  const machine = await addMachine(stage)
  const person = await newcomer(stage)
  for (const token of [await tokenOf(machine), person.accessToken, person.refreshToken])
    expect((await revoke(token)).json()).toMatchObject({
      status: 400,
      error: 'unauthorized_client',
    })
  expect((await me(person.accessToken)).statusCode).toBe(200)
})

test('a token that is no token is as revoked as it can be', async () => {
  expect((await revoke('x')).statusCode).toBe(200)
  expect((await revoke('a.b.c')).statusCode).toBe(200)
})
