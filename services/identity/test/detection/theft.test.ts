import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import type { Role } from '@erp-steward/contracts/permissions'
import { DAY, HOUR } from '@erp-steward/test-kit/instants'
import { queuedEvents } from '@erp-steward/test-kit/queued-events'
import { runTask } from '@erp-steward/test-kit/run-task'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { toldAttention } from '@erp-steward/test-kit/told-attention'
import { caller } from '@erp-steward/test-kit/tokens'
import {
  addAccount,
  identityStage,
  newcomer,
  pass,
  setPassword,
  trySignIn,
} from '../account-stage.ts'
import { as, call, factsAbout, ok, refusal } from '../directory-stage.ts'

interface CaseNow {
  readonly id: string
  readonly state: string
  readonly kind: string
  readonly frozenAt: string | null
  readonly version: number
  readonly reviewedRecords: number | null
  readonly reviewedDigest: string | null
}

let stage: TestService
beforeAll(async () => {
  stage = await identityStage()
})
afterAll(() => stage.release())

let security: Record<string, string>
beforeEach(async () => {
  // A security administrator who has a name; another stays, so that either may be shut.
  await addAccount(stage, { administratorRole: 'SECURITY_ADMIN' })
  const { id } = await addAccount(stage)
  security = caller({ roles: ['SECURITY_ADMIN'], sub: id })
})

const reason = 'The laptop was stolen on the train.'

const report = (headers: Record<string, string>, payload: object = {}) =>
  call(stage, {
    method: 'POST',
    url: '/v1/theft-reports',
    headers,
    payload: { reason, ...payload },
  })

interface Receipt {
  readonly caseId: string
  readonly accountId: string
  readonly frozen: boolean
}

const someone = (id: string, role: Role = 'END_USER') => caller({ roles: [role], sub: id })

const readCase = (id: string) =>
  ok<CaseNow>(
    call(stage, { method: 'GET', url: `/v1/account-cases/${id}`, headers: as('AUDIT_ADMIN') }),
  )

const decide = async (id: string, payload: object = {}, headers = security) => {
  const { version } = await readCase(id)
  const body = { decision: 'confirmed', reason: 'Called back.', lastGoodAt: lastGood(), ...payload }
  const url = `/v1/account-cases/${id}/decide`
  return call(stage, { method: 'POST', url, headers, version, payload: body })
}

const lastGood = () => new Date(stage.now.getTime() - DAY).toISOString()

async function unfreeze(accountId: string, headers = security) {
  const [row]: { version: number }[] = await stage.db.query(
    'select version from account where id = $1',
    [accountId],
  )
  const url = `/v1/accounts/${accountId}/unfreeze`
  const version = row?.version ?? 0
  return call(stage, { method: 'POST', url, headers, version, payload: { reason: 'It is over.' } })
}

async function statusOf(accountId: string): Promise<string | undefined> {
  const [row]: { status: string }[] = await stage.db.query(
    'select status from account where id = $1',
    [accountId],
  )
  return row?.status
}

test('[A-2.1.7] the owner reports the own account in one call: it is shut, its sessions are void, and one case is open', async () => {
  const { account, headers } = await newcomer(stage)
  const receipt = await ok<Receipt>(report(headers))
  expect(receipt).toMatchObject({ accountId: account.id, frozen: true })
  expect(await statusOf(account.id)).toBe('frozen')
  expect((await trySignIn(stage, account)).statusCode).toBe(401)
  const again = await call(stage, { method: 'GET', url: '/v1/me', headers })
  expect(again.statusCode).toBe(401)
  expect(await readCase(receipt.caseId)).toMatchObject({
    ...{ kind: 'theft', state: 'open', accountId: account.id, personId: account.personId },
    ...{ unitId: account.unitId, score: null, openedBy: account.id, openedReason: reason },
    frozenAt: stage.now.toISOString(),
  })
  const facts = await queuedEvents(stage.db)
  expect(
    facts.filter(({ data }) => (data as { caseId?: string }).caseId === receipt.caseId),
  ).toMatchObject([
    {
      type: 'identity.security.account-case-opened.v1',
      subject: account.id,
      data: { frozen: true },
    },
  ])
})

test('[A-2.1.7] anybody reports for anybody, by the name too; a report while the case is open belongs to it, at the same moment too', async () => {
  const account = await addAccount(stage)
  const colleague = someone((await addAccount(stage)).id)
  const named = { userName: account.userName.toLowerCase() }
  const receipts = await Promise.all([
    ok<Receipt>(report(colleague, named)),
    ok<Receipt>(report(someone((await addAccount(stage)).id), { accountId: account.id })),
    ok<Receipt>(report(as('SCRIPT'), { accountId: account.id })),
  ])
  expect(new Set(receipts.map(({ caseId }) => caseId)).size).toBe(1)
  const types = await factsAbout(stage, account.id)
  const ofCase = types.filter((type) => type.includes('account-case'))
  expect(ofCase).toEqual([
    'identity.security.account-case-opened.v1',
    'identity.security.account-case-joined.v1',
    'identity.security.account-case-joined.v1',
  ])
  expect(types.filter((type) => type === 'identity.account.frozen.v1')).toHaveLength(1)
})

test('a name that nobody has, a client without an account, and a caller without a token report nothing', async () => {
  expect(
    await refusal(report(someone((await addAccount(stage)).id), { userName: 'NOBODY' })),
  ).toEqual([404, 'account-unknown'])
  expect(await refusal(report(as('SCRIPT')))).toEqual([404, 'account-unknown'])
  expect((await report({})).statusCode).toBe(401)
  expect((await report(as('MIDDLEWARE'))).statusCode).toBe(403)
})

test('[A-2.1.7] who reports a fourth account of others in a day opens a case and shuts nothing; the own one, and a day later, counts anew', async () => {
  const { id } = await addAccount(stage)
  const reporter = someone(id)
  const others = await Promise.all(Array.from({ length: 5 }, () => addAccount(stage)))
  const shut: boolean[] = []
  for (const other of others.slice(0, 4))
    shut.push((await ok<Receipt>(report(reporter, { accountId: other.id }))).frozen)
  expect(shut).toEqual([true, true, true, false])
  const fourth = others[3]?.id ?? ''
  expect(await statusOf(fourth)).toBe('active')
  const matters = await toldAttention(stage, { kind: 'account-case-open' })
  expect(matters.filter(({ severity }) => severity === 'critical')).toHaveLength(1)
  // Whoever may shut accounts anyway is not counted.
  const admin = as('SYSTEM_ADMIN')
  expect(await ok<Receipt>(report(admin, { accountId: fourth }))).toMatchObject({ frozen: true })
  pass(stage, DAY)
  expect(await ok<Receipt>(report(reporter, { accountId: others[4]?.id }))).toMatchObject({
    frozen: true,
  })
  expect(await ok<Receipt>(report(reporter))).toMatchObject({ accountId: id, frozen: true })
})

test('two reports of one reporter at the same moment do not shut more than three', async () => {
  const reporter = someone((await addAccount(stage)).id)
  const others = await Promise.all(Array.from({ length: 6 }, () => addAccount(stage)))
  const receipts = await Promise.all(
    others.map(({ id }) => ok<Receipt>(report(reporter, { accountId: id }))),
  )
  expect(receipts.filter(({ frozen }) => frozen)).toHaveLength(3)
})

test('[A-2.1.8] the account opens again only after the case is decided, by the security administrator, with its passwords void', async () => {
  const { account, headers } = await newcomer(stage)
  const { caseId } = await ok<Receipt>(report(headers))
  expect(await refusal(unfreeze(account.id))).toEqual([409, 'account-case-open'])
  expect((await decide(caseId, {}, as('SYSTEM_ADMIN'))).statusCode).toBe(403)
  pass(stage, HOUR)
  // What the thief set up at once is void, too.
  await stage.db.query(
    `insert into second_factor (id, account_id, sealed_secret, started_at, confirmed_at)
     values (gen_random_uuid(), $1, 'sealed', $2, $2)`,
    [account.id, stage.now],
  )
  await ok(decide(caseId))
  expect(await readCase(caseId)).toMatchObject({
    ...{ state: 'confirmed', decidedReason: 'Called back.', reviewedSince: lastGood() },
    ...{
      reviewedRecords: expect.any(Number),
      reviewedDigest: expect.stringMatching(/^[0-9a-f]{64}$/),
    },
    credentialsVoidedAt: stage.now.toISOString(),
  })
  expect(await statusOf(account.id)).toBe('frozen')
  expect((await unfreeze(account.id, as('SYSTEM_ADMIN'))).statusCode).toBe(403)
  const left: unknown[] = await stage.db.query(
    `select from known_device where account_id = $1 union all
     select from second_factor where account_id = $1 and ended_at is null`,
    [account.id],
  )
  expect(left).toEqual([])
  await ok(unfreeze(account.id))
  // What the thief knew opens nothing, though the account is open.
  expect((await trySignIn(stage, account)).statusCode).toBe(401)
  await setPassword(stage, account, 'Anders-8-mutig-Dachs')
  expect((await trySignIn(stage, account, 'Anders-8-mutig-Dachs')).statusCode).toBe(201)
  expect(await refusal(decide(caseId))).toEqual([409, 'account-case-decided'])
  expect(await factsAbout(stage, account.id)).toEqual(
    expect.arrayContaining(['identity.security.account-case-decided.v1']),
  )
})

test('[A-2.1.8] nobody decides about the own account, nor by a version that is over; a theft says since when it was looked back', async () => {
  const account = await addAccount(stage)
  const { caseId } = await ok<Receipt>(report(as('SCRIPT'), { accountId: account.id }))
  const own = caller({ roles: ['SECURITY_ADMIN'], person: account.personId })
  expect(await refusal(decide(caseId, {}, own))).toEqual([409, 'same-person'])
  expect(await refusal(decide(caseId, { lastGoodAt: undefined }))).toEqual([
    422,
    'validation-failed',
  ])
  const later = new Date(stage.now.getTime() + 1).toISOString()
  expect(await refusal(decide(caseId, { lastGoodAt: later }))).toEqual([422, 'validation-failed'])
  const { version } = await readCase(caseId)
  await ok(report(as('SCRIPT'), { accountId: account.id }))
  const url = `/v1/account-cases/${caseId}/decide`
  const payload = { decision: 'dismissed', reason: 'It was nothing.', lastGoodAt: lastGood() }
  const stale = call(stage, { method: 'POST', url, headers: security, version, payload })
  expect(await refusal(stale)).toEqual([412, 'version-stale'])
  const both = await Promise.all([decide(caseId), decide(caseId, { decision: 'dismissed' })])
  expect(both.filter(({ statusCode }) => statusCode === 200)).toHaveLength(1)
})

test('[A-2.1.8] no other way opens an account while the case is open: disabling and enabling it neither', async () => {
  const account = await addAccount(stage)
  const { caseId } = await ok<Receipt>(report(as('SCRIPT'), { accountId: account.id }))
  const change = async (kind: 'disable-account' | 'enable-account') => {
    const asked = await ok<{ id: string; version: number }>(
      call(stage, {
        method: 'POST',
        url: '/v1/account-changes',
        headers: as('SYSTEM_ADMIN'),
        payload: { change: { kind, accountId: account.id }, reason },
      }),
    )
    const url = `/v1/account-changes/${asked.id}/approve`
    return call(stage, { method: 'POST', url, headers: security, version: asked.version })
  }
  await ok(change('disable-account'))
  expect(await refusal(change('enable-account'))).toEqual([409, 'account-case-open'])
  await ok(decide(caseId))
})

test('[A-2.1.7] the last administrator of a kind is not shut out, but its sessions end and the case is told as grave', async () => {
  const last = await addAccount(stage, { administratorRole: 'AUDIT_ADMIN' })
  const { frozen, caseId } = await ok<Receipt>(report(as('SCRIPT'), { accountId: last.id }))
  expect(frozen).toBe(false)
  const [row]: { epoch: number }[] = await stage.db.query(
    'select epoch from account where id = $1',
    [last.id],
  )
  expect(row?.epoch).toBe(1)
  expect(
    (await toldAttention(stage, { kind: 'account-case-open' })).find(
      ({ subject }) => subject === caseId,
    ),
  ).toMatchObject({ severity: 'critical', mending: 'readAccountCase' })
})

test('cases are listed a page at a time, and an end user reads none', async () => {
  const url = '/v1/account-cases?state=open&kind=theft&limit=2'
  const page = await ok<{ items: CaseNow[]; next: string | null }>(
    call(stage, { method: 'GET', url, headers: security }),
  )
  expect(page.items).toHaveLength(2)
  expect(page.next).not.toBeNull()
  const seen = await ok<{ items: CaseNow[] }>(
    call(stage, { method: 'GET', url: `${url}&cursor=${String(page.next)}`, headers: security }),
  )
  const ids = new Set([...page.items, ...seen.items].map(({ id }) => id))
  expect(ids.size).toBe(page.items.length + seen.items.length)
  expect((await call(stage, { method: 'GET', url, headers: as('END_USER') })).statusCode).toBe(403)
})

test('[A-2.1.7] [A-2.1.8] what waits is counted every hour: a reported account that can be used, and a case that is a week old', async () => {
  const counted = async () => {
    await runTask(stage, 'watch-accounts')
    const fact = (await queuedEvents(stage.db)).findLast(({ type }) =>
      type.endsWith('accounts-watched.v1'),
    )
    return fact?.data as Record<string, number>
  }
  pass(stage, HOUR)
  const before = await counted()
  const account = await addAccount(stage)
  await ok(report(as('SCRIPT'), { accountId: account.id }))
  await stage.db.query(`update account set status = 'active' where id = $1`, [account.id])
  const { openCases = 0, unshutThefts = 0 } = before
  expect(await counted()).toMatchObject({
    openCases: openCases + 1,
    unshutThefts: unshutThefts + 1,
  })
  pass(stage, 7 * DAY - 1)
  const { waitingLong: early = 0 } = await counted()
  pass(stage, 1)
  expect((await counted()).waitingLong).toBe(early + 1)
})
