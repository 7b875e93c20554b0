import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { setParameter } from '@erp-steward/service-kit/parameters'
import { testAct } from '@erp-steward/test-kit/test-act'
import type { TestService } from '@erp-steward/test-kit/test-service'
import {
  addAccount,
  claimsOf,
  deviceOf,
  GOOD_PASSWORD,
  identityStage,
  newcomer,
  pass,
  refreshed,
  setPassword,
  setUpFactor,
  signedIn,
  trySignIn,
} from '../account-stage.ts'
import { addFrontEnd, CALLBACK, postForm } from '../tokens/client-stage.ts'

let stage: TestService
beforeAll(async () => {
  stage = await identityStage()
})
afterAll(() => stage.release())

const MINUTE = 60_000
const OWN = '/v1/accounts/me/second-factor'
const SOMEBODY = '7d3a1c8e-52ab-4a83-9d10-7e5c0d6f3b21'

/** An administrator of before: with a password and without a second factor. */
async function administratorOfBefore(administratorRole: 'SYSTEM_ADMIN' | 'SECURITY_ADMIN') {
  const account = await addAccount(stage, { administratorRole })
  await setPassword(stage, account)
  await stage.db.query('delete from second_factor where account_id = $1', [account.id])
  const opened = await trySignIn(stage, account, GOOD_PASSWORD, '127.0.0.1', null)
  const tokens = opened.json<{ accessToken: string; refreshToken: string }>()
  return { account, ...tokens, headers: { authorization: `Bearer ${tokens.accessToken}` } }
}
const read = (url: string, headers: Record<string, string>) => stage.app.inject({ url, headers })
const post = (url: string, headers: Record<string, string>, payload: object) =>
  stage.app.inject({ method: 'POST', url, headers, payload })
/** A decision that nobody is hurt by: there is no such account. */
const decide = (headers: Record<string, string>) =>
  post(`/v1/accounts/${SOMEBODY}/unlock`, headers, { reason: 'Called back.' })
const codeOf = ({ json }: { json: () => unknown }) => (json() as { code?: string }).code

test('[A-2.2.1] an administrator without a second factor may set one up after signing in, and nothing else', async () => {
  const { headers, accessToken, ...tokens } = await administratorOfBefore('SYSTEM_ADMIN')
  expect(claimsOf(accessToken)).toMatchObject({
    ...{ roles: [], range: 'unit', permissions: ['second-factor.manage'], amr: ['pwd'] },
    secondFactorUntil: null,
  })
  expect((await read('/v1/me', headers)).json()).toMatchObject({ mustSetUpSecondFactor: true })
  const refused = await read('/v1/units', headers)
  expect([refused.statusCode, codeOf(refused)]).toEqual([403, 'permission-missing'])
  expect(refused.json()).toMatchObject({
    detail: expect.stringMatching(/^Set up your second factor first: POST/) as unknown,
  })
  // A refresh is no way around it.
  const again = await refreshed(stage, tokens)
  expect(claimsOf(again.accessToken).permissions).toEqual(['second-factor.manage'])
  expect((await read(OWN, again.headers)).json()).toMatchObject({ required: true, setUpAt: null })
  const { device } = await setUpFactor(stage, again.headers)
  const whole = await refreshed(stage, again)
  expect(claimsOf(whole.accessToken)).toMatchObject({
    ...{ roles: ['SYSTEM_ADMIN'], range: 'company', amr: ['pwd', 'otp', 'mfa'] },
    secondFactorUntil: Math.floor(stage.now.getTime() / 1_000) + 3_600,
  })
  expect((await read('/v1/units', whole.headers)).statusCode).toBe(200)
  expect((await read('/v1/me', whole.headers)).json()).toMatchObject({
    mustSetUpSecondFactor: false,
    secondFactorUntil: new Date(stage.now.getTime() + 60 * MINUTE).toISOString(),
  })
  const removed = await post(`${OWN}/removal`, whole.headers, {
    code: device.unusedCode(stage.now),
  })
  expect(codeOf(removed)).toBe('second-factor-state')
})

test('[A-2.2.1] a decision of an administrator wants a code of the last hour, to the second, and says how', async () => {
  const { account, headers, refreshToken } = await newcomer(stage, {
    administratorRole: 'SECURITY_ADMIN',
  })
  const device = deviceOf(stage, account)
  expect(codeOf(await decide(headers))).toBe('account-unknown')
  let tokens = { refreshToken, headers }
  // At work: an administrator's session is idle after ten minutes.
  for (let minutes = 0; minutes < 59; minutes += 4) {
    pass(stage, Math.min(4, 59 - minutes) * MINUTE)
    tokens = await refreshed(stage, tokens)
  }
  expect(codeOf(await decide(tokens.headers))).toBe('account-unknown')
  pass(stage, MINUTE)
  const stale = await decide(tokens.headers)
  expect([stale.statusCode, codeOf(stale)]).toEqual([401, 'second-factor-stale'])
  expect(stale.headers['www-authenticate']).toBe(
    'Bearer error="insufficient_user_authentication", acr_values="aal2"',
  )
  // Reading goes on; renewed tokens are as stale.
  expect((await read('/v1/accounts', tokens.headers)).statusCode).toBe(200)
  tokens = await refreshed(stage, tokens)
  expect(codeOf(await decide(tokens.headers))).toBe('second-factor-stale')
  const code = device?.code(stage.now)
  const proved = await post('/v1/sessions/current/second-factor', tokens.headers, { code })
  expect(proved.statusCode).toBe(204)
  tokens = await refreshed(stage, tokens)
  expect(codeOf(await decide(tokens.headers))).toBe('account-unknown')
})

test('[A-2.2.1] from when it is asked of everyone, open sessions get no further by their next refresh', async () => {
  const { account, headers, refreshToken } = await newcomer(stage)
  expect((await read(OWN, headers)).json()).toMatchObject({ required: false })
  const from = new Date(stage.now.getTime() + 3 * MINUTE)
  const { unitId } = account
  const all = { key: 'identity.second_factor.required', unitId, value: 'everyone' } as const
  await stage.db.transaction((tx) =>
    setParameter(
      tx,
      'identity',
      { ...all, validFrom: from.toISOString(), reason: 'All of us.' },
      0,
      testAct({ now: stage.now }),
    ),
  )
  const before = await refreshed(stage, { refreshToken })
  expect(claimsOf(before.accessToken).roles).toEqual(['END_USER'])
  pass(stage, 3 * MINUTE)
  const after = await refreshed(stage, before)
  expect(claimsOf(after.accessToken)).toMatchObject({
    roles: [],
    permissions: ['second-factor.manage'],
  })
  await setUpFactor(stage, after.headers)
  expect(claimsOf((await refreshed(stage, after)).accessToken).roles).toEqual(['END_USER'])
})

test('[A-2.2.1] a front end gets no code for who has to set one up first, and the page says so', async () => {
  const frontEnd = await addFrontEnd(stage)
  const { account } = await administratorOfBefore('SECURITY_ADMIN')
  const answer = await postForm(stage, '/v1/authorizations', {
    ...{ client_id: frontEnd.id, redirect_uri: CALLBACK, response_type: 'code', scope: 'openid' },
    ...{ code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM' },
    ...{ code_challenge_method: 'S256', user_name: account.userName, password: GOOD_PASSWORD },
  })
  expect(answer.statusCode).toBe(403)
  expect(answer.body).toContain('set it up first')
  const open: unknown[] = await stage.db.query(
    'select from session where account_id = $1 and client_id is not null',
    [account.id],
  )
  expect(open).toEqual([])
  expect((await signedIn(stage, account)).mustSetUpSecondFactor).toBe(true)
})
