import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { setParameter } from '@erp-steward/service-kit/parameters'
import { queuedEvents } from '@erp-steward/test-kit/queued-events'
import { testAct } from '@erp-steward/test-kit/test-act'
import type { TestService } from '@erp-steward/test-kit/test-service'
import type { Account } from '../../src/accounts/account.ts'
import {
  addAccount,
  giveInitialPassword,
  GOOD_PASSWORD,
  identityStage,
  pass,
  setPassword,
  signedIn,
  trySignIn,
} from '../account-stage.ts'
import { addFrontEnd, CALLBACK, postForm, type Machine } from '../tokens/client-stage.ts'

let stage: TestService
let frontEnd: Machine
beforeAll(async () => {
  stage = await identityStage()
  frontEnd = await addFrontEnd(stage)
})
afterAll(() => stage.release())

const MINUTE = 60_000
type AtLimit = 'reject' | 'evict-oldest' | 'evict-idle'

/** An account with a password, whose unit has a limit of its own. */
async function limited(most: number, atLimit: AtLimit) {
  const account = await addAccount(stage)
  await setPassword(stage, account)
  await limit(account, most, atLimit, 0)
  return account
}

const limit = (
  account: { unitId: string | null },
  most: number,
  atLimit: AtLimit,
  before: number,
) =>
  stage.db.transaction(async (tx) => {
    const { unitId } = account
    const act = testAct({ now: stage.now })
    for (const [key, value] of [
      ['gateway.session.concurrent', most],
      ['gateway.session.at_limit', atLimit],
    ] as const)
      await setParameter(tx, 'identity', { key, unitId, value, reason: 'test' }, before, act)
  })

const openOf = async ({ id }: Pick<Account, 'id'>): Promise<number> =>
  stage.db
    .query('select from session where account_id = $1 and ended_at is null', [id])
    .then((rows: unknown[]) => rows.length)

const refresh = (refreshToken: string) =>
  stage.app.inject({ method: 'POST', url: '/v1/tokens/refresh', payload: { refreshToken } })

/** Whether the tokens are good. */
const lives = async ({ headers }: { headers: Record<string, string> }) =>
  (await stage.app.inject({ url: '/v1/me', headers })).statusCode === 200

const PKCE = {
  code_challenge: 'C2f0J7ZIOmtQbHhRJhk2tdcHl8Ll6PFhyS1yoKpLDs8',
  code_challenge_method: 'S256',
}
const byForm = ({ userName }: Pick<Account, 'userName'>, more: Record<string, string> = {}) =>
  postForm(stage, '/v1/authorizations', {
    ...{ client_id: frontEnd.id, redirect_uri: CALLBACK, response_type: 'code', scope: 'openid' },
    ...{ ...PKCE, user_name: userName, password: GOOD_PASSWORD, ...more },
  })

/** Asks again while as many passwords of the account are being checked as may be wrong. */
async function unguarded(enter: () => ReturnType<typeof trySignIn>) {
  for (;;) {
    const answer = await enter()
    if (answer.statusCode !== 423) return answer
  }
}

const factsOf = async ({ id }: Pick<Account, 'id'>, type: string) =>
  (await queuedEvents(stage.db)).filter((fact) => fact.type === type && fact.subject === id)

test.each(['reject', 'evict-oldest', 'evict-idle'] as const)(
  '[A-2.1.6][A-2.2.2] of fifty sign-ins at once by password and by front end as many stay open as are allowed: %s',
  async (atLimit) => {
    const account = await limited(3, atLimit)
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        unguarded(() => (n % 2 === 0 ? trySignIn(stage, account) : byForm(account))),
      ),
    )
    expect(await openOf(account)).toBe(3)
    const opened = answers.filter(({ statusCode }) => statusCode === 201 || statusCode === 303)
    const refused = answers.filter(({ statusCode }) => statusCode === 409)
    expect(opened.length + refused.length).toBe(50)
    expect(opened).toHaveLength(atLimit === 'reject' ? 3 : 50)
    const ended = await factsOf(account, 'identity.account.session-ended.v1')
    expect(ended).toHaveLength(atLimit === 'reject' ? 0 : 47)
  },
)

test('[A-2.1.6] refused at the limit is a fact, says what helps, and does not count as a wrong password', async () => {
  const account = await limited(1, 'reject')
  const first = await signedIn(stage, account)
  for (let n = 0; n < 6; n += 1) {
    const refused = await trySignIn(stage, account)
    expect(refused.json()).toMatchObject({ status: 409, code: 'session-limit' })
  }
  expect(await lives(first)).toBe(true)
  const page = await byForm(account)
  expect([page.statusCode, page.headers['content-type']]).toEqual([409, 'text/html; charset=utf-8'])
  expect(page.body).toContain('Other sessions of the account are open.')
  const facts = await factsOf(account, 'identity.security.session-refused.v1')
  expect(facts).toHaveLength(7)
  expect(facts[0]).toMatchObject({
    actor: account.id,
    data: { accountId: account.id, sourceIp: '127.0.0.1', open: 1 },
  })
  await stage.app.inject({
    method: 'DELETE',
    url: '/v1/sessions/current',
    headers: first.headers,
  })
  expect((await trySignIn(stage, account)).statusCode).toBe(201)
})

test('[A-2.1.6] a wrong password learns nothing of the limit', async () => {
  const account = await limited(1, 'reject')
  await signedIn(stage, account)
  expect((await trySignIn(stage, account, 'wrong')).json()).toMatchObject({
    status: 401,
    code: 'sign-in-refused',
  })
})

test('[A-2.2.7] a session that is idle by now keeps nobody out, though no job has ended it yet', async () => {
  const account = await limited(1, 'reject')
  await signedIn(stage, account)
  pass(stage, 15 * MINUTE)
  await signedIn(stage, account)
  const ended = await factsOf(account, 'identity.account.session-ended.v1')
  expect(ended.map(({ data }) => data)).toMatchObject([{ reason: 'idle' }])
})

test('[A-2.1.6] evict-idle ends the one that is unused for longest, evict-oldest the one that began first', async () => {
  for (const [atLimit, gone] of [
    ['evict-idle', 1],
    ['evict-oldest', 0],
  ] as const) {
    const account = await limited(2, atLimit)
    const first = await signedIn(stage, account)
    pass(stage, MINUTE)
    const second = await signedIn(stage, account)
    pass(stage, MINUTE)
    expect((await refresh(first.refreshToken)).statusCode).toBe(200)
    pass(stage, MINUTE)
    const third = await signedIn(stage, account)
    const alive = [await lives(first), await lives(second), await lives(third)]
    expect(alive).toEqual([0, 1, 2].map((n) => n !== gone))
  }
})

test('[A-2.1.6] after the limit was lowered the next refresh ends what is over it, by the same choice', async () => {
  for (const [atLimit, survives] of [
    ['evict-oldest', [false, true]],
    ['evict-idle', [true, false]],
    ['reject', [true, false]],
  ] as const) {
    const account = await limited(2, atLimit)
    const first = await signedIn(stage, account)
    pass(stage, 1_000)
    const second = await signedIn(stage, account)
    await limit(account, 1, atLimit, 1)
    pass(stage, 1_000)
    const again = await refresh(first.refreshToken)
    expect([atLimit, again.statusCode]).toEqual([atLimit, survives[0] ? 200 : 401])
    expect([await lives(first), await lives(second)]).toEqual(survives)
    expect(await openOf(account)).toBe(1)
  }
})

test('[A-2.1.6] of refreshes and sign-ins at once no more stay open than are allowed', async () => {
  const account = await limited(5, 'evict-oldest')
  const tokens = await Promise.all([1, 2, 3, 4, 5].map(() => signedIn(stage, account)))
  await limit(account, 2, 'evict-oldest', 1)
  await Promise.all([
    ...tokens.map(({ refreshToken }) => refresh(refreshToken)),
    ...[1, 2, 3].map(() => trySignIn(stage, account)),
  ])
  expect(await openOf(account)).toBe(2)
})

test('[A-2.2.3] a session that may only choose a password makes room for the next one, also where others are refused', async () => {
  const account = await addAccount(stage)
  await limit(account, 1, 'reject', 0)
  const initial = await giveInitialPassword(stage, account)
  const lost = await signedIn(stage, account, initial)
  const next = await signedIn(stage, account, initial)
  expect([await lives(lost), await lives(next)]).toEqual([false, true])
  const chosen = { new_password: GOOD_PASSWORD, new_password_again: GOOD_PASSWORD }
  const done = await byForm(account, { password: initial, ...chosen })
  expect(done.statusCode).toBe(303)
  expect(await openOf(account)).toBe(1)
})
