import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { queuedEvents } from '@erp-steward/test-kit/queued-events'
import { runTask } from '@erp-steward/test-kit/run-task'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { bearer } from '@erp-steward/test-kit/tokens'
import {
  addAccount,
  GOOD_PASSWORD,
  identityStage,
  newcomer,
  pass,
  setPassword,
  signedIn,
  stillValid,
} from '../account-stage.ts'

let stage: TestService
beforeAll(async () => {
  stage = await identityStage()
})
afterAll(() => stage.release())

const DAY = 86_400_000
const as = (
  role: 'SYSTEM_ADMIN' | 'SECURITY_ADMIN' | 'AUDIT_ADMIN' | 'OM_AUTHORITY' | 'END_USER',
) => bearer({ roles: [role], exp: stillValid(stage) })

interface Listed {
  readonly items: readonly Record<string, unknown>[]
  readonly next: string | null
}
const list = async (query: Record<string, string>, headers = as('AUDIT_ADMIN')) =>
  stage.app.inject({ url: '/v1/accounts/sessions', query, headers })
const listed = async (query: Record<string, string>) => (await list(query)).json<Listed>()
const end = (id: string, headers = as('SECURITY_ADMIN')) =>
  stage.app.inject({
    method: 'POST',
    url: `/v1/accounts/sessions/${id}/end`,
    headers,
    payload: { reason: 'Nobody sits there.' },
  })

test('[A-2.1.6] the own sessions have their device, by the name given or by what the program says', async () => {
  const account = await addAccount(stage)
  await setPassword(stage, account)
  const userAgent =
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0 Safari/537.36'
  const enter = (more: object) =>
    stage.app.inject({
      method: 'POST',
      url: '/v1/sessions',
      headers: { 'user-agent': userAgent },
      payload: { userName: account.userName, password: GOOD_PASSWORD, ...more },
    })
  expect((await enter({})).statusCode).toBe(201)
  pass(stage, 1_000)
  const { accessToken } = (await enter({ deviceName: '会计部二号机' })).json<{
    accessToken: string
  }>()
  const own = (query: Record<string, string>) =>
    stage.app
      .inject({ url: '/v1/sessions', query, headers: { authorization: `Bearer ${accessToken}` } })
      .then((answer) => answer.json<Listed>())
  expect((await own({})).items).toEqual([
    expect.objectContaining({ device: '会计部二号机', sourceIp: '127.0.0.1', endedAt: null }),
  ])
  expect((await own({ state: 'ended' })).items).toEqual([
    expect.objectContaining({ device: 'Chrome, Windows', userAgent, endReason: 'evicted' }),
  ])
  expect((await enter({ deviceName: 'A\nB' })).statusCode).toBe(422)
  expect((await enter({ deviceName: 'x'.repeat(61) })).statusCode).toBe(422)
})

test('[A-4.3.4] administrators see sessions of everybody with the reason of the end, page by page; others do not', async () => {
  const { account } = await newcomer(stage)
  for (let n = 0; n < 4; n += 1) {
    pass(stage, 1_000)
    await signedIn(stage, account)
  }
  const first = await listed({ accountId: account.id, limit: '3' })
  expect(first.items.map(({ endReason }) => endReason)).toEqual([null, 'evicted', 'evicted'])
  expect(first.items[0]).toMatchObject({ accountId: account.id, personId: account.personId })
  const rest = await listed({ accountId: account.id, limit: '3', cursor: first.next ?? '' })
  expect(rest.items).toHaveLength(2)
  expect(rest.next).toBeNull()
  const none = await listed({ personId: account.personId ?? '', endReason: 'idle' })
  expect(none.items).toEqual([])
  const here = await listed({ sourceIp: '127.0.0.1', accountId: account.id, state: 'open' })
  expect(here.items).toHaveLength(1)
  expect((await list({}, as('SYSTEM_ADMIN'))).statusCode).toBe(200)
  for (const role of ['OM_AUTHORITY', 'END_USER'] as const)
    expect((await list({}, as(role))).statusCode).toBe(403)
})

test('[A-4.3.3] whose range is a unit sees and ends the sessions of its people only', async () => {
  const [one, other] = [await newcomer(stage), await newcomer(stage)]
  const caller = bearer({
    roles: ['SECURITY_ADMIN'],
    range: 'unit',
    unit: one.account.unitId,
    exp: stillValid(stage),
  })
  const { items } = (await list({}, caller)).json<Listed>()
  expect(items.map(({ accountId }) => accountId)).toEqual([one.account.id])
  const [{ id } = { id: '' }] = (await listed({ accountId: other.account.id })).items
  expect((await end(String(id), caller)).json()).toMatchObject({ code: 'not-found' })
})

test('[A-2.1.7] an administrator ends the session of somebody, once, with a reason, and its token is void', async () => {
  const { account, headers } = await newcomer(stage)
  const [{ id } = { id: '' }] = (await listed({ accountId: account.id })).items
  expect((await end(String(id), as('AUDIT_ADMIN'))).statusCode).toBe(403)
  const answers = await Promise.all([end(String(id)), end(String(id))])
  expect(answers.map(({ statusCode }) => statusCode).toSorted()).toEqual([204, 404])
  const late = await stage.app.inject({ url: '/v1/me', headers })
  expect(late.json()).toMatchObject({ code: 'token-revoked' })
  const facts = (await queuedEvents(stage.db)).filter(
    ({ type, subject }) => type === 'identity.account.session-ended.v1' && subject === account.id,
  )
  expect(facts.map(({ data }) => data)).toMatchObject([
    { reason: 'ended-by-administrator', because: 'Nobody sits there.' },
  ])
  expect((await end(randomUUID())).json()).toMatchObject({ code: 'not-found' })
})

test('[A-4.3.4] an ended session is readable with its reason for 180 days, its tokens are gone after a week', async () => {
  const [{ account, headers }, open] = [await newcomer(stage), await newcomer(stage)]
  await stage.app.inject({ method: 'DELETE', url: '/v1/sessions/current', headers })
  const tokens = () =>
    stage.db
      .query(
        'select from refresh_token join session on session.id = session_id where account_id = $1',
        [account.id],
      )
      .then((rows: unknown[]) => rows.length)
  pass(stage, 7 * DAY)
  await runTask(stage, 'forget-ended-sessions')
  expect(await tokens()).toBe(1)
  pass(stage, 1_000)
  await runTask(stage, 'forget-ended-sessions')
  expect(await tokens()).toBe(0)
  pass(stage, 173 * DAY - 1_000)
  await runTask(stage, 'forget-ended-sessions')
  expect((await listed({ accountId: account.id })).items).toMatchObject([
    { endReason: 'signed-out' },
  ])
  pass(stage, 1_000)
  await runTask(stage, 'forget-ended-sessions')
  expect((await listed({ accountId: account.id })).items).toEqual([])
  expect((await listed({ accountId: open.account.id })).items).toHaveLength(1)
})
