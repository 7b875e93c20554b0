import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { queuedEvents } from '@erp-steward/test-kit/queued-events'
import { refusal } from '@erp-steward/test-kit/requests'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { caller } from '@erp-steward/test-kit/tokens'
import {
  addAccount,
  claimsOf,
  deviceOf,
  GOOD_PASSWORD,
  identityStage,
  newcomer,
  refreshed,
  setPassword,
  setUpFactor,
  signedIn,
  trySignIn,
} from '../account-stage.ts'
import { approve, call, type ChangeView } from '../directory-stage.ts'

let stage: TestService
beforeAll(async () => {
  stage = await identityStage()
})
afterAll(() => stage.release())

const admin = (role: 'SYSTEM_ADMIN' | 'SECURITY_ADMIN' | 'AUDIT_ADMIN', claims = {}) =>
  caller({ roles: [role], person: randomUUID(), ...claims })
const ask = (accountId: string, headers: Record<string, string>) =>
  call(stage, {
    method: 'POST',
    url: '/v1/account-changes',
    headers,
    payload: { change: { kind: 'reset-second-factor', accountId }, reason: 'Telephone lost.' },
  })
const asked = async (accountId: string, headers: Record<string, string>) => {
  const answer = await ask(accountId, headers)
  if (answer.statusCode !== 202) throw new Error(answer.body)
  return answer.json<ChangeView>()
}

test('[A-2.2.1] a lost second factor is reset by two, whose owner then signs in with the password and sets up another', async () => {
  const { account, headers, ...tokens } = await newcomer(stage, { roles: ['BUSINESS_OWNER'] })
  const { recoveryCodes } = await setUpFactor(stage, headers)
  const [first, second] = [admin('SYSTEM_ADMIN'), admin('SECURITY_ADMIN')]
  const change = await asked(account.id, first)
  // Asking has no effect.
  expect((await refreshed(stage, tokens)).mustSetUpSecondFactor).toBe(false)
  expect(await refusal(approve(stage, change, first))).toEqual([409, 'same-person'])
  expect((await approve(stage, change, second)).statusCode).toBe(200)
  // Sessions and tokens are void, and so is the sheet of recovery codes.
  const own = call(stage, { method: 'GET', url: '/v1/me', headers })
  expect((await refusal(own))[0]).toBe(401)
  const opened = await trySignIn(stage, account, GOOD_PASSWORD, '127.0.0.1', recoveryCodes[0])
  expect(opened.statusCode).toBe(201)
  const claims = claimsOf(opened.json<{ accessToken: string }>().accessToken)
  expect(claims.amr).toEqual(['pwd'])
  expect(claims.coolingUntil).toBe(Math.floor(stage.now.getTime() / 1_000) + 86_400)
  const [reset] = (await queuedEvents(stage.db))
    .filter(({ subject, type }) => subject === account.id && type.includes('second-factor'))
    .slice(-1)
  expect(reset?.data).toMatchObject({ step: 'reset', personId: account.personId })
})

test('[A-2.2.1] of one administrator the two others do it, in either order; nobody asks or decides for himself', async () => {
  const security = await addAccount(stage, { administratorRole: 'SECURITY_ADMIN' })
  await setPassword(stage, security)
  const own = admin('SECURITY_ADMIN', { sub: security.id })
  expect(await refusal(ask(security.id, own))).toEqual([409, 'same-person'])
  const change = await asked(security.id, admin('AUDIT_ADMIN'))
  expect(await refusal(approve(stage, change, own))).toEqual([409, 'same-person'])
  expect(await refusal(approve(stage, change, caller({ roles: ['OM_AUTHORITY'] })))).toEqual([
    403,
    'permission-missing',
  ])
  expect((await approve(stage, change, admin('SYSTEM_ADMIN'))).statusCode).toBe(200)
  const due = await signedIn(stage, security)
  expect(due.mustSetUpSecondFactor).toBe(true)
  await setUpFactor(stage, due.headers)
  // Twice in a row there is nothing to reset but the new one.
  expect(deviceOf(stage, security)).toBeDefined()
})

test('[A-2.2.1] what is not there is not reset, and of two approvals at once one has the effect', async () => {
  const { account, headers } = await newcomer(stage)
  const nothing = await ask(account.id, admin('SYSTEM_ADMIN'))
  expect([nothing.statusCode, nothing.json<{ code: string }>().code]).toEqual([
    409,
    'second-factor-state',
  ])
  await setUpFactor(stage, headers)
  const change = await asked(account.id, admin('SYSTEM_ADMIN'))
  const decided = await Promise.all([
    approve(stage, change, admin('SECURITY_ADMIN')),
    approve(stage, change, admin('AUDIT_ADMIN')),
  ])
  expect(decided.map(({ statusCode }) => statusCode).toSorted()).toEqual([200, 409])
})

test('[A-2.1.1] after a reset neither who asked nor who decided vouches for the owner; a third ends the cooling time', async () => {
  const { account, headers } = await newcomer(stage, { roles: ['BUSINESS_OWNER'] })
  await setUpFactor(stage, headers)
  const [first, second, third] = [
    admin('AUDIT_ADMIN'),
    admin('SECURITY_ADMIN', { sub: randomUUID() }),
    admin('AUDIT_ADMIN'),
  ]
  await approve(stage, await asked(account.id, first), second)
  const vouch = (by: Record<string, string>) =>
    call(stage, {
      method: 'POST',
      url: `/v1/accounts/${account.id}/confirm-identity`,
      headers: by,
      payload: { how: 'Met in person.' },
    })
  expect(await refusal(vouch(first))).toEqual([409, 'same-person'])
  expect(await refusal(vouch(second))).toEqual([409, 'same-person'])
  expect((await vouch(third)).statusCode).toBe(204)
  const opened = await signedIn(stage, account)
  expect(claimsOf(opened.accessToken).coolingUntil).toBeNull()
})
