import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Role } from '@erp-steward/contracts/permissions'
import { setParameter } from '@erp-steward/service-kit/parameters'
import { queuedEvents } from '@erp-steward/test-kit/queued-events'
import { testAct } from '@erp-steward/test-kit/test-act'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { bearer, type TestCaller } from '@erp-steward/test-kit/tokens'
import { restoreAdministrator } from '../../src/accounts/restore-administrator.ts'
import {
  addAccount,
  claimPassword,
  claimsOf,
  identityStage,
  newcomer,
  pass,
  signedIn,
  stillValid,
  trySignIn,
} from '../account-stage.ts'
import { as, call, ok, refusal } from '../directory-stage.ts'

let stage: TestService
beforeAll(async () => {
  stage = await identityStage()
})
afterAll(() => stage.release())

const HOUR = 3_600_000
const CHOSEN = 'Blau-8-mutig-Dachs'
interface Headers {
  readonly authorization: string
  readonly [name: string]: string
}

const post = (url: string, headers: Headers, payload?: object) =>
  call(stage, { method: 'POST', url, headers, ...(payload !== undefined && { payload }) })
const first = (id: string, headers: Headers) => post(`/v1/accounts/${id}/initial-password`, headers)
const second = (id: string, headers: Headers) =>
  post(`/v1/accounts/${id}/initial-password/second-half`, headers)
const confirm = (id: string, headers: Headers) =>
  post(`/v1/accounts/${id}/confirm-identity`, headers, { how: 'Met in person, with a badge.' })
const codeOf = async (answer: ReturnType<typeof post>) =>
  (await ok<{ claimCode: string }>(answer)).claimCode
const SYS = () => as('SYSTEM_ADMIN')
const SEC = () => as('SECURITY_ADMIN')
const AUD = () => as('AUDIT_ADMIN')
const of = (role: Role, claims: Partial<TestCaller> = {}) =>
  bearer({ roles: [role], exp: stillValid(stage), ...claims })

const choose = (headers: Headers, currentPassword: string, newPassword = CHOSEN) =>
  call(stage, {
    method: 'PUT',
    url: '/v1/accounts/me/password',
    headers,
    payload: { currentPassword, newPassword },
  })

/** An account whose owner chose a password in place of one that two administrators issued: it cools. */
async function cooled(options: Parameters<typeof addAccount>[1] = {}) {
  const account = await addAccount(stage, options)
  const initial = await claimPassword(stage, account.id, SEC(), SYS())
  const { headers } = await signedIn(stage, account, initial)
  expect((await choose(headers, initial)).statusCode).toBe(204)
  return account
}

test('[A-2.2.3] nobody reads an initial password whole: each half alone opens nothing', async () => {
  const account = await addAccount(stage)
  const issued = await first(account.id, SEC())
  expect([issued.statusCode, issued.headers['cache-control']]).toEqual([202, 'no-store'])
  const { half, claimCode } = issued.json<{ half: string; claimCode: string }>()
  expect(half).toBe('first')
  expect((await trySignIn(stage, account, claimCode)).statusCode).toBe(401)
  const other = await codeOf(second(account.id, SYS()))
  for (const wrong of [other, `${other}-${claimCode}`, `${claimCode}${other}`])
    expect((await trySignIn(stage, account, wrong)).statusCode).toBe(401)
  expect((await trySignIn(stage, account, `${claimCode}-${other}`)).json()).toMatchObject({
    mustChangePassword: true,
  })
  const stored: unknown[] = await stage.db.query(
    `select from outbox where payload::text like '%' || $1 || '%' or payload::text like '%' || $2 || '%'
     union all select from idempotency_key where body::text like '%' || $1 || '%'
     union all select from credential_reset r where r::text like '%' || $1 || '%' or r::text like '%' || $2 || '%'`,
    [claimCode, other],
  )
  expect(stored).toEqual([])
})

test('[A-2.1.1] one administrator alone neither completes the own half nor locks the owner out', async () => {
  const { account, headers } = await newcomer(stage)
  await ok(first(account.id, SEC()))
  expect(await refusal(second(account.id, SEC()))).toEqual([409, 'same-person'])
  // The same role in another hand is no other role, and the same person under another account is no other person.
  expect(await refusal(second(account.id, of('SECURITY_ADMIN')))).toEqual([
    403,
    'half-not-for-role',
  ])
  const person = (await addAccount(stage)).personId
  await ok(first(account.id, of('SYSTEM_ADMIN', { person })))
  expect(await refusal(second(account.id, of('SECURITY_ADMIN', { person })))).toEqual([
    409,
    'same-person',
  ])
  const own = call(stage, { method: 'GET', url: '/v1/sessions', headers })
  expect((await own).statusCode).toBe(200)
  expect((await trySignIn(stage, account)).statusCode).toBe(201)
})

test('[A-2.1.1] the second half ends the earlier password and its sessions', async () => {
  const { account, headers } = await newcomer(stage)
  await claimPassword(stage, account.id, SYS(), SEC())
  const own = call(stage, { method: 'GET', url: '/v1/sessions', headers })
  expect(await refusal(own)).toEqual([401, 'token-revoked'])
  expect((await trySignIn(stage, account)).statusCode).toBe(401)
})

test.each([
  ['SYSTEM_ADMIN', 'SECURITY_ADMIN', 'AUDIT_ADMIN'],
  ['SECURITY_ADMIN', 'SYSTEM_ADMIN', 'AUDIT_ADMIN'],
  ['AUDIT_ADMIN', 'SYSTEM_ADMIN', 'SECURITY_ADMIN'],
] as const)(
  '[A-2.1.1] a %s is reset by the two others only, in either order',
  async (administratorRole, one, other) => {
    const account = await addAccount(stage, { administratorRole })
    expect(await refusal(first(account.id, of(administratorRole)))).toEqual([
      403,
      'half-not-for-role',
    ])
    await ok(first(account.id, as(one)))
    expect(await refusal(second(account.id, of(administratorRole)))).toEqual([
      403,
      'half-not-for-role',
    ])
    expect(await refusal(second(account.id, of('OM_AUTHORITY')))).toEqual([
      403,
      'half-not-for-role',
    ])
    await ok(second(account.id, as(other)))
    await claimPassword(stage, account.id, as(other), as(one))
  },
)

test('[A-2.1.1] nobody issues a half for the own account, whatever the account', async () => {
  const security = await addAccount(stage, { administratorRole: 'SECURITY_ADMIN' })
  expect(await refusal(first(security.id, of('SECURITY_ADMIN', { sub: security.id })))).toEqual([
    409,
    'same-person',
  ])
  const account = await addAccount(stage)
  const self = { person: account.personId }
  expect(await refusal(first(account.id, of('SYSTEM_ADMIN', self)))).toEqual([409, 'same-person'])
  await ok(first(account.id, SYS()))
  expect(await refusal(second(account.id, of('OM_AUTHORITY', self)))).toEqual([409, 'same-person'])
})

test('[A-2.1.1] of people the second half also goes to the authority and to the leader of the own unit, to no other', async () => {
  const account = await addAccount(stage)
  const other = await addAccount(stage)
  await ok(first(account.id, SEC()))
  const leader = (unit: string | null) => of('BUSINESS_OWNER', { unit, range: 'unit' })
  expect(await refusal(second(account.id, leader(other.unitId)))).toEqual([404, 'not-found'])
  expect(await refusal(second(account.id, AUD()))).toEqual([403, 'half-not-for-role'])
  expect(await refusal(second(account.id, of('KEY_USER')))).toEqual([403, 'permission-missing'])
  await ok(second(account.id, leader(account.unitId)))
  await ok(first(other.id, SYS()))
  await ok(second(other.id, of('OM_AUTHORITY')))
})

test('[A-2.2.3] a half that waits too long opens nothing more, and there is no second without a first', async () => {
  const account = await addAccount(stage)
  expect(await refusal(second(account.id, SYS()))).toEqual([409, 'first-half-missing'])
  await ok(first(account.id, SEC()))
  pass(stage, 72 * HOUR)
  expect(await refusal(second(account.id, of('SYSTEM_ADMIN')))).toEqual([409, 'first-half-missing'])
})

test('[A-2.2.3] of second halves asked for at once one is issued', async () => {
  const account = await addAccount(stage)
  await ok(first(account.id, of('SECURITY_ADMIN')))
  const answers = await Promise.all([1, 2, 3].map(() => second(account.id, of('SYSTEM_ADMIN'))))
  expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([201, 409, 409])
})

test('[A-2.2.3] an initial password past its time opens nothing: no sign-in, no change, no refresh', async () => {
  const account = await addAccount(stage)
  const initial = await claimPassword(stage, account.id, of('SECURITY_ADMIN'), of('SYSTEM_ADMIN'))
  pass(stage, 72 * HOUR - 60_000)
  const session = await signedIn(stage, account, initial)
  expect(session.expiresIn).toBeLessThanOrEqual(60)
  pass(stage, 60_000)
  expect((await trySignIn(stage, account, initial)).statusCode).toBe(401)
  const token = claimsOf(session.accessToken)
  const late = bearer({
    ...(token as unknown as TestCaller),
    roles: [],
    permissions: ['password.change'],
    exp: stillValid(stage),
  })
  expect(await refusal(choose(late, initial))).toEqual([401, 'sign-in-refused'])
  const refreshed = await stage.app.inject({
    method: 'POST',
    url: '/v1/tokens/refresh',
    payload: { refreshToken: session.refreshToken },
  })
  expect(refreshed.json()).toMatchObject({ code: 'refresh-refused' })
})

test('[A-2.1.1] whoever chose a password after a reset may not approve until the cooling time is over', async () => {
  const account = await cooled({ administratorRole: null, roles: ['OM_AUTHORITY'] })
  const claim = async () => claimsOf((await signedIn(stage, account, CHOSEN)).accessToken)
  const until = stage.now.getTime() / 1_000 + 24 * 3_600
  expect(await claim()).toMatchObject({ coolingUntil: until })
  const { headers } = await signedIn(stage, account, CHOSEN)
  const other = await addAccount(stage)
  expect(await refusal(second(other.id, headers))).toEqual([403, 'approval-cooling'])
  pass(stage, 24 * HOUR - 1)
  expect(await claim()).toMatchObject({ coolingUntil: until })
  pass(stage, 1)
  expect(await claim()).toMatchObject({ coolingUntil: null })
})

test('[A-2.1.1] a third person ends the cooling time, and nobody else', async () => {
  const account = await cooled()
  const other = await addAccount(stage)
  const leader = (unit: string | null, claims: Partial<TestCaller> = {}) =>
    of('BUSINESS_OWNER', { unit, range: 'unit', ...claims })
  expect(await refusal(confirm(account.id, SEC()))).toEqual([409, 'same-person'])
  expect(await refusal(confirm(account.id, SYS()))).toEqual([403, 'permission-missing'])
  expect(await refusal(confirm(account.id, leader(other.unitId)))).toEqual([404, 'not-found'])
  const self = leader(account.unitId, { person: account.personId })
  expect(await refusal(confirm(account.id, self))).toEqual([409, 'same-person'])
  expect((await confirm(account.id, AUD())).statusCode).toBe(204)
  expect(claimsOf((await signedIn(stage, account, CHOSEN)).accessToken)).toMatchObject({
    coolingUntil: null,
  })
  expect(await refusal(confirm(account.id, AUD()))).toEqual([409, 'account-not-cooling'])
})

test('[A-2.1.1] how long it cools is a parameter that cannot be switched off', async () => {
  const set = (value: string) =>
    stage.db.transaction((tx) =>
      setParameter(
        tx,
        'identity',
        { key: 'identity.password.cooling', unitId: null, value, reason: 'test' },
        0,
        testAct({ now: stage.now }),
      ),
    )
  for (const value of ['PT0S', 'PT59M', 'P8D'])
    await expect(set(value)).rejects.toMatchObject({ code: 'parameter-refused' })
})

test('[A-2.1.1][A-4.3.3] each reset is a case with everybody who had a hand in it, and its steps are facts', async () => {
  const account = await cooled()
  await confirm(account.id, AUD())
  const url = `/v1/credential-resets?accountId=${account.id}`
  const list = (headers: Headers) => call(stage, { method: 'GET', url, headers })
  const { items } = await ok<{ items: Record<string, unknown>[] }>(list(AUD()))
  expect(items).toMatchObject([
    { state: 'chosen', firstRole: 'SECURITY_ADMIN', secondRole: 'SYSTEM_ADMIN' },
  ])
  expect(items[0]).toMatchObject({
    confirmedAt: stage.now.toISOString(),
    confirmation: 'Met in person, with a badge.',
  })
  expect(JSON.stringify(items)).not.toContain('igest')
  expect(await refusal(list(SYS()))).toEqual([403, 'permission-missing'])
  const steps = (await queuedEvents(stage.db))
    .filter(({ subject, type }) => subject === account.id && type.includes('credential-reset'))
    .map(({ data }) => (data as { step: string }).step)
  expect(steps).toEqual([
    'first-half-issued',
    'second-half-issued',
    'password-chosen',
    'identity-confirmed',
  ])
})

test('[A-2.1.1] a password issued at the host cools and is a case too', async () => {
  const { account } = await newcomer(stage, { administratorRole: 'SECURITY_ADMIN' })
  const act = testAct({ now: stage.now, actor: 'host:root', personId: null, role: 'HOST_OPERATOR' })
  const password = await stage.db.transaction((tx) =>
    restoreAdministrator(tx, account.userName, act),
  )
  const { headers } = await signedIn(stage, account, password)
  expect((await choose(headers, password)).statusCode).toBe(204)
  expect(claimsOf((await signedIn(stage, account, CHOSEN)).accessToken).coolingUntil).toBe(
    stage.now.getTime() / 1_000 + 24 * 3_600,
  )
  const url = `/v1/credential-resets?accountId=${account.id}`
  const { items } = await ok<{ items: object[] }>(
    call(stage, { method: 'GET', url, headers: AUD() }),
  )
  expect(items).toMatchObject([{ firstBy: 'host:root', state: 'chosen', secondBy: null }])
})

test('[A-2.2.4] no set of rules does without letters, digits and special characters, and weaker passwords are changed at sign-in', async () => {
  const { account, headers } = await newcomer(stage)
  const set = (value: string, version: number) =>
    stage.db.transaction((tx) =>
      setParameter(
        tx,
        'identity',
        { key: 'identity.password.profile', unitId: account.unitId, value, reason: 'test' },
        version,
        testAct({ now: stage.now }),
      ),
    )
  await set('nist-800-63b-4', 0)
  const change = (newPassword: string) => choose(headers, 'Grün-7-tapfer-Igel', newPassword)
  expect(await refusal(change('correcthorsebattery'))).toEqual([422, 'password-refused'])
  expect(await refusal(change('kT4#vbQ9xwRt7!'))).toEqual([422, 'password-refused'])
  // The one in force was taken under shorter rules.
  expect((await trySignIn(stage, account)).json()).toMatchObject({ mustChangePassword: true })
  await stage.db.query(
    `update credential set policy = policy || '{"classes": 0, "minLength": 15}' where account_id = $1`,
    [account.id],
  )
  await set('gbt22239-level3', 1)
  expect((await trySignIn(stage, account)).json()).toMatchObject({ mustChangePassword: true })
})
