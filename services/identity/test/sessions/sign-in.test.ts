import { randomUUID } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { queuedEvents } from '@erp-steward/test-kit/queued-events'
import { setParameter } from '@erp-steward/service-kit/parameters'
import { testAct } from '@erp-steward/test-kit/test-act'
import { runTask } from '@erp-steward/test-kit/run-task'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { bearer } from '@erp-steward/test-kit/tokens'
import { hashPassword } from '../../src/credentials/password-hash.ts'
import {
  addAccount,
  GOOD_PASSWORD,
  identityStage,
  newcomer,
  pass,
  setPassword,
  trySignIn,
  stillValid,
} from '../account-stage.ts'

let stage: TestService
beforeAll(async () => {
  stage = await identityStage()
})
afterAll(() => stage.release())

const MINUTE = 60_000

async function known() {
  const account = await addAccount(stage)
  await setPassword(stage, account)
  return account
}

const unlock = (accountId: string, caller: Parameters<typeof bearer>[0]) =>
  stage.app.inject({
    method: 'POST',
    url: `/v1/accounts/${accountId}/unlock`,
    headers: bearer({ exp: stillValid(stage), ...caller }),
    payload: { reason: 'Called back on the number we know.' },
  })

test('[A-2.2.1] a right password opens a session, in any case of the name, and nothing may keep the answer', async () => {
  const account = await known()
  const opened = await trySignIn(stage, { userName: account.userName.toLowerCase() })
  expect(opened.statusCode).toBe(201)
  expect(opened.headers['cache-control']).toBe('no-store')
  expect(opened.json()).toEqual({
    accessToken: expect.any(String),
    refreshToken: expect.stringMatching(/^[\w-]{43}$/),
    expiresIn: 300,
    mustChangePassword: false,
    mustSetUpSecondFactor: false,
    deviceToken: expect.stringMatching(/^[\w-]{43}$/),
  })
  const fact = (await queuedEvents(stage.db)).findLast(({ subject }) => subject === account.id)
  expect(fact).toMatchObject({
    type: 'audit.access.signed-in.v1',
    actor: account.id,
    actingrole: 'END_USER',
    data: { accountId: account.id, sourceIp: '127.0.0.1', mustChangePassword: false },
  })
})

test('an unknown name, a wrong password, no password and a disabled account get one answer', async () => {
  const disabled = await known()
  await stage.db.query(`update account set status = 'disabled' where id = $1`, [disabled.id])
  const answers = await Promise.all([
    trySignIn(stage, { userName: 'NOBODY.AT.ALL' }),
    trySignIn(stage, await known(), 'wrong'),
    trySignIn(stage, await addAccount(stage)),
    trySignIn(stage, disabled),
  ])
  const bodies = answers.map((answer) => {
    const { instance: _instance, ...body } = answer.json<Record<string, unknown>>()
    return { ...body, status: answer.statusCode }
  })
  expect(new Set(bodies.map((body) => JSON.stringify(body))).size).toBe(1)
  expect(bodies[0]).toMatchObject({ status: 401, code: 'sign-in-refused' })
})

test('[A-2.2.2][A-4.2.4] five failures lock for 30 minutes, known and unknown names alike', async () => {
  const account = await known()
  for (const userName of [account.userName, 'NOBODY.LOCKED']) {
    for (let n = 0; n < 5; n += 1)
      expect((await trySignIn(stage, { userName }, 'wrong')).statusCode).toBe(401)
    const locked = await trySignIn(stage, { userName })
    expect(locked.json()).toMatchObject({ status: 423, code: 'sign-in-locked' })
    expect(locked.headers['retry-after']).toBe('1800')
  }
  pass(stage, 30 * MINUTE - 1)
  expect((await trySignIn(stage, account)).statusCode).toBe(423)
  pass(stage, 1)
  expect((await trySignIn(stage, account)).statusCode).toBe(201)
  const facts = (await queuedEvents(stage.db)).filter(({ subject }) => subject === account.id)
  expect(facts.map(({ type }) => type).filter((type) => type.includes('.security.'))).toEqual([
    ...Array.from({ length: 5 }, () => 'identity.security.login-failed.v1'),
    'identity.security.locked.v1',
  ])
  expect(JSON.stringify(await queuedEvents(stage.db))).not.toContain('NOBODY.LOCKED')
})

test('four failures and a success start the count anew', async () => {
  const account = await known()
  for (const round of [1, 2]) {
    for (let n = 0; n < 4; n += 1) await trySignIn(stage, account, `wrong ${String(round)}`)
    expect((await trySignIn(stage, account)).statusCode).toBe(201)
  }
})

test('twenty guesses at once get five tries', async () => {
  const account = await known()
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, n) => trySignIn(stage, account, `guess ${String(n)}`)),
  )
  const count = (status: number) => answers.filter(({ statusCode }) => statusCode === status).length
  expect([count(401), count(423)]).toEqual([5, 15])
  expect((await trySignIn(stage, account)).statusCode).toBe(423)
})

test('[A-2.2.2] nobody unlocks the own account, nor that of the own person from another one', async () => {
  const account = await addAccount(stage)
  await setPassword(stage, account)
  for (let tries = 0; tries < 5; tries += 1) await trySignIn(stage, account, 'not it at all')
  const code = { code: 'same-person' }
  const roles: ['SECURITY_ADMIN'] = ['SECURITY_ADMIN']
  expect((await unlock(account.id, { roles, sub: account.id })).json()).toMatchObject(code)
  const person = account.personId
  expect((await unlock(account.id, { roles, person })).json()).toMatchObject(code)
  expect((await trySignIn(stage, account)).statusCode).not.toBe(201)
  expect((await unlock(account.id, { roles, person: randomUUID() })).statusCode).toBe(204)
  expect((await trySignIn(stage, account)).statusCode).toBe(201)
})

test('[A-2.2.2] the third lock of a day holds until the security administrator unlocks', async () => {
  const account = await known()
  for (let lock = 1; lock <= 3; lock += 1) {
    for (let n = 0; n < 5; n += 1) await trySignIn(stage, account, 'wrong')
    pass(stage, 31 * MINUTE)
  }
  pass(stage, 24 * 60 * MINUTE)
  await runTask(stage, 'forget-ended-sessions')
  const held = await trySignIn(stage, account)
  expect(held.json()).toMatchObject({ code: 'sign-in-locked' })
  expect(held.headers['retry-after']).toBeUndefined()
  expect((await unlock(account.id, { roles: ['SYSTEM_ADMIN'] })).statusCode).toBe(403)
  expect((await unlock(account.id, { roles: ['SECURITY_ADMIN'] })).statusCode).toBe(204)
  expect((await trySignIn(stage, account)).statusCode).toBe(201)
  expect((await unlock(account.id, { roles: ['SECURITY_ADMIN'] })).statusCode).toBe(204)
  const unlocked = (await queuedEvents(stage.db)).filter(
    ({ type, subject }) => type === 'identity.account.unlocked.v1' && subject === account.id,
  )
  expect(unlocked).toHaveLength(1)
})

test('the security administrator is never locked for good: nobody else could unlock', async () => {
  const account = await addAccount(stage, { administratorRole: 'SECURITY_ADMIN' })
  await setPassword(stage, account)
  for (let lock = 1; lock <= 4; lock += 1) {
    for (let n = 0; n < 5; n += 1) await trySignIn(stage, account, 'wrong')
    expect((await trySignIn(stage, account)).headers['retry-after']).toBe('1800')
    pass(stage, 30 * MINUTE)
  }
  expect((await trySignIn(stage, account)).statusCode).toBe(201)
})

test('attempts that an overload kept from being checked do not count', async () => {
  const account = await known()
  let over = false
  const load = Array.from({ length: 210 }, async () => {
    while (!over) await hashPassword('load').catch(() => setImmediate())
  })
  const shut = await Promise.all([1, 2, 3, 4, 5, 6].map(() => trySignIn(stage, account)))
  over = true
  await Promise.all(load)
  expect(shut.map(({ statusCode }) => statusCode)).toContain(503)
  expect((await trySignIn(stage, account)).statusCode).toBe(201)
})

test('unlocking an account that does not exist is refused', async () => {
  const refused = await unlock('0195f2a0-0000-7000-8000-0000000000ff', {
    roles: ['SECURITY_ADMIN'],
  })
  expect(refused.json()).toMatchObject({ status: 404, code: 'account-unknown' })
})

test('[A-2.1.6] a sign-in over the limit ends the oldest session', async () => {
  const { account, headers, refreshToken } = await newcomer(stage)
  expect((await trySignIn(stage, account)).statusCode).toBe(201)
  const late = await stage.app.inject({ url: '/v1/sessions', headers })
  expect(late.json()).toMatchObject({ status: 401, code: 'token-revoked' })
  const reused = await stage.app.inject({
    method: 'POST',
    url: '/v1/tokens/refresh',
    payload: { refreshToken },
  })
  expect(reused.json()).toMatchObject({ status: 401, code: 'refresh-refused' })
  const facts = (await queuedEvents(stage.db)).filter(
    ({ type, subject }) => type === 'identity.account.session-ended.v1' && subject === account.id,
  )
  expect(facts.map(({ data }) => (data as { reason: string }).reason)).toEqual(['evicted'])
})

test('of sign-ins at once as many sessions stay open as are allowed', async () => {
  const account = await known()
  const answers = await Promise.all([1, 2, 3, 4].map(() => trySignIn(stage, account)))
  expect(answers.map(({ statusCode }) => statusCode)).toEqual([201, 201, 201, 201])
  const open: unknown[] = await stage.db.query(
    'select from session where account_id = $1 and ended_at is null',
    [account.id],
  )
  expect(open).toHaveLength(1)
})

test.each([
  ['no password', { userName: 'A' }],
  ['a line feed in the name', { userName: 'A\nB', password: 'x' }],
  ['NUL in the name', { userName: 'A\u0000', password: 'x' }],
  ['an unknown member', { userName: 'A', password: 'x', role: 'SYSTEM_ADMIN' }],
  ['a list for a password', { userName: 'A', password: ['x'] }],
])('a sign-in with %s is refused before anything is looked up', async (_what, payload) => {
  const refused = await stage.app.inject({ method: 'POST', url: '/v1/sessions', payload })
  expect(refused.json()).toMatchObject({ status: 422, code: 'validation-failed' })
})

test('a password of 256 characters is taken as it is, one with NUL is none', async () => {
  const status = async (password: string) =>
    (await trySignIn(stage, { userName: 'NOBODY.NUL' }, password)).statusCode
  expect(await status('x'.repeat(256))).toBe(401)
  expect(await status(GOOD_PASSWORD)).toBe(401)
  expect(await status('\u0000')).toBe(422)
})

test('a header of the browser cannot forge a line of a log', async () => {
  const account = await known()
  await stage.app.inject({
    method: 'POST',
    url: '/v1/sessions',
    headers: { 'user-agent': `Mozilla\u00e9\u0007 ${'x'.repeat(400)}` },
    payload: { userName: account.userName, password: GOOD_PASSWORD },
  })
  const [{ user_agent: agent } = { user_agent: '' }]: { user_agent: string }[] =
    await stage.db.query('select user_agent from session where account_id = $1', [account.id])
  expect(agent).toMatch(/^[\x20-\x7e]{300}$/)
})

test('what a unit decides about its sessions holds for its people', async () => {
  const account = await known()

  await stage.db.transaction((tx) =>
    setParameter(
      tx,
      'identity',
      { key: 'gateway.session.idle', unitId: account.unitId, value: 'PT2M', reason: 'shop floor' },
      0,
      testAct({ now: stage.now }),
    ),
  )
  const opened = await trySignIn(stage, account)
  expect(opened.json()).toMatchObject({ expiresIn: 60 })
  const [session]: unknown[] = await stage.db.query(
    'select idle_seconds, parameter_versions from session where account_id = $1',
    [account.id],
  )
  expect(session).toEqual({
    idle_seconds: 120,
    parameter_versions: {
      'gateway.session.idle': 1,
      'gateway.session.absolute': 0,
      'gateway.session.concurrent': 0,
      'gateway.session.at_limit': 0,
    },
  })
})
