import {
  createHmac,
  createPublicKey,
  generateKeyPairSync,
  randomUUID,
  sign,
  type KeyObject,
} from 'node:crypto'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { DEFAULT_ISSUER } from '@erp-steward/contracts/access-token'
import { createKeySet } from '@erp-steward/service-kit/authentication'
import { createApp } from '@erp-steward/service-kit/create-app'
import { createLog } from '@erp-steward/service-kit/log'
import { queuedEvents } from '@erp-steward/test-kit/queued-events'
import { testAct } from '@erp-steward/test-kit/test-act'
import { TEST_INTERNAL_TOKEN, type TestService } from '@erp-steward/test-kit/test-service'
import { bearer } from '@erp-steward/test-kit/tokens'
import { runTask } from '@erp-steward/test-kit/run-task'
import { rotateSigningKey } from '../../src/sessions/rotate-signing-key.ts'
import { revokeAccount } from '../../src/sessions/revoke-account.ts'
import type { SessionTokens } from '../../src/sessions/session-tokens.ts'
import {
  createJwsWriter,
  createTokenWriter,
  type SealedKey,
  type TokenClaims,
} from '../../src/sessions/token-signer.ts'
import {
  claimsOf,
  identityStage,
  newcomer,
  pass,
  signedIn,
  TEST_SEAL,
  stillValid,
} from '../account-stage.ts'

let stage: TestService
beforeAll(async () => {
  stage = await identityStage()
})
afterAll(() => stage.release())

const MINUTE = 60_000

const refresh = (refreshToken: string) =>
  stage.app.inject({ method: 'POST', url: '/v1/tokens/refresh', payload: { refreshToken } })
const sessions = (authorization: string) =>
  stage.app.inject({ url: '/v1/sessions', headers: { authorization } })
const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
const es256 = (header: object, claims: object, key: KeyObject) => {
  const signed = `${part(header)}.${part(claims)}`
  const signature = sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' })
  return `${signed}.${signature.toString('base64url')}`
}
const headerOf = (token: string) =>
  JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as { kid: string }
const reasons = async (accountId: string) =>
  (await queuedEvents(stage.db))
    .filter(
      ({ type, subject }) => type === 'identity.account.session-ended.v1' && subject === accountId,
    )
    .map(({ data }) => (data as { reason: string }).reason)

test('a token says who, as what and for which unit, and verifies with the published keys alone', async () => {
  const { account, accessToken } = await newcomer(stage, { roles: ['KEY_USER', 'END_USER'] })
  const { iat, jti: _jti, sid: _sid, permissions, ...claims } = claimsOf(accessToken)
  expect(claims).toEqual({
    amr: ['pwd'],
    auth_time: Math.floor(stage.now.getTime() / 1_000),
    secondFactorUntil: null,
    iss: 'http://127.0.0.1:8080',
    aud: 'erp-steward',
    sub: account.id,
    exp: Number(iat) + 300,
    kind: 'person',
    epoch: 0,
    person: account.personId,
    unit: account.unitId,
    range: 'unit',
    roles: ['KEY_USER', 'END_USER'],
    coolingUntil: null,
    controllers: [],
  })
  expect(permissions).toContain('ticket.work')
  const set = await stage.app.inject({ url: '/.well-known/jwks.json' })
  const { keys } = set.json<{ keys: Record<string, string>[] }>()
  expect(keys).toEqual([
    {
      kty: 'EC',
      crv: 'P-256',
      alg: 'ES256',
      use: 'sig',
      kid: expect.any(String),
      x: expect.any(String),
      y: expect.any(String),
    },
  ])
  const header = JSON.parse(
    Buffer.from(accessToken.split('.')[0] ?? '', 'base64url').toString(),
  ) as unknown
  expect(header).toEqual({ alg: 'ES256', typ: 'at+jwt', kid: keys[0]?.kid })
})

test('another process verifies the tokens with the key set it reads, after a rotation too', async () => {
  const address = await stage.app.listen({ host: '127.0.0.1', port: 0 })
  const keyFor = createKeySet(`${address}/.well-known/jwks.json`, 0)
  const other = await createApp({
    name: 'other',
    title: 'Another service',
    log: createLog('silent'),
    tokens: { keyFor, clock: () => stage.now, internalToken: null },
    readiness: {},
  })
  other.get(
    '/v1/secret',
    { config: { access: 'signed-in' }, schema: { operationId: 'readSecret' } },
    () => ({ ok: true }),
  )
  const ask = async (headers: { authorization: string }) =>
    (await other.inject({ url: '/v1/secret', headers })).statusCode
  expect(await ask((await newcomer(stage)).headers)).toBe(200)
  await stage.db.transaction((tx) =>
    rotateSigningKey(tx, TEST_SEAL, 'test', testAct({ now: stage.now })),
  )
  expect(await ask((await newcomer(stage)).headers)).toBe(200)
  expect(await ask(bearer({ roles: ['END_USER'] }))).toBe(401)
  await other.close()
})

test('[A-4.3.1] a key of ninety days is replaced; what it signed passes while its tokens may live, and no longer', async () => {
  const { headers, accessToken } = await newcomer(stage)
  const { kid } = headerOf(accessToken)
  const [key]: SealedKey[] = await stage.db.query(
    'select id, sealed_private from signing_key where id = $1',
    [kid],
  )
  if (key === undefined) throw new Error('the key is gone')
  const write = createTokenWriter(createJwsWriter(TEST_SEAL), DEFAULT_ISSUER)
  const endless = `Bearer ${write(key, claimsOf(accessToken) as TokenClaims, 86_400, stage.now)}`
  const published = async () =>
    (await stage.app.inject({ url: '/.well-known/jwks.json' }))
      .json<{ keys: { kid: string }[] }>()
      .keys.map((each) => each.kid)
  await stage.db.query('update signing_key set created_at = $1 where id = $2', [
    new Date(stage.now.getTime() - 90 * 86_400_000),
    kid,
  ])
  await runTask(stage, 'renew-signing-key')
  const next = await newcomer(stage)
  expect(headerOf(next.accessToken).kid).not.toBe(kid)
  expect(await published()).toEqual(expect.arrayContaining([kid, headerOf(next.accessToken).kid]))
  expect((await sessions(headers.authorization)).statusCode).toBe(200)
  pass(stage, 20 * MINUTE - 1)
  expect((await sessions(endless)).statusCode).toBe(200)
  pass(stage, 1)
  expect(await published()).not.toContain(kid)
  expect((await sessions(endless)).statusCode).toBe(401)
})

test('[A-4.3.1] private keys lie sealed in the database', async () => {
  await newcomer(stage)
  const keys: { sealed_private: Buffer }[] = await stage.db.query('select * from signing_key')
  for (const { sealed_private: sealed } of keys)
    expect(sealed.toString('latin1')).not.toContain('PRIVATE KEY')
})

test('[A-2.2.1][A-4.2.4] a forged token is refused, whatever was forged', async () => {
  const { accessToken, headers } = await newcomer(stage)
  expect((await sessions(headers.authorization)).statusCode).toBe(200)
  const [head = '', body = '', signature = ''] = accessToken.split('.')
  const claims = claimsOf(accessToken)
  const header = JSON.parse(Buffer.from(head, 'base64url').toString()) as { kid: string }
  const { keys } = (await stage.app.inject({ url: '/.well-known/jwks.json' })).json<{
    keys: (Record<string, string> & { kid: string })[]
  }>()
  const jwk = keys.find(({ kid }) => kid === header.kid)
  const pem = createPublicKey({ key: jwk ?? {}, format: 'jwk' })
    .export({ type: 'spki', format: 'pem' })
    .toString()
  const { privateKey: stranger, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const withPublicKey = (secret: string | Buffer) => {
    const signed = `${part({ ...header, alg: 'HS256' })}.${body}`
    return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`
  }
  const flipped = Buffer.from(signature, 'base64url')
  flipped[10] = (flipped[10] ?? 0) ^ 1
  const forgeries: Record<string, string> = {
    'alg none without a signature': `${part({ ...header, alg: 'none' })}.${body}.`,
    'alg none with the signature': `${part({ ...header, alg: 'none' })}.${body}.${signature}`,
    'alg None': `${part({ ...header, alg: 'None' })}.${body}.`,
    'HS256 with the public key as the secret': withPublicKey(pem),
    'HS256 with the key set entry as the secret': withPublicKey(JSON.stringify(jwk)),
    'HS256 with an empty secret': withPublicKey(''),
    'another key under our key id': es256(header, claims, stranger),
    'another key with its own jwk inside': es256(
      { ...header, jwk: publicKey.export({ format: 'jwk' }) },
      claims,
      stranger,
    ),
    'another key with a jku': es256({ ...header, jku: 'http://127.0.0.1/k' }, claims, stranger),
    'an unknown key id': es256({ ...header, kid: randomUUID() }, claims, stranger),
    'a key id that is SQL': es256({ ...header, kid: `' or true --` }, claims, stranger),
    'a key id with NUL': es256({ ...header, kid: '\u0000' }, claims, stranger),
    'no key id': es256({ alg: 'ES256' }, claims, stranger),
    'a key id that is no text': es256({ ...header, kid: 1 }, claims, stranger),
    'a raised role': `${head}.${part({ ...claims, roles: ['SECURITY_ADMIN'] })}.${signature}`,
    'a later end': `${head}.${part({ ...claims, exp: 4_102_444_800 })}.${signature}`,
    'a flipped bit': `${head}.${body}.${flipped.toString('base64url')}`,
    'a cut signature': `${head}.${body}.${signature.slice(0, -4)}`,
    'no signature': `${head}.${body}`,
    'a signature of zeros': `${head}.${body}.${Buffer.alloc(64).toString('base64url')}`,
    'two tokens in one': `${accessToken}.${signature}`,
    'an empty token': '',
  }
  for (const [what, token] of Object.entries(forgeries)) {
    const { statusCode } = await sessions(`Bearer ${token}`)
    expect({ what, statusCode }).toEqual({ what, statusCode: 401 })
  }
})

test.each([
  ['another issuer', { iss: 'https://somebody.example.test' }],
  ['another audience', { aud: 'another-product' }],
  ['an end in the past', { exp: 1_700_000_000 }],
  ['no session and no epoch', { sid: undefined, epoch: undefined }],
  ['a kind we do not know', { kind: 'robot' }],
])('a token of the right key with %s is refused', async (_what, claims) => {
  const { authorization } = bearer({ roles: ['END_USER'], ...(claims as object) })
  expect((await sessions(authorization)).statusCode).toBe(401)
})

test('a token ends with its life, to the second', async () => {
  const { headers } = await newcomer(stage)
  pass(stage, 300_000 - 1)
  expect((await sessions(headers.authorization)).statusCode).toBe(200)
  pass(stage, 1)
  expect((await sessions(headers.authorization)).statusCode).toBe(401)
})

test('a refresh gives the next pair; the access token before it lives on', async () => {
  const { headers, refreshToken, accessToken } = await newcomer(stage)
  pass(stage, 1_000)
  const next = await refresh(refreshToken)
  expect(next.statusCode).toBe(200)
  expect(next.headers['cache-control']).toBe('no-store')
  const tokens = next.json<SessionTokens>()
  expect(tokens.refreshToken).not.toBe(refreshToken)
  expect(claimsOf(tokens.accessToken).sid).toBe(claimsOf(accessToken).sid)
  expect((await sessions(headers.authorization)).statusCode).toBe(200)
})

test('[A-2.1.6] a refresh token used twice ends the session and all its tokens', async () => {
  const { account, refreshToken } = await newcomer(stage)
  const next = (await refresh(refreshToken)).json<SessionTokens>()
  expect((await refresh(refreshToken)).json()).toMatchObject({ code: 'refresh-refused' })
  expect((await refresh(next.refreshToken)).json()).toMatchObject({ code: 'refresh-refused' })
  expect((await sessions(`Bearer ${next.accessToken}`)).json()).toMatchObject({
    code: 'token-revoked',
  })
  expect(await reasons(account.id)).toEqual(['refresh-reused'])
  const reused = (await queuedEvents(stage.db)).filter(
    ({ type, subject }) => type === 'identity.security.refresh-reused.v1' && subject === account.id,
  )
  expect(reused).toHaveLength(1)
})

test('of refreshes at once with one token one succeeds, and the session ends', async () => {
  const { account, refreshToken } = await newcomer(stage)
  const answers = await Promise.all(Array.from({ length: 6 }, () => refresh(refreshToken)))
  expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([200, 401, 401, 401, 401, 401])
  const winner = answers.find(({ statusCode }) => statusCode === 200)?.json<SessionTokens>()
  expect((await refresh(winner?.refreshToken ?? '')).statusCode).toBe(401)
  expect(await reasons(account.id)).toEqual(['refresh-reused'])
})

test.each(['x', 'a'.repeat(43), '../../etc/passwd'])(
  'a refresh token that nobody issued is refused: %j',
  async (token) => {
    expect((await refresh(token)).json()).toMatchObject({ status: 401, code: 'refresh-refused' })
  },
)

test('[A-2.2.6][A-2.2.7] a session is idle from its limit on', async () => {
  const early = await newcomer(stage)
  const late = await newcomer(stage)
  pass(stage, 15 * MINUTE - 1)
  expect((await refresh(early.refreshToken)).statusCode).toBe(200)
  pass(stage, 1)
  expect((await refresh(late.refreshToken)).statusCode).toBe(401)
  expect(await reasons(late.account.id)).toEqual(['idle'])
  expect(await reasons(early.account.id)).toEqual([])
})

test('[A-2.2.6] an administrator is idle after ten minutes', async () => {
  const early = await newcomer(stage, { administratorRole: 'SYSTEM_ADMIN' })
  const late = await newcomer(stage, { administratorRole: 'SECURITY_ADMIN' })
  pass(stage, 10 * MINUTE - 1)
  expect((await refresh(early.refreshToken)).statusCode).toBe(200)
  pass(stage, 1)
  expect((await refresh(late.refreshToken)).statusCode).toBe(401)
})

test('[A-2.2.7] a session ends eight hours after its start, however busy', async () => {
  const { account, refreshToken } = await newcomer(stage)
  const start = stage.now.getTime()
  let token = refreshToken
  const step = async (at: number) => {
    stage.now = new Date(at)
    const answer = await refresh(token)
    token = answer.json<SessionTokens>().refreshToken
    return answer
  }
  for (let n = 1; n < 48; n += 1) expect((await step(start + n * 10 * MINUTE)).statusCode).toBe(200)
  const last = await step(start + 480 * MINUTE - 2_000)
  // The last access token does not outlive the session.
  expect(last.json()).toMatchObject({ expiresIn: 2 })
  expect((await step(start + 480 * MINUTE)).statusCode).toBe(401)
  expect(await reasons(account.id)).toEqual(['absolute'])
})

test('[A-2.2.6] sessions that nobody came back to are ended by the clock, once', async () => {
  const { account } = await newcomer(stage)
  pass(stage, 15 * MINUTE - 1)
  await runTask(stage, 'end-lapsed-sessions')
  expect(await reasons(account.id)).toEqual([])
  pass(stage, 1)
  await runTask(stage, 'end-lapsed-sessions')
  await runTask(stage, 'end-lapsed-sessions')
  expect(await reasons(account.id)).toEqual(['idle'])
})

test('[A-2.2.6] signing out makes the tokens void at once', async () => {
  const { account, headers, refreshToken } = await newcomer(stage)
  const out = () => stage.app.inject({ method: 'DELETE', url: '/v1/sessions/current', headers })
  expect((await out()).statusCode).toBe(204)
  expect((await out()).json()).toMatchObject({ status: 401, code: 'token-revoked' })
  expect((await refresh(refreshToken)).statusCode).toBe(401)
  expect(await reasons(account.id)).toEqual(['signed-out'])
})

test('nobody sees or ends the session of somebody else', async () => {
  const [mine, theirs] = [await newcomer(stage), await newcomer(stage)]
  const { sid } = claimsOf(theirs.accessToken)
  const end = (headers: { authorization: string }) =>
    stage.app.inject({ method: 'DELETE', url: `/v1/sessions/${String(sid)}`, headers })
  expect((await end(mine.headers)).json()).toMatchObject({ status: 404, code: 'not-found' })
  const listed = (await sessions(mine.headers.authorization)).json<{ items: { id: string }[] }>()
  expect(listed.items.map(({ id }) => id)).toEqual([claimsOf(mine.accessToken).sid])
  expect((await end(theirs.headers)).statusCode).toBe(204)
})

test('[A-2.1.4] a hundred sessions and their tokens are void after one revocation', async () => {
  const { account, headers, refreshToken } = await newcomer(stage)
  const accountId = account.id
  await stage.db.query(
    `insert into session (id, account_id, must_change, source_ip, started_at, refreshed_at,
       idle_seconds, idle_at, ends_at, parameter_versions)
     select gen_random_uuid(), account_id, false, source_ip, started_at, refreshed_at, idle_seconds,
       idle_at, ends_at, '{}' from session, generate_series(1, 99) where account_id = $1`,
    [accountId],
  )
  const open: { id: string }[] = await stage.db.query(
    'select id from session where account_id = $1 and ended_at is null',
    [accountId],
  )
  expect(open).toHaveLength(100)
  const live = open.map(({ id }) =>
    bearer({
      roles: ['END_USER'],
      sub: accountId,
      sid: id,
      exp: stillValid(stage),
    }),
  )
  const epoch = await stage.db.transaction((tx) =>
    revokeAccount(tx, accountId, 'left the company', testAct({ now: stage.now })),
  )
  expect(epoch).toBe(1)
  const answers = await Promise.all(
    [...live, headers].map(({ authorization }) => sessions(authorization)),
  )
  expect(new Set(answers.map((answer) => answer.json<{ code: string }>().code))).toEqual(
    new Set(['token-revoked']),
  )
  expect((await refresh(refreshToken)).statusCode).toBe(401)
  const again = await signedIn(stage, account)
  expect(claimsOf(again.accessToken).epoch).toBe(1)
  expect((await sessions(again.headers.authorization)).statusCode).toBe(200)
})

test('revocations at once all count', async () => {
  const { account } = await newcomer(stage)
  const epochs = await Promise.all(
    [1, 2, 3, 4].map(() =>
      stage.db.transaction((tx) =>
        revokeAccount(tx, account.id, 'race', testAct({ now: stage.now })),
      ),
    ),
  )
  expect(epochs.sort()).toEqual([1, 2, 3, 4])
})

test('[A-2.1.4] a gateway that starts learns every revocation of the last 20 minutes', async () => {
  const revoked = await newcomer(stage)
  const out = await newcomer(stage)
  const read = async () => {
    const answer = await stage.app.inject({
      url: '/internal/revocations',
      headers: { authorization: `Bearer ${TEST_INTERNAL_TOKEN}` },
    })
    return answer.json<{ accounts: { id: string; epoch: number }[]; sessions: { id: string }[] }>()
  }
  await stage.db.transaction((tx) =>
    revokeAccount(tx, revoked.account.id, 'frozen', testAct({ now: stage.now })),
  )
  await stage.app.inject({
    method: 'DELETE',
    url: '/v1/sessions/current',
    headers: out.headers,
  })
  const session = { id: claimsOf(out.accessToken).sid }
  pass(stage, 20 * MINUTE)
  let listed = await read()
  expect(listed.accounts).toContainEqual({ id: revoked.account.id, epoch: 1 })
  expect(listed.sessions).toContainEqual({ ...session, reason: 'signed-out' })
  pass(stage, 1)
  listed = await read()
  expect(listed.accounts).not.toContainEqual({ id: revoked.account.id, epoch: 1 })
  expect(listed.sessions).not.toContainEqual({ ...session, reason: 'signed-out' })
})

test('[A-2.1.4] a gateway that has heard the rest is told what is new, and what took a minute to commit', async () => {
  const [early, late] = [await newcomer(stage), await newcomer(stage)]
  const read = async (since = '') => {
    const answer = await stage.app.inject({
      url: `/internal/revocations${since}`,
      headers: { authorization: `Bearer ${TEST_INTERNAL_TOKEN}` },
    })
    return answer.json<{ accounts: { id: string }[]; asOf: string }>()
  }
  const revoke = (id: string) =>
    stage.db.transaction((tx) => revokeAccount(tx, id, 'frozen', testAct({ now: stage.now })))
  await revoke(early.account.id)
  pass(stage, MINUTE)
  const { asOf } = await read()
  expect(asOf).toBe(stage.now.toISOString())
  await revoke(late.account.id)
  pass(stage, 3_000)
  const idsOf = ({ accounts }: { accounts: { id: string }[] }) => accounts.map(({ id }) => id)
  const news = idsOf(await read(`?since=${asOf}`))
  expect(news).toEqual(expect.arrayContaining([early.account.id, late.account.id]))
  const { asOf: later } = await read()
  expect(idsOf(await read(`?since=${later}`))).not.toContain(early.account.id)
  // However old the last answer is, nothing is told that no token can be of.
  pass(stage, 20 * MINUTE)
  expect(idsOf(await read(`?since=${asOf}`))).toEqual([])
  expect((await read('?since=yesterday')).accounts).toBeUndefined()
})

test('the list of revocations is for processes of the product only', async () => {
  const { headers } = await newcomer(stage, { administratorRole: 'SECURITY_ADMIN' })
  for (const authorization of [headers.authorization, 'Bearer x', ''])
    expect(
      (await stage.app.inject({ url: '/internal/revocations', headers: { authorization } }))
        .statusCode,
    ).toBe(401)
})

test('revoking an account that does not exist is refused', async () => {
  await expect(
    stage.db.transaction((tx) => revokeAccount(tx, randomUUID(), 'x', testAct({ now: stage.now }))),
  ).rejects.toMatchObject({ code: 'account-unknown' })
})

test('[A-4.3.1] a rotation signs with a new key; tokens of the old one live out their minutes', async () => {
  const before = await newcomer(stage)
  const rotate = (roles: Parameters<typeof bearer>[0]['roles']) =>
    stage.app.inject({
      method: 'POST',
      url: '/v1/tokens/signing-key-rotations',
      headers: bearer({ roles, exp: stillValid(stage) }),
      payload: { reason: 'The key may have been seen.' },
    })
  expect((await rotate(['SYSTEM_ADMIN'])).statusCode).toBe(403)
  const rotated = await rotate(['SECURITY_ADMIN'])
  const { keyId } = rotated.json<{ keyId: string }>()
  expect((await sessions(before.headers.authorization)).statusCode).toBe(200)
  const after = await newcomer(stage)
  const kid = (token: string) =>
    (JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as { kid: string })
      .kid
  expect(kid(after.accessToken)).toBe(keyId)
  const published = async () =>
    (await stage.app.inject({ url: '/.well-known/jwks.json' }))
      .json<{ keys: { kid: string }[] }>()
      .keys.map((key) => key.kid)
  expect(await published()).toEqual([keyId, kid(before.accessToken)])
  pass(stage, 20 * MINUTE)
  expect(await published()).toEqual([keyId])
})

test('of rotations at once one makes the key', async () => {
  const ids = await Promise.all(
    [1, 2, 3].map(() =>
      stage.db.transaction((tx) =>
        rotateSigningKey(tx, TEST_SEAL, 'race', testAct({ now: stage.now })),
      ),
    ),
  )
  const current: { id: string }[] = await stage.db.query(
    'select id from signing_key where retired_at is null',
  )
  expect(current).toHaveLength(1)
  expect(ids).toContain(current[0]?.id)
})

test('a key is renewed by itself after 90 days, not before', async () => {
  const current = async () => {
    const [key]: { id: string; created_at: Date }[] = await stage.db.query(
      'select id, created_at from signing_key where retired_at is null',
    )
    return key
  }
  const key = await current()
  stage.now = new Date((key?.created_at.getTime() ?? 0) + 90 * 24 * 60 * MINUTE - 1)
  await runTask(stage, 'renew-signing-key')
  expect((await current())?.id).toBe(key?.id)
  pass(stage, 1)
  await runTask(stage, 'renew-signing-key')
  expect((await current())?.id).not.toBe(key?.id)
})

test('an account without roles signs in and may do nothing', async () => {
  const { accessToken } = await newcomer(stage, { roles: [] })
  expect(claimsOf(accessToken)).toMatchObject({ roles: [], permissions: [] })
})
