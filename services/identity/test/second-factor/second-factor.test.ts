import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { queuedEvents } from '@erp-steward/test-kit/queued-events'
import { Authenticator } from '@erp-steward/test-kit/authenticator'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { bearer } from '@erp-steward/test-kit/tokens'
import type { SessionTokens } from '../../src/sessions/session-tokens.ts'
import {
  claimsOf,
  giveInitialPassword,
  GOOD_PASSWORD,
  identityStage,
  newcomer,
  pass,
  setUpFactor,
  stillValid,
  TEST_SEAL,
  trySignIn,
} from '../account-stage.ts'

let stage: TestService
beforeAll(async () => {
  stage = await identityStage()
})
afterAll(() => stage.release())

const SECOND = 1_000
const MINUTE = 60_000
const OWN = '/v1/accounts/me/second-factor'

/** A person with an app, signed in. */
async function equipped() {
  const person = await newcomer(stage)
  return { ...person, ...(await setUpFactor(stage, person.headers)) }
}
const enter = (account: { userName: string }, code?: string | null, password = GOOD_PASSWORD) =>
  trySignIn(stage, account, password, '127.0.0.1', code)
const post = (url: string, headers: Record<string, string>, payload: object) =>
  stage.app.inject({ method: 'POST', url, headers, payload })
const codeOf = ({ json }: { json: () => unknown }) => (json() as { code?: string }).code
const facts = async (subject: string, type: string) =>
  (await queuedEvents(stage.db)).filter((each) => each.subject === subject && each.type === type)
/** A code that the app does not show within the window. */
const wrong = (device: Authenticator) => {
  const near = [-60, -30, 0, 30, 60].map((by) =>
    device.code(new Date(stage.now.getTime() + by * SECOND)),
  )
  return ['000000', '111111', '222222', '333333', '444444', '555555'].find(
    (each) => !near.includes(each),
  )
}

test('[A-2.2.1] an account with an authenticator app opens with password and code, and its tokens say so', async () => {
  const { account, device, headers } = await equipped()
  const first = await stage.app.inject({ url: OWN, headers })
  expect(first.json()).toMatchObject({ recoveryCodesLeft: 10, begunUntil: null })
  const without = await enter(account)
  expect([without.statusCode, codeOf(without)]).toEqual([401, 'second-factor-needed'])
  const opened = await enter(account, device.unusedCode(stage.now))
  expect(opened.statusCode).toBe(201)
  const { accessToken } = opened.json<SessionTokens>()
  expect(claimsOf(accessToken)).toMatchObject({
    amr: ['pwd', 'otp', 'mfa'],
    auth_time: Math.floor(stage.now.getTime() / SECOND),
  })
  const [signedIn] = (await facts(account.id, 'audit.access.signed-in.v1')).slice(-1)
  expect(signedIn?.data).toMatchObject({ amr: ['pwd', 'otp', 'mfa'] })
})

test('[A-2.2.1] a token without a second factor claims none, and a refresh keeps how and when it was opened', async () => {
  const { account, accessToken, refreshToken } = await newcomer(stage)
  const began = claimsOf(accessToken)
  expect(began).toMatchObject({ amr: ['pwd'] })
  pass(stage, 2 * MINUTE)
  const renewed = await post('/v1/tokens/refresh', {}, { refreshToken })
  const { amr, auth_time: at } = claimsOf(renewed.json<SessionTokens>().accessToken)
  expect({ amr, at }).toEqual({ amr: ['pwd'], at: began.auth_time })
  // A code is no second factor where nothing is there to check it.
  const opened = await enter(account, '123456')
  expect(claimsOf(opened.json<SessionTokens>().accessToken)).toMatchObject({ amr: ['pwd'] })
})

test('[A-2.2.1] a code is good once, one of an earlier step no more, and of five at once one gets in', async () => {
  const { account, device } = await equipped()
  pass(stage, 2 * MINUTE)
  const code = device.code(stage.now)
  const entered = await Promise.all(Array.from({ length: 5 }, () => enter(account, code)))
  expect(entered.map(({ statusCode }) => statusCode).toSorted()).toEqual([
    201,
    ...Array.from({ length: 4 }, () => 401),
  ])
  expect(codeOf(await enter(account, code))).toBe('second-factor-refused')
  const earlier = device.code(new Date(stage.now.getTime() - 30 * SECOND))
  expect(codeOf(await enter(account, earlier))).toBe('second-factor-refused')
  // Right but used codes are no guesses: nothing was locked.
  const next = device.code(new Date(stage.now.getTime() + 30 * SECOND))
  expect((await enter(account, next)).statusCode).toBe(201)
})

test('[A-2.2.1] codes of one step before and after the clock are taken, of two are not', async () => {
  const { account, device } = await equipped()
  pass(stage, 5 * MINUTE)
  const at = (steps: number) => device.code(new Date(stage.now.getTime() + steps * 30 * SECOND))
  const statuses: number[] = []
  for (const steps of [-2, 2, -1, 0, 1]) statuses.push((await enter(account, at(steps))).statusCode)
  expect(statuses).toEqual([401, 401, 201, 201, 201])
})

test('[A-2.2.1] a recovery code stands in once, in any case and without dashes, and is no code of the app', async () => {
  const { account, recoveryCodes } = await equipped()
  const [code = '', other = ''] = recoveryCodes
  const typed = code.toLowerCase().replaceAll('-', ' ')
  const entered = await Promise.all([enter(account, typed), enter(account, code)])
  expect(entered.map(({ statusCode }) => statusCode).toSorted()).toEqual([201, 401])
  const opened = entered.find(({ statusCode }) => statusCode === 201)
  const tokens = opened?.json<SessionTokens>()
  expect(claimsOf(tokens?.accessToken ?? '').amr).toEqual(['pwd', 'mfa'])
  const [used] = (await facts(account.id, 'identity.security.second-factor.v1')).slice(-1)
  expect(used?.data).toMatchObject({ step: 'recovery-code-used', recoveryCodesLeft: 9 })
  const headers = { authorization: `Bearer ${tokens?.accessToken ?? ''}` }
  expect((await stage.app.inject({ url: OWN, headers })).json()).toMatchObject({
    recoveryCodesLeft: 9,
  })
  const renewed = await post(`${OWN}/recovery-codes`, headers, { code: other })
  const { recoveryCodes: fresh } = renewed.json<{ recoveryCodes: string[] }>()
  expect(new Set([...fresh, ...recoveryCodes]).size).toBe(20)
  expect(codeOf(await enter(account, recoveryCodes[2]))).toBe('second-factor-refused')
  expect((await enter(account, fresh[0])).statusCode).toBe(201)
})

test('[A-2.2.2] wrong codes lock the codes after five, apart from passwords and recovery codes, until the time is up', async () => {
  const { account, device, recoveryCodes } = await equipped()
  for (let tries = 0; tries < 5; tries += 1)
    expect(codeOf(await enter(account, wrong(device)))).toBe('second-factor-refused')
  const locked = await enter(account, device.unusedCode(stage.now))
  expect([locked.statusCode, codeOf(locked)]).toEqual([423, 'second-factor-locked'])
  expect(Number(locked.headers['retry-after'])).toBe(1_800)
  // The password still does its part, and a recovery code stands in.
  expect(codeOf(await enter(account))).toBe('second-factor-needed')
  expect((await enter(account, recoveryCodes[0])).statusCode).toBe(201)
  const failures = await facts(account.id, 'identity.security.login-failed.v1')
  expect(failures.map(({ data }) => (data as { factor: string }).factor)).toEqual(
    Array.from({ length: 5 }, () => 'totp'),
  )
  const [lock] = await facts(account.id, 'identity.security.locked.v1')
  expect(lock?.data).toMatchObject({ factor: 'totp' })
  pass(stage, 30 * MINUTE)
  expect((await enter(account, device.code(stage.now))).statusCode).toBe(201)
})

test('[A-2.2.2] fifty wrong codes at once are five guesses, and the security administrator ends the lock', async () => {
  const { account, device } = await equipped()
  const code = wrong(device)
  const tried = await Promise.all(Array.from({ length: 50 }, () => enter(account, code)))
  expect(tried.filter((each) => codeOf(each) === 'second-factor-refused')).toHaveLength(5)
  const unlocked = await post(
    `/v1/accounts/${account.id}/unlock`,
    bearer({ exp: stillValid(stage), roles: ['SECURITY_ADMIN'] }),
    { reason: 'Called back.' },
  )
  expect(unlocked.statusCode).toBe(204)
  expect((await enter(account, device.unusedCode(stage.now))).statusCode).toBe(201)
  expect(await facts(account.id, 'identity.account.unlocked.v1')).toHaveLength(1)
})

test('[A-2.2.1] wrong passwords use up no codes, and a code without the password says nothing', async () => {
  const { account, device } = await equipped()
  const answers = []
  for (let tries = 0; tries < 4; tries += 1)
    answers.push(codeOf(await enter(account, device.code(stage.now), 'Wrong-guess-2026!')))
  expect(new Set(answers)).toEqual(new Set(['sign-in-refused']))
  pass(stage, MINUTE)
  expect((await enter(account, device.code(stage.now))).statusCode).toBe(201)
})

test('[A-2.2.3] a password that others issued is no way around the second factor', async () => {
  const { account, device } = await equipped()
  const initial = await giveInitialPassword(stage, account)
  expect(codeOf(await enter(account, undefined, initial))).toBe('second-factor-needed')
  const opened = await enter(account, device.unusedCode(stage.now), initial)
  expect(opened.json()).toMatchObject({ mustChangePassword: true })
})

test('[A-2.2.1] setting up takes the password and, once there is one, a code; other sessions end', async () => {
  const { account, headers } = await newcomer(stage)
  const guess = await post(OWN, headers, { password: 'Wrong-guess-2026!' })
  expect(codeOf(guess)).toBe('sign-in-refused')
  expect(codeOf(await post(`${OWN}/confirm`, headers, { code: '123456' }))).toBe(
    'second-factor-state',
  )
  const { device } = await setUpFactor(stage, headers)
  const bare = await post(OWN, headers, { password: GOOD_PASSWORD })
  expect(codeOf(bare)).toBe('second-factor-needed')
  const code = device.unusedCode(stage.now) ?? ''
  const { device: newer } = await setUpFactor(stage, headers, { code })
  pass(stage, MINUTE)
  expect(codeOf(await enter(account, device.code(stage.now)))).toBe('second-factor-refused')
  expect((await enter(account, newer.code(stage.now))).statusCode).toBe(201)
  const ends: unknown = await stage.db.query(
    'select end_reason as reason from session where account_id = $1 and ended_at is not null',
    [account.id],
  )
  expect(ends).toEqual([{ reason: 'evicted' }])
})

test('[A-2.2.1] what is begun counts only when it is confirmed, within a quarter of an hour', async () => {
  const { account, headers } = await newcomer(stage)
  const begin = async () =>
    (await post(OWN, headers, { password: GOOD_PASSWORD })).json<{ secret: string; uri: string }>()
  const first = await begin()
  expect(first.uri).toContain(`otpauth://totp/ERP%20Steward:${account.userName}?`)
  expect((await enter(account)).statusCode).toBe(201)
  const again = await newcomer(stage)
  const begun = await post(OWN, again.headers, { password: GOOD_PASSWORD })
  const { secret } = begun.json<{ secret: string }>()
  await stage.db.query(
    `update second_factor set started_at = started_at - interval '15 minutes' where account_id = $1`,
    [again.account.id],
  )
  const late = await post(`${OWN}/confirm`, again.headers, {
    code: new Authenticator(secret).code(stage.now),
  })
  expect(codeOf(late)).toBe('second-factor-state')
})

test('[A-2.2.1] of two who confirm at once one is answered codes', async () => {
  const { headers } = await newcomer(stage)
  const { secret } = (await post(OWN, headers, { password: GOOD_PASSWORD })).json<{
    secret: string
  }>()
  const code = new Authenticator(secret).code(stage.now)
  const confirmed = await Promise.all([1, 2].map(() => post(`${OWN}/confirm`, headers, { code })))
  expect(confirmed.map(({ statusCode }) => statusCode).toSorted()).toEqual([200, 409])
})

test('[A-2.2.1] a session proves the second factor again, and its tokens say so after a refresh', async () => {
  const { account, headers, refreshToken, device } = await equipped()
  const before = await stage.app.inject({ url: OWN, headers })
  pass(stage, MINUTE)
  const proved = await post('/v1/sessions/current/second-factor', headers, {
    code: device.code(stage.now),
  })
  expect(proved.statusCode).toBe(204)
  const after = await stage.app.inject({ url: OWN, headers })
  const at = (answer: typeof after) => Date.parse(answer.json<{ provedAt: string }>().provedAt)
  expect(at(after) - at(before)).toBe(MINUTE)
  const tokens = (await post('/v1/tokens/refresh', {}, { refreshToken })).json<SessionTokens>()
  expect(claimsOf(tokens.accessToken).amr).toEqual(['pwd', 'otp', 'mfa'])
  // An account without one has nothing to prove.
  const other = await newcomer(stage)
  const refused = await post('/v1/sessions/current/second-factor', other.headers, {
    code: device.code(stage.now),
  })
  expect(codeOf(refused)).toBe('second-factor-state')
  expect(account.id).not.toBe(other.account.id)
})

test('[A-2.2.1] it is removed with a code only, and then the password opens alone', async () => {
  const { account, headers, device } = await equipped()
  const guess = await post(`${OWN}/removal`, headers, { code: wrong(device) })
  expect(codeOf(guess)).toBe('second-factor-refused')
  pass(stage, MINUTE)
  const removed = await post(`${OWN}/removal`, headers, { code: device.code(stage.now) })
  expect(removed.statusCode).toBe(204)
  expect((await enter(account)).statusCode).toBe(201)
})

test('[A-4.3.1] neither secret nor codes lie in the database in clear, and a secret moves to the newest key when it is used', async () => {
  const { account, headers } = await newcomer(stage)
  const { secret } = (await post(OWN, headers, { password: GOOD_PASSWORD })).json<{
    secret: string
  }>()
  const device = new Authenticator(secret)
  const confirmed = await post(`${OWN}/confirm`, headers, { code: device.unusedCode(stage.now) })
  const { recoveryCodes } = confirmed.json<{ recoveryCodes: string[] }>()
  const rows = JSON.stringify([
    await stage.db.query('select * from second_factor'),
    await stage.db.query('select * from recovery_code'),
    await queuedEvents(stage.db),
  ])
  for (const text of [secret, ...recoveryCodes.map((code) => code.replaceAll('-', ''))])
    expect(rows).not.toContain(text)
  const [row] = await stage.db.query<{ id: string; sealed: string }[]>(
    'select id, sealed_secret as sealed from second_factor where account_id = $1',
    [account.id],
  )
  expect(TEST_SEAL.open(row?.id ?? '', row?.sealed ?? '')).toBe(secret)
})
