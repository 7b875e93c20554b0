import { generateKeyPairSync, randomUUID, type KeyObject } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { queuedEvents } from '@erp-steward/test-kit/queued-events'
import { runTask } from '@erp-steward/test-kit/run-task'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { bearer } from '@erp-steward/test-kit/tokens'
import { SignJWT, UnsecuredJWT, type JWTPayload } from 'jose'
import { identityStage, pass, stillValid } from '../account-stage.ts'
import { addMachine, postForm, type Machine } from './client-stage.ts'

let stage: TestService
beforeAll(async () => {
  stage = await identityStage()
})
afterAll(() => stage.release())

const ISSUER = 'http://127.0.0.1:8080'
const TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
type Administrator = 'SYSTEM_ADMIN' | 'SECURITY_ADMIN' | 'AUDIT_ADMIN'
const caller = (role: Administrator) => bearer({ roles: [role], exp: stillValid(stage) })
const jwkOf = (key: KeyObject) => key.export({ format: 'jwk' })
const seconds = () => Math.floor(stage.now.getTime() / 1_000)

const register = (id: string, jwk: object, headers = caller('SYSTEM_ADMIN')) =>
  stage.app.inject({ method: 'POST', url: `/v1/clients/${id}/keys`, headers, payload: { jwk } })
const confirm = (id: string, thumbprint: string, headers = caller('SECURITY_ADMIN')) =>
  stage.app.inject({
    method: 'POST',
    url: `/v1/clients/${id}/keys/${thumbprint}/confirmation`,
    headers,
  })
const end = (id: string, thumbprint: string) =>
  stage.app.inject({
    method: 'DELETE',
    url: `/v1/clients/${id}/keys/${thumbprint}`,
    headers: caller('SECURITY_ADMIN'),
  })

async function withKey({ publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })) {
  const machine = await addMachine(stage)
  const { thumbprint } = (await register(machine.id, jwkOf(publicKey))).json<{
    thumbprint: string
  }>()
  await confirm(machine.id, thumbprint)
  return { machine, thumbprint }
}

type Claims = { [Name in keyof JWTPayload]: JWTPayload[Name] | undefined }
const claimsFor = ({ id }: Pick<Machine, 'id'>, claims: Claims = {}) => ({
  iss: id,
  sub: id,
  aud: ISSUER,
  jti: randomUUID(),
  iat: seconds(),
  exp: seconds() + 60,
  ...claims,
})
const signed = (key: KeyObject, claims: Claims, alg = 'ES256') =>
  new SignJWT(claims as JWTPayload).setProtectedHeader({ alg }).sign(key)
const grant = (assertion: string, form: Record<string, string> = {}) =>
  postForm(stage, '/v1/tokens', {
    grant_type: 'client_credentials',
    client_assertion_type: TYPE,
    client_assertion: assertion,
    ...form,
  })

test.each([
  ['ES256', () => generateKeyPairSync('ec', { namedCurve: 'P-256' })],
  ['ES384', () => generateKeyPairSync('ec', { namedCurve: 'P-384' })],
  ['EdDSA', () => generateKeyPairSync('ed25519')],
  ['PS256', () => generateKeyPairSync('rsa', { modulusLength: 2_048 })],
  ['RS256', () => generateKeyPairSync('rsa', { modulusLength: 2_048 })],
])('a machine proves who it is by an assertion of its key: %s', async (alg, make) => {
  const pair = make()
  const { machine } = await withKey(pair)
  const answer = await grant(await signed(pair.privateKey, claimsFor(machine), alg))
  expect(answer.json()).toMatchObject({ token_type: 'Bearer', expires_in: 900 })
})

test('an assertion made for the token endpoint is as good as one for the issuer', async () => {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { machine } = await withKey(pair)
  for (const aud of [`${ISSUER}/v1/tokens`, ['https://other.example.test', ISSUER]])
    expect(
      (await grant(await signed(pair.privateKey, claimsFor(machine, { aud })))).statusCode,
    ).toBe(200)
})

test('[A-4.2.4] an assertion is good once, also of many who present it at the same moment', async () => {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { machine } = await withKey(pair)
  const assertion = await signed(pair.privateKey, claimsFor(machine))
  const answers = await Promise.all(Array.from({ length: 6 }, () => grant(assertion)))
  expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([200, 401, 401, 401, 401, 401])
  pass(stage, 30_000)
  await runTask(stage, 'end-lapsed-sessions')
  expect((await grant(assertion)).statusCode).toBe(401)
  pass(stage, 61_000)
  await runTask(stage, 'end-lapsed-sessions')
  expect((await grant(assertion)).statusCode).toBe(401)
  expect(
    await stage.db.query('select from client_assertion where client_id = $1', [machine.id]),
  ).toEqual([])
})

test('[A-4.2.4] a forged assertion is refused, whatever was forged', async () => {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { machine } = await withKey(pair)
  const other = await addMachine(stage)
  const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  const own = (claims: Claims) => signed(pair.privateKey, claimsFor(machine, claims))
  const forgeries: Record<string, string> = {
    'another key': await signed(stranger, claimsFor(machine)),
    'alg none': new UnsecuredJWT(claimsFor(machine) as JWTPayload).encode(),
    'HS256 with the public key': await new SignJWT(claimsFor(machine) as JWTPayload)
      .setProtectedHeader({ alg: 'HS256' })
      .sign(Buffer.from(pair.publicKey.export({ format: 'pem', type: 'spki' }))),
    'of another machine': await signed(pair.privateKey, claimsFor(other)),
    'another issuer': await own({ iss: other.id }),
    'another subject': await own({ sub: other.id }),
    'another audience': await own({ aud: 'https://elsewhere.example.test' }),
    'no audience': await own({ aud: undefined }),
    'run out': await own({ exp: seconds() - 31 }),
    'without end': await own({ exp: undefined }),
    'for a day': await own({ exp: seconds() + 86_400 }),
    'not yet': await own({ nbf: seconds() + 31 }),
    'without an id': await own({ jti: undefined }),
    'no token at all': 'x.y.z',
    nothing: '.',
  }
  for (const [what, assertion] of Object.entries(forgeries)) {
    const { error } = (await grant(assertion)).json<{ error: string }>()
    expect({ what, error }).toEqual({ what, error: 'invalid_client' })
  }
  const good = await own({})
  for (const form of [{ client_id: other.id }, { client_secret: machine.secret }])
    expect((await grant(good, form as Record<string, string>)).statusCode).toBe(401)
  expect((await grant(good, { client_id: machine.id })).statusCode).toBe(200)
})

test('[A-4.2.4] a key is good once another person of another role has confirmed it', async () => {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const machine = await addMachine(stage)
  const asker = caller('SYSTEM_ADMIN')
  const registered = await register(machine.id, jwkOf(pair.publicKey), asker)
  expect(registered.statusCode).toBe(202)
  const { thumbprint } = registered.json<{ thumbprint: string }>()
  const granted = async () =>
    (await grant(await signed(pair.privateKey, claimsFor(machine)))).statusCode
  expect(await granted()).toBe(401)
  const code = async (headers: { authorization: string }) =>
    (await confirm(machine.id, thumbprint, headers)).json<{ code?: string }>().code
  expect(await code(asker)).toBe('same-person')
  expect(await code(caller('SYSTEM_ADMIN'))).toBe('half-not-for-role')
  expect(await granted()).toBe(401)
  expect(await code(caller('AUDIT_ADMIN'))).toBeUndefined()
  expect(await granted()).toBe(200)
  const listed = await stage.app.inject({
    url: `/v1/clients/${machine.id}/keys`,
    headers: caller('AUDIT_ADMIN'),
  })
  expect(listed.json()).toMatchObject({
    items: [{ thumbprint, confirmedAt: stage.now.toISOString(), endedAt: null }],
  })
})

test('[A-4.2.4] a key that was ended proves nothing, and what it got is void', async () => {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { machine, thumbprint } = await withKey(pair)
  const fresh = () => signed(pair.privateKey, claimsFor(machine))
  const { access_token: token } = (await grant(await fresh())).json<{ access_token: string }>()
  const me = () =>
    stage.app.inject({ url: '/v1/me', headers: { authorization: `Bearer ${token}` } })
  expect((await me()).statusCode).toBe(200)
  expect((await end(machine.id, thumbprint)).statusCode).toBe(204)
  expect((await me()).json()).toMatchObject({ code: 'token-revoked' })
  expect((await grant(await fresh())).statusCode).toBe(401)
  expect((await end(machine.id, thumbprint)).json()).toMatchObject({ code: 'client-key-unknown' })
  const steps = (await queuedEvents(stage.db))
    .filter(({ subject, type }) => subject === machine.id && type.includes('client-key-changed'))
    .map(({ data }) => (data as { step: string }).step)
  expect(steps).toEqual(['registered', 'confirmed', 'ended'])
})

test.each([
  ['a short one of RSA', jwkOf(generateKeyPairSync('rsa', { modulusLength: 1_024 }).publicKey)],
  [
    'a curve that is not taken',
    jwkOf(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey),
  ],
  ['a point that is on no curve', { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' }],
  ['half a key', { kty: 'RSA', e: 'AQAB' }],
])('%s is no key', async (_what, jwk) => {
  const { id } = await addMachine(stage)
  expect((await register(id, jwk)).json()).toMatchObject({
    status: 422,
    code: 'client-key-refused',
  })
})

test('a private key is not taken, and not kept', async () => {
  const { id } = await addMachine(stage)
  const jwk = jwkOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey)
  expect((await register(id, jwk)).json()).toMatchObject({ code: 'validation-failed' })
  expect(await stage.db.query('select from client_key where client_id = $1', [id])).toEqual([])
})

test('a machine has five keys at most, each once', async () => {
  const { id } = await addMachine(stage)
  const keys = Array.from({ length: 6 }, () => jwkOf(generateKeyPairSync('ed25519').publicKey))
  const codes: number[] = []
  for (const jwk of [keys[0], ...keys]) codes.push((await register(id, jwk ?? {})).statusCode)
  expect(codes).toEqual([202, 422, 202, 202, 202, 202, 422])
})
