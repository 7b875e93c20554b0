import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { addAccount, identityStage, trySignIn } from '../account-stage.ts'
import { as, call, joined, ok, refusal, smallCompany } from '../directory-stage.ts'

let stage: TestService
let company: Awaited<ReturnType<typeof smallCompany>>
beforeAll(async () => {
  stage = await identityStage()
  company = await smallCompany(stage)
})
afterAll(() => stage.release())

interface Half {
  readonly accountId: string
  readonly userName?: string
  readonly claimCode?: string
  readonly code?: string
  readonly detail?: string
}

const FIRST = '/v1/accounts/initial-passwords'
const SECOND = `${FIRST}/second-halves`

const ask = (url: string, accountIds: readonly string[], headers: Record<string, string>) =>
  call(stage, { method: 'POST', url, headers, payload: { accountIds } })

const halves = async (...asked: Parameters<typeof ask>) =>
  (await ok<{ items: Half[] }>(ask(...asked))).items

test('[A-2.2.3][A-2.1.1] two administrators give many people their passwords by two calls, and neither reads one whole', async () => {
  const accounts = await Promise.all(Array.from({ length: 4 }, () => addAccount(stage)))
  const ids = accounts.map(({ id }) => id)
  const without = await ok<{ items: { id: string }[] }>(
    call(stage, {
      method: 'GET',
      url: '/v1/accounts?hasPassword=false&limit=200',
      headers: as('SECURITY_ADMIN'),
    }),
  )
  expect(without.items.map(({ id }) => id)).toEqual(expect.arrayContaining(ids))
  const first = await halves(FIRST, ids, as('SECURITY_ADMIN'))
  expect(first.map(({ accountId }) => accountId)).toEqual(ids)
  const second = await halves(SECOND, ids, as('SYSTEM_ADMIN'))
  for (const [at, account] of accounts.entries()) {
    const [one = '', two = ''] = [first[at]?.claimCode, second[at]?.claimCode]
    for (const alone of [one, two])
      expect((await trySignIn(stage, account, alone)).statusCode).toBe(401)
    expect((await trySignIn(stage, account, `${one}-${two}`)).json()).toMatchObject({
      mustChangePassword: true,
    })
  }
  const all = [...first, ...second].map(({ claimCode }) => claimCode)
  expect(new Set(all).size).toBe(8)
  const left = await ok<{ items: { id: string }[] }>(
    call(stage, {
      method: 'GET',
      url: '/v1/accounts?hasPassword=false&limit=200',
      headers: as('SECURITY_ADMIN'),
    }),
  )
  expect(left.items.filter(({ id }) => ids.includes(id))).toEqual([])
})

test('[A-2.2.3] a list bends no rule: what one account refuses is told, and the others get theirs', async () => {
  const [good, none] = [await addAccount(stage), '00000000-0000-4000-8000-00000000abcd']
  const administrator = await addAccount(stage, { administratorRole: 'SECURITY_ADMIN' })
  const ids = [none, administrator.id, good.id]
  const first = await halves(FIRST, ids, as('SECURITY_ADMIN'))
  expect(first.map(({ code, claimCode }) => code ?? typeof claimCode)).toEqual([
    'not-found',
    'half-not-for-role',
    'string',
  ])
  // Who has the first halves gets no second one, nor does the same role in another hand.
  const own = await halves(SECOND, [good.id], as('SECURITY_ADMIN'))
  expect(own).toMatchObject([{ code: 'same-person' }])
  const chinese = { ...as('SECURITY_ADMIN'), 'accept-language': 'zh-CN' }
  const [told] = await halves(SECOND, [good.id], chinese)
  expect([own[0]?.detail, told?.detail]).toEqual([
    expect.not.stringMatching(/\p{Script=Han}/u),
    expect.stringMatching(/\p{Script=Han}/u),
  ])
  const again = await halves(SECOND, [good.id, none], as('SYSTEM_ADMIN'))
  expect(again.map(({ code }) => code ?? 'half')).toEqual(['half', 'not-found'])
  const third = await halves(SECOND, [good.id], as('OM_AUTHORITY'))
  expect(third).toMatchObject([{ code: 'first-half-missing' }])
})

test('[A-2.2.3] a leader completes the list of the own unit alone; nothing is stored of a list', async () => {
  const mine = await joined(stage, { unitCode: 'SOUTH' })
  const theirs = await joined(stage)
  const ids = [mine.accountId, theirs.accountId]
  const first = await halves(FIRST, ids, as('SECURITY_ADMIN'))
  const leader = as('BUSINESS_OWNER', { range: 'unit', unit: company.south.id })
  const second = await halves(SECOND, ids, leader)
  expect(second.map(({ code }) => code ?? 'half')).toEqual(['half', 'not-found'])
  const marks = [first[0]?.claimCode, first[1]?.claimCode, second[0]?.claimCode]
  const stored: unknown[] = await stage.db.query(
    `select from outbox, unnest($1::text[]) as mark where position(mark in payload::text) > 0
     union all select from idempotency_key as held, unnest($1::text[]) as mark where position(mark in held::text) > 0
     union all select from credential_reset r, unnest($1::text[]) as mark where position(mark in r::text) > 0`,
    [marks],
  )
  expect(stored).toEqual([])
})

test('a list is bounded, names each account once, and is for those who may have halves', async () => {
  const id = (at: number) => `00000000-0000-4000-8000-${String(at).padStart(12, '0')}`
  const many = Array.from({ length: 101 }, (_, at) => id(at))
  for (const ids of [[], many, [id(1), id(1)]])
    expect(await refusal(ask(FIRST, ids, as('SECURITY_ADMIN')))).toEqual([422, 'validation-failed'])
  for (const role of ['SCRIPT', 'OM_AUTHORITY'] as const)
    expect(await refusal(ask(FIRST, [id(1)], as(role)))).toEqual([403, 'permission-missing'])
  expect(await refusal(ask(SECOND, [id(1)], as('SCRIPT')))).toEqual([403, 'permission-missing'])
})
