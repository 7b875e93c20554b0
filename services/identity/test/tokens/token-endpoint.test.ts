import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { permissionsOf } from '@erp-steward/contracts/permissions'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { claimsOf, identityStage, newcomer } from '../account-stage.ts'
import { addMachine, FORM, postForm } from './client-stage.ts'

let stage: TestService
beforeAll(async () => {
  stage = await identityStage({ PUBLIC_URL: 'https://steward.example.test' })
})
afterAll(() => stage.release())

const grant = (form: Record<string, string>, headers = {}) =>
  postForm(stage, '/v1/tokens', form, headers)

test.each(['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server'])(
  '%s says where everything is, below the issuer',
  async (url) => {
    const answer = await stage.app.inject({ url })
    const metadata = answer.json<Record<string, unknown>>()
    expect(metadata).toMatchObject({
      issuer: 'https://steward.example.test',
      jwks_uri: 'https://steward.example.test/.well-known/jwks.json',
      id_token_signing_alg_values_supported: ['ES256'],
    })
    for (const [name, value] of Object.entries(metadata))
      if (name.endsWith('_endpoint'))
        expect(value).toMatch(/^https:\/\/steward\.example\.test\/[a-z0-9/-]+$/)
  },
)

test('the issuer of a token is the address of the site, and a token of another site is refused', async () => {
  const elsewhere = await identityStage()
  const { basic } = await addMachine(stage)
  const form = { grant_type: 'client_credentials' }
  const token = (await grant(form, { authorization: basic })).json<{ access_token: string }>()
  expect(claimsOf(token.access_token).iss).toBe('https://steward.example.test')
  // The same keys, another name: what a copy of the database would be.
  await elsewhere.db.query('delete from signing_key')
  const keys: object[] = await stage.db.query('select * from signing_key')
  for (const key of keys)
    await elsewhere.db.query(
      `insert into signing_key select * from json_populate_record(null::signing_key, $1)`,
      [JSON.stringify(key)],
    )
  const headers = { authorization: `Bearer ${token.access_token}` }
  expect((await elsewhere.app.inject({ url: '/v1/me', headers })).statusCode).toBe(401)
  expect((await stage.app.inject({ url: '/v1/me', headers })).statusCode).toBe(200)
  await elsewhere.release()
})

test('a scope narrows what a token may, and never widens it', async () => {
  const { basic } = await addMachine(stage, 'SCRIPT')
  const headers = { authorization: basic }
  const form = { grant_type: 'client_credentials', scope: 'person.read account.read person.read' }
  const answer = (await grant(form, headers)).json<{ access_token: string; scope: string }>()
  expect(answer.scope.split(' ').toSorted()).toEqual(['account.read', 'person.read'])
  expect(claimsOf(answer.access_token).permissions).toEqual(answer.scope.split(' '))
  const whole = (await grant({ ...form, scope: '' }, headers)).json<{ access_token: string }>()
  expect(claimsOf(whole.access_token).permissions).toEqual(permissionsOf(['SCRIPT']))
  for (const scope of ['account.unlock', 'person.read account.unlock', 'nothing'])
    expect((await grant({ ...form, scope }, headers)).json()).toMatchObject({
      status: 400,
      error: 'invalid_scope',
    })
})

test.each([
  ['a grant that there is not', { grant_type: 'password' }, 'unsupported_grant_type'],
  ['a grant of nothing', {}, 'invalid_request'],
  ['a refresh of nothing', { grant_type: 'refresh_token' }, 'invalid_grant'],
  [
    'a refresh of what nobody issued',
    { grant_type: 'refresh_token', refresh_token: 'x' },
    'invalid_grant',
  ],
  [
    'a scope without end',
    { grant_type: 'client_credentials', scope: 'a'.repeat(4_001) },
    'invalid_request',
  ],
] as const)('%s is refused in the words of OAuth', async (_what, form, error) => {
  const answer = await grant({ ...form })
  expect(answer.json()).toMatchObject({
    status: 400,
    error,
    error_description: expect.stringMatching(/^[\x20\x21\x23-\x5b\x5d-\x7e]+$/),
  })
  expect(answer.headers['content-type']).toMatch(/^application\/json/)
})

test('a parameter that OAuth may add one day is ignored, one that is sent twice is not', async () => {
  const { basic } = await addMachine(stage)
  const headers = { authorization: basic }
  const form = { grant_type: 'client_credentials', resource: 'https://elsewhere.example.test' }
  expect((await grant(form, headers)).statusCode).toBe(200)
  const twice = await stage.app.inject({
    method: 'POST',
    url: '/v1/tokens',
    headers: { ...FORM, ...headers },
    payload: 'grant_type=client_credentials&resource=a&resource=b',
  })
  expect(twice.json()).toMatchObject({ status: 400, error: 'invalid_request' })
})

test('credentials in HTTP Basic are taken as strict clients write them, each dash escaped', async () => {
  const { id, secret } = await addMachine(stage)
  const escaped = (text: string) =>
    encodeURIComponent(text).replaceAll(
      /[-_.]/g,
      (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
    )
  const basic = Buffer.from(`${escaped(id)}:${escaped(secret)}`).toString('base64')
  const form = { grant_type: 'client_credentials' }
  expect((await grant(form, { authorization: `Basic ${basic}` })).statusCode).toBe(200)
  const broken = Buffer.from(`${id}:%E0%`).toString('base64')
  expect((await grant(form, { authorization: `Basic ${broken}` })).statusCode).toBe(401)
})

test('[A-2.2.6] a person is refreshed in the standard form, once for each token', async () => {
  const { refreshToken } = await newcomer(stage)
  const form = { grant_type: 'refresh_token', refresh_token: refreshToken }
  const answer = await grant(form)
  expect(answer.headers['cache-control']).toBe('no-store')
  expect(answer.json()).toEqual({
    access_token: expect.any(String),
    token_type: 'Bearer',
    expires_in: 300,
    refresh_token: expect.any(String),
  })
  const next = answer.json<{ refresh_token: string }>().refresh_token
  expect((await grant(form)).json()).toMatchObject({ status: 400, error: 'invalid_grant' })
  // The second use has ended the session.
  expect((await grant({ ...form, refresh_token: next })).statusCode).toBe(400)
})
