import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { runTask } from '@erp-steward/test-kit/run-task'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { queuedEvents } from '@erp-steward/test-kit/queued-events'
import { testAct } from '@erp-steward/test-kit/test-act'
import { bearer } from '@erp-steward/test-kit/tokens'
import type { ParameterKey } from '@erp-steward/regulation/parameters'
import { setParameter } from '@erp-steward/service-kit/parameters'
import { revokeAccount } from '../../src/sessions/revoke-account.ts'
import { hashPassword, verifyPassword } from '../../src/credentials/password-hash.ts'
import {
  addAccount,
  claimsOf,
  giveInitialPassword,
  GOOD_PASSWORD,
  identityStage,
  newcomer,
  pass,
  setPassword,
  signedIn,
  trySignIn,
  stillValid,
} from '../account-stage.ts'

let stage: TestService
beforeAll(async () => {
  stage = await identityStage()
})
afterAll(() => stage.release())

const HOUR = 3_600_000
const NEXT = 'Blau-8-mutig-Dachs'

const change = (
  headers: { authorization: string },
  newPassword: string,
  currentPassword = GOOD_PASSWORD,
) =>
  stage.app.inject({
    method: 'PUT',
    url: '/v1/accounts/me/password',
    headers,
    payload: { currentPassword, newPassword },
  })

const refresh = (refreshToken: string) =>
  stage.app.inject({ method: 'POST', url: '/v1/tokens/refresh', payload: { refreshToken } })

test('[A-2.2.3] an initial password opens sessions that can only change it', async () => {
  const account = await addAccount(stage, { roles: ['KEY_USER'] })
  const initial = await giveInitialPassword(stage, account)
  const first = await signedIn(stage, account, initial)
  expect(first.mustChangePassword).toBe(true)
  expect(claimsOf(first.accessToken)).toMatchObject({
    roles: [],
    permissions: ['password.change'],
    range: 'unit',
  })
  const elsewhere = await stage.app.inject({
    url: '/v1/parameters/identity',
    headers: first.headers,
  })
  expect(elsewhere.json()).toMatchObject({ status: 403, code: 'permission-missing' })

  expect((await change(first.headers, NEXT, initial)).statusCode).toBe(204)
  expect((await trySignIn(stage, account, initial)).json()).toMatchObject({
    status: 401,
    code: 'sign-in-refused',
  })
  const next = await refresh(first.refreshToken)
  expect(next.json()).toMatchObject({ mustChangePassword: false })
  expect(claimsOf(next.json<{ accessToken: string }>().accessToken)).toMatchObject({
    roles: ['KEY_USER'],
    unit: account.unitId,
  })
  const facts = (await queuedEvents(stage.db)).filter(({ subject }) => subject === account.id)
  expect(facts.map(({ type }) => type)).toEqual([
    'identity.security.initial-password-issued.v1',
    'audit.access.signed-in.v1',
    'audit.access.refused.v1',
    'identity.security.password-changed.v1',
    'identity.security.login-failed.v1',
  ])
  expect(facts[3]?.data).toMatchObject({ replacedInitial: true })
})

test('[A-2.2.3] a lost first answer locks nobody out: the initial password opens again, and only the last session lives', async () => {
  const account = await addAccount(stage)
  const initial = await giveInitialPassword(stage, account)
  const answers = await Promise.all([1, 2, 3].map(() => trySignIn(stage, account, initial)))
  expect(answers.map(({ statusCode }) => statusCode)).toEqual([201, 201, 201])
  const live: unknown[] = await stage.db.query(
    'select from session where account_id = $1 and ended_at is null',
    [account.id],
  )
  expect(live).toHaveLength(1)
})

test('[A-2.2.3] an initial password expires at its limit', async () => {
  const [early, late] = [await addAccount(stage), await addAccount(stage)]
  const passwords = [
    await giveInitialPassword(stage, early),
    await giveInitialPassword(stage, late),
  ] as const
  pass(stage, 72 * HOUR - 1)
  expect((await trySignIn(stage, early, passwords[0])).statusCode).toBe(201)
  pass(stage, 1)
  expect((await trySignIn(stage, late, passwords[1])).statusCode).toBe(401)
})

test('a new initial password voids every earlier one', async () => {
  const account = await addAccount(stage)
  await setPassword(stage, account)
  const first = await giveInitialPassword(stage, account)
  const second = await giveInitialPassword(stage, account)
  expect((await trySignIn(stage, account, GOOD_PASSWORD)).statusCode).toBe(401)
  expect((await trySignIn(stage, account, first)).statusCode).toBe(401)
  expect((await trySignIn(stage, account, second)).statusCode).toBe(201)
})

const decideFor = ({ unitId }: { unitId: string | null }, key: ParameterKey, value: unknown) =>
  stage.db.transaction((tx) =>
    setParameter(
      tx,
      'identity',
      { key, unitId, value, reason: 'test' },
      0,
      testAct({ now: stage.now }),
    ),
  )

test('passwords are kept as argon2id hashes and nowhere else', async () => {
  const account = await addAccount(stage)
  const initial = await giveInitialPassword(stage, account)
  const { headers } = await signedIn(stage, account, initial)
  await change(headers, NEXT, initial)
  const rows: { hash: string }[] = await stage.db.query(
    'select hash from credential where account_id = $1',
    [account.id],
  )
  for (const { hash } of rows) expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
  const everything = JSON.stringify([
    await queuedEvents(stage.db),
    await stage.db.query('select * from credential'),
    await stage.db.query('select * from session'),
  ])
  expect(everything).not.toContain(initial)
  expect(everything).not.toContain(NEXT)
})

test.each([
  ['too short', 'kT4#vbQ', 'too-short'],
  ['without a class', 'kt4#vbq9', 'classes'],
  ['common', 'P@ssw0rd2026!', 'common'],
  ['the present one', GOOD_PASSWORD, 'used-before'],
])('[A-2.2.4][A-2.2.5] a new password is refused by name: %s', async (_what, password, rule) => {
  const { headers } = await newcomer(stage)
  const refused = await change(headers, password)
  expect(refused.json()).toMatchObject({
    status: 422,
    code: 'password-refused',
    errors: [{ pointer: '#/newPassword', rule }],
  })
})

test('[A-2.2.4] a new password may not hold the user name', async () => {
  const { account, headers } = await newcomer(stage)
  const refused = await change(headers, `#7q-${account.userName.toLowerCase()}`)
  expect(JSON.stringify(refused.json())).toContain('contains-user-name')
})

test('[A-2.2.5] an administrator needs twelve characters', async () => {
  const { headers } = await newcomer(stage, { administratorRole: 'AUDIT_ADMIN' })
  expect((await change(headers, 'kT4#vbQ9xw!')).statusCode).toBe(422)
  expect((await change(headers, 'kT4#vbQ9xw!z')).statusCode).toBe(204)
})

test('[A-2.2.5] what a unit decides about passwords and locks holds for its people', async () => {
  const { account, headers } = await newcomer(stage)
  const decide = (
    key: 'identity.password.min_length' | 'identity.lockout.failures',
    value: number,
  ) =>
    stage.db.transaction((tx) =>
      setParameter(
        tx,
        'identity',
        { key, unitId: account.unitId, value, reason: 'test' },
        0,
        testAct({ now: stage.now }),
      ),
    )
  await decide('identity.password.min_length', 14)
  await decide('identity.lockout.failures', 2)
  expect((await change(headers, 'kT4#vbQ9xwRt7')).statusCode).toBe(422)
  expect((await change(headers, 'kT4#vbQ9xwRt7!')).statusCode).toBe(204)
  const [kept]: { policy: unknown }[] = await stage.db.query(
    'select policy from credential where account_id = $1 and ended_at is null',
    [account.id],
  )
  expect(kept?.policy).toMatchObject({
    minLength: 14,
    versions: { 'identity.password.min_length': 1, 'identity.password.classes': 0 },
  })
  for (const status of [401, 401, 423])
    expect((await trySignIn(stage, account, 'wrong')).statusCode).toBe(status)
})

test('[A-2.2.4] by number alone the sixth change may bring back the first password, the fifth may not', async () => {
  const { account, headers } = await newcomer(stage)
  await decideFor(account, 'identity.password.history_age', 'PT0S')
  const chain = ['a', 'b', 'c', 'd'].map((letter) => `kT4#vbQ9-${letter}`)
  let current = GOOD_PASSWORD
  for (const password of chain) {
    pass(stage, 1_000)
    expect((await change(headers, password, current)).statusCode).toBe(204)
    current = password
  }
  pass(stage, 1_000)
  expect((await change(headers, GOOD_PASSWORD, current)).statusCode).toBe(422)
  expect((await change(headers, 'kT4#vbQ9-e', current)).statusCode).toBe(204)
  pass(stage, 1_000)
  expect((await change(headers, GOOD_PASSWORD, 'kT4#vbQ9-e')).statusCode).toBe(204)
  expect((await trySignIn(stage, account)).statusCode).toBe(201)
})

test('[A-2.2.4] a password of the last 450 days may not return, however many came after it', async () => {
  const { account, headers } = await newcomer(stage)
  let current = GOOD_PASSWORD
  for (let n = 0; n < 12; n += 1) {
    pass(stage, 1_000)
    const next = `kT4#vbQ9-${String(n)}`
    expect((await change(headers, next, current)).statusCode).toBe(204)
    current = next
  }
  const refused = await change(headers, GOOD_PASSWORD, current)
  expect(refused.json()).toMatchObject({
    errors: [
      {
        rule: 'used-before',
        detail: 'It is one of the last 5 passwords, or was in force during the last 450 days.',
      },
    ],
  })
  // The first one ended a second after the beginning of what follows.
  const ended: { at: Date }[] = await stage.db.query(
    'select min(ended_at) as at from credential where account_id = $1',
    [account.id],
  )
  stage.now = new Date((ended[0]?.at.getTime() ?? 0) + 450 * 86_400_000 - 1)
  const again = await signedIn(stage, account, current)
  expect((await change(again.headers, GOOD_PASSWORD, current)).statusCode).toBe(422)
  pass(stage, 1)
  expect((await change(again.headers, GOOD_PASSWORD, current)).statusCode).toBe(204)
})

test('[A-2.2.4] words of the company are those of the unit where it has its own', async () => {
  const { account, headers } = await newcomer(stage)
  await decideFor(account, 'identity.password.company_words', ['Huadong', '华东'])
  for (const password of ['kT4#HUADONG9x', 'kT4#hu@d0ng9X', 'kT4#华东vbQ9']) {
    const refused = await change(headers, password)
    expect(refused.json()).toMatchObject({ errors: [{ rule: 'company-word' }] })
  }
  const other = await newcomer(stage)
  expect((await change(other.headers, 'kT4#HUADONG9x')).statusCode).toBe(204)
})

test('[A-2.2.4] a common password with digits and signs around it is refused by the list', async () => {
  const { headers } = await newcomer(stage)
  const refused = await change(headers, '#2026-Charlie!')
  expect(refused.json()).toMatchObject({ errors: [{ rule: 'common' }] })
})

test('[A-2.2.4][A-2.2.5] anybody signed in reads the rules in force and where they deviate from either standard', async () => {
  const { account, headers } = await newcomer(stage)
  const read = async (language: string) =>
    (
      await stage.app.inject({
        url: '/v1/password-policy',
        headers: { ...headers, 'accept-language': language },
      })
    ).json<{ deviations: Record<string, string>[] }>()
  const shipped = await read('en')
  expect(shipped).toMatchObject({
    unitId: account.unitId,
    profile: 'gbt22239-level3',
    users: { minLength: 8, maxLength: 256, history: 5, historyDays: 450, maxAgeDays: 90 },
    administrators: { minLength: 12, history: 10 },
    blockList: {
      source: '@zxcvbn-ts/language-common 4.1.3',
      entries: 49_233,
      companyWords: 0,
    },
  })
  const ruleOf = ({ of, standard, rule }: Record<string, string>) =>
    `${String(of)} ${String(standard)} ${String(rule)}`
  expect(shipped.deviations.map(ruleOf)).toEqual([
    'users nist-800-63b-4 length',
    'users nist-800-63b-4 composition',
    'users nist-800-63b-4 change',
    'administrators nist-800-63b-4 length',
    'administrators nist-800-63b-4 composition',
    'administrators nist-800-63b-4 change',
  ])
  await decideFor(account, 'identity.password.profile', 'nist-800-63b-4')
  const other = await read('zh-CN')
  expect(other).toMatchObject({ users: { minLength: 15, maxAgeDays: null } })
  expect(other.deviations.map(ruleOf)).toEqual([
    'users gbt22239-level3 change',
    'users nist-800-63b-4 composition',
    'administrators gbt22239-level3 change',
    'administrators nist-800-63b-4 composition',
  ])
  expect(other.deviations[1]).toMatchObject({ reason: 'A-2.2.4 要求包含字母、数字和特殊字符。' })
  expect((await stage.app.inject('/v1/password-policy')).statusCode).toBe(401)
})

test('[A-2.1.5] a password past its life must be changed at the next sign-in', async () => {
  const account = await addAccount(stage)
  await setPassword(stage, account, GOOD_PASSWORD, new Date(stage.now.getTime() - 90 * 24 * HOUR))
  expect((await signedIn(stage, account)).mustChangePassword).toBe(true)
  const younger = await addAccount(stage)
  const setAt = new Date(stage.now.getTime() - 90 * 24 * HOUR + 1)
  await setPassword(stage, younger, GOOD_PASSWORD, setAt)
  expect((await signedIn(stage, younger)).mustChangePassword).toBe(false)
})

test('a change ends the other sessions and keeps the one that asks', async () => {
  await stage.db.transaction((tx) =>
    setParameter(
      tx,
      'identity',
      { key: 'gateway.session.concurrent', unitId: null, value: 2, reason: 'test' },
      0,
      testAct({ now: stage.now }),
    ),
  )
  const { account, ...mine } = await newcomer(stage)
  const other = await signedIn(stage, account)
  expect((await change(mine.headers, NEXT)).statusCode).toBe(204)
  const list = (headers: { authorization: string }) =>
    stage.app.inject({ url: '/v1/sessions', headers })
  expect((await list(other.headers)).json()).toMatchObject({ status: 401, code: 'token-revoked' })
  expect((await refresh(other.refreshToken)).statusCode).toBe(401)
  expect((await list(mine.headers)).json<{ items: unknown[] }>().items).toHaveLength(1)
})

test('the current password is asked for, and wrong ones lock the device, where signing in again does not help', async () => {
  const { account, headers, deviceToken } = await newcomer(stage)
  for (let n = 0; n < 5; n += 1)
    expect((await change(headers, NEXT, 'wrong')).json()).toMatchObject({ code: 'sign-in-refused' })
  expect((await change(headers, NEXT)).json()).toMatchObject({ code: 'sign-in-locked' })
  const again = await stage.app.inject({
    method: 'POST',
    url: '/v1/sessions',
    payload: { userName: account.userName, password: GOOD_PASSWORD, deviceToken },
  })
  expect(again.statusCode).toBe(423)
})

test('of two changes at once one is made', async () => {
  const { account, headers } = await newcomer(stage)
  const answers = await Promise.all([change(headers, NEXT), change(headers, `${NEXT}!`)])
  const codes = answers.map(({ statusCode }) => statusCode).sort()
  // The slower one finds another password in force, either when it is checked or when it is stored.
  expect(codes[0]).toBe(204)
  expect([401, 409]).toContain(codes[1])
  const live: unknown[] = await stage.db.query(
    'select from credential where account_id = $1 and ended_at is null',
    [account.id],
  )
  expect(live).toHaveLength(1)
})

test('a revoked account changes nothing any more', async () => {
  const { account, headers } = await newcomer(stage)
  await stage.db.transaction((tx) =>
    revokeAccount(tx, account.id, 'test', testAct({ now: stage.now })),
  )
  expect((await change(headers, NEXT)).json()).toMatchObject({ code: 'token-revoked' })
})

test.each([
  ['an unknown member', { currentPassword: 'a', newPassword: 'b', accountId: 'c' }],
  ['a number', { currentPassword: 1, newPassword: 'b' }],
  ['257 characters', { currentPassword: 'a', newPassword: 'x'.repeat(257) }],
])('a change with %s is refused', async (_what, payload) => {
  const { headers } = await newcomer(stage)
  const refused = await stage.app.inject({
    method: 'PUT',
    url: '/v1/accounts/me/password',
    headers,
    payload,
  })
  expect(refused.json()).toMatchObject({ status: 422, code: 'validation-failed' })
})

test('the rules for the own password are shown with the parameter versions', async () => {
  const { headers } = await newcomer(stage, { administratorRole: 'SYSTEM_ADMIN' })
  const policy = await stage.app.inject({ url: '/v1/accounts/me/password-policy', headers })
  expect(policy.json()).toEqual({
    profile: 'gbt22239-level3',
    minLength: 12,
    classes: 4,
    history: 10,
    historyDays: 450,
    maxLength: 256,
    maxAgeDays: 90,
    versions: {
      'identity.password.profile': 0,
      'identity.password.admin_min_length': 0,
      'identity.password.classes': 0,
      'identity.password.admin_history': 0,
      'identity.password.history_age': 0,
      'identity.password.max_age': 0,
    },
  })
})

test('a password counts as received: spaces, NUL, 64 characters and more', async () => {
  for (const password of [' Kt4# vbQ9 ', 'Kt4#\u0000vbQ9', `Kt4#${'vb Q9'.repeat(40)}`]) {
    const hash = await hashPassword(password)
    expect(await verifyPassword(hash, password)).toBe(true)
    expect(await verifyPassword(hash, password.trim())).toBe(password === password.trim())
    expect(await verifyPassword(hash, password.slice(0, -1))).toBe(false)
  }
})

test('a token of a machine has no password to change', async () => {
  const headers = bearer({
    roles: ['SCRIPT'],
    kind: 'client',
    sid: null,
    exp: stillValid(stage),
  })
  expect((await change(headers, NEXT)).json()).toMatchObject({ code: 'permission-missing' })
})

test('the longest history that may be asked for is kept, and no more', async () => {
  const account = await addAccount(stage)
  await setPassword(stage, account)
  await stage.db.query(
    `insert into credential (id, account_id, kind, hash, policy, set_at, ended_at)
     select gen_random_uuid(), account_id, kind, hash, policy, set_at - n * interval '1 day', set_at
       from credential, generate_series(1, 60) as n where account_id = $1`,
    [account.id],
  )
  await runTask(stage, 'forget-ended-sessions')
  const kept: { ended_at: Date | null }[] = await stage.db.query(
    'select ended_at from credential where account_id = $1 order by set_at desc',
    [account.id],
  )
  expect(kept).toHaveLength(50)
  expect(kept[0]?.ended_at).toBeNull()
})

test('more passwords at once than can wait are told to come back', async () => {
  const outcomes = await Promise.allSettled(
    Array.from({ length: 210 }, () => hashPassword('Kt4#vbQ9')),
  )
  const refused = outcomes.filter((outcome) => outcome.status === 'rejected')
  expect(refused.map(({ reason }) => (reason as { code: string }).code)).toEqual(
    Array.from({ length: 8 }, () => 'unavailable'),
  )
  expect(await verifyPassword(await hashPassword('again'), 'again')).toBe(true)
})
