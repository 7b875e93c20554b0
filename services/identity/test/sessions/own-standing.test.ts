import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { TEST_INTERNAL_TOKEN, type TestService } from '@erp-steward/test-kit/test-service'
import { bearer } from '@erp-steward/test-kit/tokens'
import {
  addAccount,
  claimsOf,
  giveInitialPassword,
  identityStage,
  newcomer,
  setPassword,
  signedIn,
  stillValid,
} from '../account-stage.ts'

let stage: TestService
beforeAll(async () => {
  stage = await identityStage()
})
afterAll(() => stage.release())

const me = (headers: Record<string, string>) => stage.app.inject({ url: '/v1/me', headers })

test('a person is told who it is, its rights, their range and its time', async () => {
  const { account, accessToken, headers } = await newcomer(stage, { roles: ['KEY_USER'] })
  const answer = await me(headers)
  expect(answer.statusCode).toBe(200)
  const { permissions, tokenEndsAt, unit, session, ...others } = answer.json<{
    permissions: string[]
    tokenEndsAt: string
    unit: Record<string, string>
    session: Record<string, string>
  }>()
  expect(others).toEqual({
    id: account.id,
    kind: 'person',
    userName: account.userName,
    name: 'Person',
    personId: account.personId,
    range: 'unit',
    roles: ['KEY_USER'],
    mustChangePassword: false,
    mustSetUpSecondFactor: false,
    secondFactorUntil: null,
    mayApproveFrom: null,
  })
  const claims = claimsOf(accessToken)
  expect(permissions).toEqual((claims.permissions as string[]).toSorted())
  expect(Date.parse(tokenEndsAt)).toBe(Number(claims.exp) * 1_000)
  expect([unit.id, Object.keys(unit).toSorted()]).toEqual([account.unitId, ['code', 'id', 'name']])
  expect(session.id).toBe(claims.sid)
  expect(Date.parse(session.idleAt ?? '')).toBeLessThan(Date.parse(session.endsAt ?? ''))
})

test('[A-2.2.3] a first sign-in is told that the password must be changed, and by everything else how', async () => {
  const account = await addAccount(stage, { roles: ['OM_AUTHORITY'] })
  const { headers } = await signedIn(stage, account, await giveInitialPassword(stage, account))
  expect((await me(headers)).json()).toMatchObject({
    mustChangePassword: true,
    roles: [],
    permissions: ['password.change'],
  })
  const refusals = await Promise.all(
    ['en', 'zh-CN'].map((language) =>
      stage.app.inject({
        url: '/v1/persons',
        headers: { ...headers, 'accept-language': language },
      }),
    ),
  )
  expect(refusals.map((answer) => answer.json<object>())).toEqual([
    expect.objectContaining({
      code: 'permission-missing',
      detail: expect.stringMatching(
        /^Choose your own password first: PUT \/v1\/accounts\/me\/password\./,
      ) as unknown,
    }),
    expect.objectContaining({
      detail: expect.stringMatching(
        /^请先设置您自己的密码：PUT \/v1\/accounts\/me\/password/,
      ) as unknown,
    }),
  ])
})

test('[A-2.2.7] whoever was pushed out by a newer sign-in is told so, in both languages', async () => {
  const account = await addAccount(stage)
  await setPassword(stage, account)
  const { headers } = await signedIn(stage, account)
  for (let newer = 0; newer < 10; newer += 1) await signedIn(stage, account)
  const refused = await me(headers)
  expect([refused.statusCode, refused.json()]).toMatchObject([
    401,
    {
      code: 'token-revoked',
      detail: 'More sessions of the account were open than are allowed, and this one ended.',
    },
  ])
  const chinese = await me({ ...headers, 'accept-language': 'zh-CN' })
  expect(chinese.json()).toMatchObject({ detail: '该账号的会话数超过上限，本会话因此结束。' })
  const told = await stage.app.inject({
    url: '/internal/revocations',
    headers: { authorization: `Bearer ${TEST_INTERNAL_TOKEN}` },
  })
  expect(told.json<{ sessions: object[] }>().sessions).toContainEqual({
    id: expect.any(String) as unknown,
    reason: 'evicted',
  })
})

test('a client is told its name and that it has no session; whoever is nobody here is told so', async () => {
  const id = 'b7a9c6de-4f0e-4a57-9a43-0d1c9f6f2c11'
  await stage.db.query(
    `insert into client (id, name, role, unit_id, status, epoch, version, created_at)
     values ($1, 'HR feed', 'SCRIPT', null, 'active', 0, 1, $2)`,
    [id, stage.now],
  )
  const headers = bearer({ roles: ['SCRIPT'], sub: id, kind: 'client', exp: stillValid(stage) })
  expect((await me(headers)).json()).toMatchObject({
    id,
    kind: 'client',
    userName: null,
    name: 'HR feed',
    session: null,
  })
  expect((await me({})).statusCode).toBe(401)
})
