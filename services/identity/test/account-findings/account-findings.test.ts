import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { runDueJobs } from '@erp-steward/test-kit/due-jobs'
import { DAY } from '@erp-steward/test-kit/instants'
import { TEST_PERSONAL_DATA } from '@erp-steward/test-kit/personal-data'
import { queuedEvents } from '@erp-steward/test-kit/queued-events'
import { runTask } from '@erp-steward/test-kit/run-task'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { toldAttention } from '@erp-steward/test-kit/told-attention'
import { addAccount, identityStage, setPassword, trySignIn } from '../account-stage.ts'
import {
  as,
  call,
  joined,
  ok,
  refusal,
  smallCompany,
  tasksOf,
  workOff,
} from '../directory-stage.ts'
import { held, upload } from '../reconciliation-stage.ts'

interface Finding {
  readonly id: string
  readonly kind: string
  readonly state: string
  readonly accountId: string
  readonly userName: string
  readonly since: string
  readonly ageDays: number
  readonly stage: string | null
  readonly closedWhy: string | null
  readonly version: number
}

let stage: TestService
let begin: Date
beforeAll(async () => {
  stage = await identityStage()
  await smallCompany(stage)
  begin = stage.now
})
afterAll(() => stage.release())

const dayAfter = (days: number, ms = 0) => new Date(begin.getTime() + days * DAY + ms)

/** A daily look at an instant, and what it has done. */
async function lookAt(now: Date): Promise<void> {
  stage.now = now
  await runTask(stage, 'look-over-accounts')
  await runTask(stage, 'handle-dormant-accounts')
}

const findings = async (query: string, headers = as('AUDIT_ADMIN')) =>
  (
    await ok<{ items: Finding[] }>(
      call(stage, { method: 'GET', url: `/v1/account-findings?limit=200&${query}`, headers }),
    )
  ).items
const of = (accountId: string, query = '') => findings(`accountId=${accountId}&${query}`)
const statusOf = async (id: string) =>
  (await stage.db.query<{ status: string }[]>('select status from account where id = $1', [id]))[0]
    ?.status
const told = async (accountId: string) =>
  (await queuedEvents(stage.db))
    .filter((event) => event.type === 'identity.account.dormant.v1' && event.subject === accountId)
    .map(({ data }) => data as { stage: string; nextAt: string | null; lastUseAt: string })
const accept = (finding: Finding, members: object = {}, headers = as('SECURITY_ADMIN')) =>
  call(stage, {
    method: 'POST',
    url: `/v1/account-findings/${finding.id}/accept`,
    headers,
    version: finding.version,
    payload: {
      until: new Date(stage.now.getTime() + 30 * DAY).toISOString(),
      reason: 'agreed',
      ...members,
    },
  })

test('[A-2.1.4] an account is warned of after 60 days, locked after 90 and ended after 180, each at the very instant', async () => {
  const { id, personId, unitId } = await addAccount(stage)
  await lookAt(dayAfter(60, -1))
  expect(await of(id)).toEqual([])
  await lookAt(dayAfter(60))
  expect(await of(id)).toMatchObject([
    { kind: 'dormant', state: 'open', stage: 'warned', since: begin.toISOString(), ageDays: 60 },
  ])
  expect(await told(id)).toMatchObject([
    { stage: 'warned', personId, unitId, nextAt: dayAfter(90).toISOString() },
  ])
  await lookAt(dayAfter(90, -1))
  expect(await statusOf(id)).toBe('active')
  await lookAt(dayAfter(90))
  expect(await statusOf(id)).toBe('frozen')
  await lookAt(dayAfter(91))
  await lookAt(dayAfter(180, -1))
  expect(await statusOf(id)).toBe('frozen')
  await lookAt(dayAfter(180))
  await lookAt(dayAfter(181))
  expect(await statusOf(id)).toBe('disabled')
  expect(await of(id)).toMatchObject([
    { state: 'closed', stage: 'ended', closedWhy: 'ended', ageDays: 180 },
  ])
  expect((await told(id)).map((each) => each.stage)).toEqual(['warned', 'locked', 'ended'])
  expect((await told(id)).at(-1)).toMatchObject({ nextAt: null, lastUseAt: begin.toISOString() })
})

test('[A-2.1.4] who signs in after the warning is dormant no more, and is warned anew when the time is over again', async () => {
  begin = stage.now
  const account = await addAccount(stage)
  await setPassword(stage, account)
  await lookAt(dayAfter(60))
  expect(await of(account.id)).toMatchObject([{ stage: 'warned' }])
  stage.now = dayAfter(89)
  await setPassword(stage, account)
  expect((await trySignIn(stage, account)).statusCode).toBe(201)
  // Forgotten long before the account would be ended.
  await runTask(stage, 'look-over-accounts')
  await stage.db.query('delete from refresh_token; delete from session')
  await lookAt(dayAfter(90))
  expect(await statusOf(account.id)).toBe('active')
  expect(await of(account.id)).toMatchObject([{ state: 'closed', closedWhy: 'used' }])
  await lookAt(dayAfter(149, -1))
  expect(await of(account.id, 'state=open')).toEqual([])
  await lookAt(dayAfter(149))
  expect(await of(account.id, 'state=open')).toMatchObject([{ stage: 'warned', ageDays: 60 }])
})

test('[A-2.1.4] nobody is locked without a warning of seven days, however late it is found; who is released begins anew', async () => {
  begin = stage.now
  const { id } = await addAccount(stage)
  await lookAt(dayAfter(150))
  expect(await of(id)).toMatchObject([{ stage: 'warned' }])
  await lookAt(dayAfter(157, -1))
  expect(await statusOf(id)).toBe('active')
  await lookAt(dayAfter(157))
  expect(await statusOf(id)).toBe('frozen')
  await stage.db.query(`update account set status = 'active' where id = $1`, [id])
  await lookAt(dayAfter(158))
  await lookAt(dayAfter(200))
  expect(await statusOf(id)).toBe('active')
  expect(await of(id)).toMatchObject([{ state: 'closed', closedWhy: 'released' }])
  await lookAt(dayAfter(218))
  expect(await of(id, 'state=open')).toMatchObject([{ since: dayAfter(158).toISOString() }])
})

test('[A-2.1.4] of who has a user in EBS nothing is said until the middleware tells when users signed in there; what it tells counts', async () => {
  begin = stage.now
  const [idle, busy, silent] = [await joined(stage), await joined(stage), await joined(stage)]
  await workOff(stage)
  expect(await tasksOf(stage, idle.userName)).not.toEqual([])
  await lookAt(dayAfter(100))
  for (const { accountId } of [idle, busy, silent]) expect(await of(accountId)).toEqual([])
  const yesterday = new Date(stage.now.getTime() - DAY).toISOString().slice(0, 10)
  await upload(stage, [held(idle.userName), held(busy.userName, { lastLogonDate: yesterday })])
  await lookAt(stage.now)
  expect(await of(idle.accountId)).toMatchObject([{ stage: 'warned' }])
  expect(await of(busy.accountId)).toEqual([])
  expect(await of(silent.accountId)).toEqual([])
  // What was told a week ago says nothing of today.
  await lookAt(new Date(stage.now.getTime() + 8 * DAY))
  expect(await statusOf(busy.accountId)).toBe('active')
  await lookAt(new Date(stage.now.getTime() + 40 * DAY))
  expect(await statusOf(idle.accountId)).toBe('active')
  expect(await of(busy.accountId)).toEqual([])
})

test('[A-2.1.4] the last administrator of a kind is warned of and stays; one of two is locked', async () => {
  begin = stage.now
  const first = await addAccount(stage, { administratorRole: 'AUDIT_ADMIN' })
  await lookAt(dayAfter(60))
  await lookAt(dayAfter(200))
  expect(await statusOf(first.id)).toBe('active')
  expect(await of(first.id, 'kind=dormant')).toMatchObject([{ stage: 'warned' }])
  await addAccount(stage, { administratorRole: 'AUDIT_ADMIN' })
  await lookAt(dayAfter(201))
  expect(await statusOf(first.id)).toBe('frozen')
})

test('[A-2.1.4] of many accounts the job warns in parts, each once', async () => {
  begin = stage.now
  const many = await Promise.all(Array.from({ length: 210 }, () => addAccount(stage)))
  stage.now = dayAfter(60)
  await runTask(stage, 'look-over-accounts')
  await runDueJobs(stage.db, 'identity', stage.tasks, stage.now)
  const [warned]: [{ count: number }] = await stage.db.query(
    `select count(*)::int as count from account_finding where stage = 'warned' and account_id = any($1)`,
    [many.map(({ id }) => id)],
  )
  expect(warned.count).toBe(210)
  // The looks of other tests are not about them.
  await stage.db.query(`update account set status = 'disabled' where id = any($1)`, [
    many.map(({ id }) => id),
  ])
})

test('[A-2.2.1] a name that tells of no person is found, accepted for a time by somebody else, and gone when the account is', async () => {
  const account = await addAccount(stage)
  const name = 'TEST01'
  await stage.db.query('update account set user_name = $2, user_name_lookup = $3 where id = $1', [
    account.id,
    TEST_PERSONAL_DATA.seal(account.id, 'user-name', name),
    TEST_PERSONAL_DATA.lookup('user-name', name),
  ])
  await lookAt(stage.now)
  await lookAt(stage.now)
  const [found] = await of(account.id, 'kind=generic-name')
  if (found === undefined) throw new Error('it was not found')
  expect(found).toMatchObject({ state: 'open', userName: name, stage: null })
  expect(await toldAttention(stage, { kind: 'account-astray' })).toContainEqual(
    expect.objectContaining({ subject: found.id, name: 'generic-name', severity: 'warning' }),
  )
  expect(await refusal(accept(found, {}, as('SYSTEM_ADMIN')))).toEqual([403, 'permission-missing'])
  const own = as('SECURITY_ADMIN', { person: account.personId })
  expect(await refusal(accept(found, {}, own))).toEqual([409, 'same-person'])
  const late = new Date(stage.now.getTime() + 90 * DAY + 1).toISOString()
  expect(await refusal(accept(found, { until: late }))).toEqual([422, 'validation-failed'])
  expect(await ok(accept(found))).toMatchObject({ state: 'accepted' })
  const astray = async () =>
    (await toldAttention(stage, { kind: 'account-astray' })).map(({ subject }) => subject)
  expect(await astray()).not.toContain(found.id)
  stage.now = new Date(stage.now.getTime() + 30 * DAY)
  expect(await of(account.id, 'state=open&kind=generic-name')).toHaveLength(1)
  expect(await astray()).toContain(found.id)
  await stage.db.query(`update account set status = 'disabled' where id = $1`, [account.id])
  await lookAt(stage.now)
  expect(await of(account.id, 'kind=generic-name')).toMatchObject([{ closedWhy: 'ended' }])
})

test('[A-2.1.4] an account that outlives its person is found at once and wants a human urgently', async () => {
  const account = await addAccount(stage)
  await stage.db.query(`update person set active = false, left_on = '2026-01-31' where id = $1`, [
    account.personId,
  ])
  await lookAt(stage.now)
  const [found] = await of(account.id, 'kind=orphan')
  expect(found).toMatchObject({ state: 'open', since: '2026-01-30T16:00:00.000Z' })
  expect(await toldAttention(stage, { kind: 'account-astray' })).toContainEqual(
    expect.objectContaining({ subject: found?.id, severity: 'critical' }),
  )
  const leader = as('BUSINESS_OWNER', { unit: account.unitId, range: 'unit' })
  expect((await findings('kind=orphan', leader)).map(({ accountId }) => accountId)).toEqual([
    account.id,
  ])
  const other = as('BUSINESS_OWNER', { unit: randomUUID(), range: 'unit' })
  expect(await findings('kind=orphan', other)).toEqual([])
})
