import { setImmediate } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { queuedEvents } from '@erp-steward/test-kit/queued-events'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { toldAttention } from '@erp-steward/test-kit/told-attention'
import { bearer } from '@erp-steward/test-kit/tokens'
import type { Account } from '../../src/accounts/account.ts'
import { hashPassword, NOBODYS_HASH, passwordWork } from '../../src/credentials/password-hash.ts'
import { runTask } from '@erp-steward/test-kit/run-task'
import {
  addAccount,
  GOOD_PASSWORD,
  giveInitialPassword,
  identityStage,
  pass,
  setPassword,
  stillValid,
  trySignIn,
} from '../account-stage.ts'

let stage: TestService
beforeAll(async () => {
  stage = await identityStage()
})
afterAll(() => stage.release())

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE
const OFFICE = '10.0.0.7'
/** Another place for each number. */
const place = (n: number) => `203.0.113.${String(n)}`

async function known() {
  const account = await addAccount(stage)
  await setPassword(stage, account)
  return account
}
type Named = Pick<Account, 'userName'>

const enter = (
  { userName }: Named,
  from: string,
  { password = GOOD_PASSWORD, ...more }: { password?: string; deviceToken?: string } = {},
) =>
  stage.app.inject({
    method: 'POST',
    url: '/v1/sessions',
    remoteAddress: from,
    payload: { userName, password, ...more },
  })
const status = async (...of: Parameters<typeof enter>) => (await enter(...of)).statusCode
const guess = async (account: Named, from: string, times = 5) => {
  for (let n = 0; n < times; n += 1) await enter(account, from, { password: 'wrong' })
}
const deviceOf = (answer: Awaited<ReturnType<typeof enter>>) =>
  answer.json<{ deviceToken: string }>().deviceToken
const unlock = ({ id }: Pick<Account, 'id'>) =>
  stage.app.inject({
    method: 'POST',
    url: `/v1/accounts/${id}/unlock`,
    headers: bearer({ roles: ['SECURITY_ADMIN'], exp: stillValid(stage) }),
    payload: { reason: 'Called back on the number we know.' },
  })

test('[A-2.2.2][A-4.2.4] five failures at a place lock that place, the owner comes in from every other one', async () => {
  const account = await known()
  await guess(account, place(1))
  const locked = await enter(account, place(1))
  expect([locked.statusCode, locked.headers['retry-after']]).toEqual([423, '1800'])
  expect(await status(account, place(2))).toBe(201)
})

test('[A-2.2.2] twenty failures at many places lock all but those that the account is known at', async () => {
  const account = await known()
  expect(await status(account, OFFICE)).toBe(201)
  for (const n of [1, 2, 3, 4]) await guess(account, place(n), 5)
  const elsewhere = await enter(account, place(9))
  expect([elsewhere.statusCode, elsewhere.headers['retry-after']]).toEqual([423, '1800'])
  expect(await status(account, OFFICE)).toBe(201)
  const locks = (await queuedEvents(stage.db)).filter(
    ({ type, subject }) => type === 'identity.security.locked.v1' && subject === account.id,
  )
  expect(locks.map(({ data }) => (data as { scope: string }).scope)).toEqual([
    ...['place', 'place', 'place', 'place', 'elsewhere'],
  ])
})

test('[A-2.2.2] nineteen failures at many places do not, and a right password elsewhere forgives none of them', async () => {
  const account = await known()
  for (const n of [1, 2, 3]) await guess(account, place(n), 5)
  await guess(account, place(4), 4)
  expect(await status(account, place(9))).toBe(201)
  // That place is known now and has a budget of its own; the twentieth failure is another's.
  await guess(account, place(5), 1)
  expect(await status(account, place(6))).toBe(423)
  expect(await status(account, place(9))).toBe(201)
})

test('[A-2.2.2] three locks of a day elsewhere hold until the security administrator unlocks, the office stays open', async () => {
  const account = await known()
  expect(await status(account, OFFICE)).toBe(201)
  for (let lock = 0; lock < 3; lock += 1) {
    for (const n of [1, 2, 3, 4]) await guess(account, place(10 * lock + n), 5)
    pass(stage, 31 * MINUTE)
  }
  pass(stage, 2 * DAY)
  await runTask(stage, 'forget-ended-sessions')
  const held = await enter(account, place(99))
  expect([held.statusCode, held.headers['retry-after']]).toEqual([423, undefined])
  expect(await status(account, OFFICE)).toBe(201)
  expect((await unlock(account)).statusCode).toBe(204)
  expect(await status(account, place(99))).toBe(201)
})

test('[A-2.2.2][A-4.2.4] administrators read who is locked where, others do not, and what holds wants a human', async () => {
  const account = await known()
  const deviceToken = deviceOf(await enter(account, OFFICE))
  const list = (
    query: Record<string, string>,
    role: 'AUDIT_ADMIN' | 'OM_AUTHORITY' = 'AUDIT_ADMIN',
  ) =>
    stage.app.inject({
      url: '/v1/accounts/sign-in-locks',
      query: { accountId: account.id, ...query },
      headers: bearer({ roles: [role], exp: stillValid(stage) }),
    })
  const held = () => toldAttention(stage, { kind: 'sign-in-held' })
  const ofThis = async () => (await held()).filter(({ subject }) => subject === account.id)
  for (let lock = 0; lock < 3; lock += 1) {
    expect(await ofThis()).toEqual([])
    pass(stage, 31 * MINUTE)
    await guess(account, place(1))
  }
  for (let n = 0; n < 5; n += 1) await enter(account, OFFICE, { deviceToken, password: 'wrong' })
  const first = (await list({ limit: '1' })).json<{ items: unknown[]; next: string }>()
  expect(first.items).toEqual([
    {
      ...{ accountId: account.id, userName: account.userName, scope: 'place', place: place(1) },
      ...{ deviceId: null, lockedUntil: null, locksOfTheDay: 3 },
    },
  ])
  const second = (await list({ limit: '1', cursor: first.next })).json<{ items: unknown[] }>()
  expect(second.items).toEqual([
    expect.objectContaining({
      ...{ scope: 'device', place: null, deviceId: expect.any(String), locksOfTheDay: 1 },
      lockedUntil: new Date(stage.now.getTime() + 30 * MINUTE).toISOString(),
    }),
  ])
  expect((await list({ cursor: 'WyJ4IiwieSIsImxpc3RTaWduSW5Mb2NrcyJd' })).json()).toMatchObject({
    code: 'cursor-unusable',
  })
  expect((await list({}, 'OM_AUTHORITY')).statusCode).toBe(403)
  expect(await ofThis()).toMatchObject([{ mending: 'unlockAccount', severity: 'warning' }])
  expect((await unlock(account)).statusCode).toBe(204)
  expect(await ofThis()).toEqual([])
  expect((await list({})).json()).toEqual({ items: [], next: null })
})

test('[A-2.2.2] a known device stays open though somebody guesses at the same place, and has its own five', async () => {
  const account = await known()
  const deviceToken = deviceOf(await enter(account, OFFICE))
  await guess(account, OFFICE)
  expect(await status(account, OFFICE)).toBe(423)
  const there = await enter(account, OFFICE, { deviceToken })
  expect(there.statusCode).toBe(201)
  expect(deviceOf(there)).toBe(deviceToken)
  for (let n = 0; n < 5; n += 1)
    expect(await status(account, place(n), { deviceToken, password: 'wrong' })).toBe(401)
  expect(await status(account, place(9), { deviceToken })).toBe(423)
})

test('[A-2.2.2] a device is known of its account only, for 30 days, and not any more when others issue a password', async () => {
  const [account, other] = [await known(), await known()]
  const deviceToken = deviceOf(await enter(account, OFFICE))
  await guess(other, place(1))
  expect(await status(other, place(1), { deviceToken })).toBe(423)
  expect(await status(other, place(1), { deviceToken: 'x'.repeat(43) })).toBe(423)
  pass(stage, 30 * DAY)
  await guess(account, place(1))
  expect(await status(account, place(1), { deviceToken })).toBe(423)
  const again = deviceOf(await enter(account, OFFICE, { deviceToken }))
  const initial = await giveInitialPassword(stage, account)
  const first = await enter(account, OFFICE, { deviceToken: again, password: initial })
  expect(first.json()).toMatchObject({ mustChangePassword: true, deviceToken: null })
  await guess(account, place(2))
  expect(await status(account, place(2), { deviceToken: again, password: initial })).toBe(423)
})

test('[A-2.1.6] of an account ten devices are known; tokens of devices are kept as digests', async () => {
  const account = await known()
  const tokens: string[] = []
  for (let n = 0; n < 11; n += 1) {
    pass(stage, 1_000)
    tokens.push(deviceOf(await enter(account, OFFICE)))
  }
  await guess(account, place(1))
  const [first = '', second = ''] = tokens
  expect(await status(account, place(1), { deviceToken: first })).toBe(423)
  expect(await status(account, place(1), { deviceToken: second })).toBe(201)
  const rows: unknown[] = await stage.db.query('select * from known_device where account_id = $1', [
    account.id,
  ])
  expect(rows).toHaveLength(10)
  const everything = JSON.stringify([rows, await queuedEvents(stage.db)])
  for (const token of tokens) expect(everything).not.toContain(token)
})

test('[A-2.1.5] guesses elsewhere do not keep a signed-in owner from changing the password', async () => {
  const account = await known()
  const opened = await enter(account, OFFICE)
  for (const n of [1, 2, 3, 4]) await guess(account, place(n))
  await guess(account, OFFICE)
  const changed = await stage.app.inject({
    method: 'PUT',
    url: '/v1/accounts/me/password',
    // The telephone has changed networks since.
    remoteAddress: place(7),
    headers: { authorization: `Bearer ${opened.json<{ accessToken: string }>().accessToken}` },
    payload: { currentPassword: GOOD_PASSWORD, newPassword: 'Ganz-9-anderer-Bär' },
  })
  expect(changed.statusCode).toBe(204)
})

test('[A-2.2.2] a network of 64 bits is one place', async () => {
  const account = await known()
  for (let n = 1; n <= 5; n += 1)
    await enter(account, `2001:db8:0:1::${n.toString(16)}`, { password: 'wrong' })
  expect(await status(account, '2001:db8:0:1:ffff::1')).toBe(423)
  expect(await status(account, '2001:db8:0:2::1')).toBe(201)
})

test('[A-2.2.2] what holds of a name that nobody has is forgotten after 30 days, of an account it never is', async () => {
  const account = await known()
  const nobody = { userName: 'NOBODY.HELD' }
  for (let lock = 0; lock < 3; lock += 1) {
    for (const each of [account, nobody]) await guess(each, place(1))
    pass(stage, 31 * MINUTE)
  }
  const codes = async () => [await status(account, place(1)), await status(nobody, place(1))]
  pass(stage, 29 * DAY)
  await runTask(stage, 'forget-ended-sessions')
  expect(await codes()).toEqual([423, 423])
  pass(stage, 2 * DAY)
  await runTask(stage, 'forget-ended-sessions')
  expect(await codes()).toEqual([423, 401])
})

test('[A-2.2.2] locks from before are those of their accounts', async () => {
  const account = await known()
  await guess(account, place(1))
  const [found]: { id: string }[] = await stage.db.query(
    `select account.id from sign_in_guard
       join account on sha256(convert_to(user_name_lookup, 'UTF8')) = name_digest
      where source = $1 and account.id = $2`,
    [place(1), account.id],
  )
  expect(found?.id).toBe(account.id)
})

test('[A-2.2.1] unknown names, wrong passwords, accounts without one and locks answer alike and cost the same work', async () => {
  const accounts = [await known(), await addAccount(stage), { userName: 'NOBODY.KNOWS' }]
  const before = stage.serviceDb.logger
  const seen: unknown[] = []
  for (const account of accounts) {
    const rounds: unknown[] = []
    for (let n = 0; n < 6; n += 1) {
      const statements: string[] = []
      const { begun } = passwordWork()
      stage.serviceDb.logger = {
        ...stage.serviceDb.logger,
        logQuery: (statement) => void statements.push(statement),
      }
      const answer = await trySignIn(stage, account, 'wrong')
      const { instance: _instance, ...body } = answer.json<Record<string, unknown>>()
      rounds.push({
        body,
        headers: Object.keys(answer.headers),
        statements,
        hashes: passwordWork().begun - begun,
      })
    }
    seen.push(rounds)
  }
  stage.serviceDb.logger = before
  expect(seen[0]).toMatchObject([
    ...Array.from({ length: 5 }, () => ({ body: { status: 401 }, hashes: 1 })),
    // What is locked is not looked at: a guesser gets no work out of us, and learns nothing.
    { body: { status: 423 }, hashes: 0 },
  ])
  expect(seen[1]).toEqual(seen[0])
  expect(seen[2]).toEqual(seen[0])
  const cost = (hash: string) => hash.split('$').slice(0, 4)
  expect(cost(NOBODYS_HASH)).toEqual(cost(await hashPassword('x')))
})

test('more passwords than can be checked are told to come back, and the metrics tell of the queue', async () => {
  const account = await known()
  let over = false
  const load = Array.from({ length: 210 }, async () => {
    while (!over) await hashPassword('load').catch(() => setImmediate())
  })
  const shut = await Promise.all(Array.from({ length: 6 }, () => trySignIn(stage, account)))
  const metrics = (await stage.app.inject('/metrics')).body
  over = true
  await Promise.all(load)
  const refused = shut.find(({ statusCode }) => statusCode === 503)
  expect(refused?.headers['retry-after']).toBe('3')
  expect(metrics).toMatch(/^password_hashes_waiting\{service="identity"\} (19\d|200)$/m)
  expect(metrics).toMatch(/^password_hashes_total\{service="identity"\} [1-9]/m)
})
