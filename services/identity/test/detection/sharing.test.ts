import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { DAY, HOUR, MINUTE } from '@erp-steward/test-kit/instants'
import { queuedEvents } from '@erp-steward/test-kit/queued-events'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { caller } from '@erp-steward/test-kit/tokens'
import { addAccount, GOOD_PASSWORD, identityStage, pass, setPassword } from '../account-stage.ts'
import { as, call, ok, refusal } from '../directory-stage.ts'

interface SignNow {
  readonly rule: string
  readonly score: number
  readonly evidence: readonly string[]
  readonly others: readonly string[]
}
interface CaseNow {
  readonly id: string
  readonly state: string
  readonly score: number
  readonly frozenAt: string | null
  readonly version: number
  readonly signals: readonly SignNow[]
}

let stage: TestService
let security: ReturnType<typeof caller>
beforeEach(async () => {
  stage = await identityStage()
  security = await administrator('SECURITY_ADMIN')
})
afterEach(() => stage.release())

/** An administrator who is somebody. */
async function administrator(role: 'SYSTEM_ADMIN' | 'SECURITY_ADMIN') {
  const { id, personId } = await addAccount(stage)
  return caller({ roles: [role], sub: id, person: personId })
}

type Named = Awaited<ReturnType<typeof addAccount>>

async function user(): Promise<Named> {
  const account = await addAccount(stage)
  await setPassword(stage, account)
  return account
}

const PLACE = '10.0.0.1'
const FIREFOX = 'Firefox'

/** Signs in, and hands the service the fact of it as the bus would. Answers the id of the fact. */
async function signIn(account: Named, address = PLACE, agent = FIREFOX): Promise<string> {
  const answer = await stage.app.inject({
    method: 'POST',
    url: '/v1/sessions',
    remoteAddress: address,
    headers: { 'user-agent': agent },
    payload: { userName: account.userName, password: GOOD_PASSWORD },
  })
  if (answer.statusCode !== 201) throw new Error(answer.body)
  return deliverLast('audit.access.signed-in.v1')
}

async function deliverLast(type: string): Promise<string> {
  const event = (await queuedEvents(stage.db)).findLast((each) => each.type === type)
  if (event === undefined) throw new Error(`no ${type}`)
  await stage.consumer.deliver(event)
  return event.id
}

/** A session of the past, as if somebody had signed in then. */
async function past(account: Named, at: Date, address = PLACE, agent = FIREFOX): Promise<string> {
  const eventId = randomUUID()
  await stage.db.query(
    `insert into session (id, account_id, must_change, source_ip, user_agent, started_at, refreshed_at, idle_seconds,
                          idle_at, ends_at, parameter_versions, ended_at, end_reason, sign_in_event_id)
     values ($1, $2, false, $3, $4, $5, $5, 900, $5, $5, '{}', $5, 'idle', $6)`,
    [randomUUID(), account.id, address, agent, at, eventId],
  )
  return eventId
}

const before = (ms: number) => new Date(stage.now.getTime() - ms)

async function casesOf(account: Named): Promise<CaseNow[]> {
  const get = (url: string) =>
    ok<{ items: CaseNow[] }>(call(stage, { method: 'GET', url, headers: security }))
  const { items } = await get(`/v1/account-cases?accountId=${account.id}`)
  return Promise.all(
    items.map(({ id }) =>
      ok<CaseNow>(
        call(stage, { method: 'GET', url: `/v1/account-cases/${id}`, headers: security }),
      ),
    ),
  )
}

const signsOf = (account: Named): Promise<SignNow[]> =>
  stage.db.query(
    'select rule, score, evidence, others from account_signal where account_id = $1 order by at, rule',
    [account.id],
  )

async function statusOf({ id }: Named): Promise<string | undefined> {
  const [row]: { status: string }[] = await stage.db.query(
    'select status from account where id = $1',
    [id],
  )
  return row?.status
}

/** Two administrators list a network. */
async function listNetwork(members: object): Promise<void> {
  const payload = {
    ...{ code: `N-${randomUUID().slice(0, 8).toUpperCase()}`, name: 'Site', isShared: false },
    ...{ latitude: null, longitude: null, active: true, reason: 'As the network plan says.' },
    ...members,
  }
  const headers = await administrator('SYSTEM_ADMIN')
  const { id } = await ok<{ id: string }>(
    call(stage, { method: 'POST', url: '/v1/networks', headers, payload }),
  )
  const url = `/v1/proposals/identity/${id}/approve`
  await ok(call(stage, { method: 'POST', url, headers: security, version: 1 }))
}

test('[A-2.1.6][A-2.2.2] one account at two addresses and devices within five minutes is a case with its evidence, told once', async () => {
  const account = await user()
  const first = await signIn(account)
  pass(stage, 5 * MINUTE)
  const second = await signIn(account, '10.9.0.1', 'Chrome')
  const [found, ...more] = await casesOf(account)
  expect(more).toEqual([])
  expect(found).toMatchObject({
    ...{ kind: 'lending', state: 'open', score: 70, frozenAt: null, openedBy: 'service:identity' },
    signals: [{ rule: 'parallel-use', score: 70, evidence: [first, second].toSorted() }],
  })
  expect(await statusOf(account)).toBe('active')
  // The bus delivers twice; and after the inbox forgot it, the sign is known.
  await deliverLast('audit.access.signed-in.v1')
  await stage.db.query('delete from inbox')
  await deliverLast('audit.access.signed-in.v1')
  const types = (await queuedEvents(stage.db)).map(({ type }) => type)
  expect(types.filter((type) => type === 'identity.security.sharing-suspected.v1')).toHaveLength(1)
  expect(types.filter((type) => type.includes('account-case'))).toEqual([
    'identity.security.account-case-opened.v1',
  ])
})

test('[A-2.1.6] a millisecond after the five minutes nothing is found, and another device alone is too little for a case', async () => {
  const account = await user()
  await signIn(account)
  pass(stage, 5 * MINUTE + 1)
  await signIn(account, '10.9.0.1', 'Chrome')
  expect(await signsOf(account)).toEqual([])
  pass(stage, MINUTE)
  await signIn(account, '10.9.0.1', 'Edge')
  expect(await signsOf(account)).toMatchObject([{ rule: 'parallel-use', score: 35 }])
  expect(await casesOf(account)).toEqual([])
})

test('[A-2.1.6] two places that nobody gets between shut the account at once; networks take two people to list', async () => {
  await listNetwork({ cidr: '10.1.0.0/16', latitude: 39.9, longitude: 116.4 })
  await listNetwork({ cidr: '10.2.0.0/16', latitude: 23.13, longitude: 113.26 })
  const account = await user()
  await signIn(account, '10.1.0.1')
  pass(stage, HOUR)
  await signIn(account, '10.2.0.1')
  const [found] = await casesOf(account)
  expect(found).toMatchObject({ score: 85, frozenAt: stage.now.toISOString() })
  expect(found?.signals).toMatchObject([{ rule: 'impossible-travel' }])
  expect(await statusOf(account)).toBe('frozen')
  const slow = await user()
  await signIn(slow, '10.1.0.1')
  pass(stage, 3 * HOUR)
  await signIn(slow, '10.2.0.1')
  expect(await signsOf(slow)).toEqual([])
})

test('[A-2.1.6][A-2.2.2] three accounts on one device within half an hour are a case each; another address, a shared one and the host itself are not', async () => {
  const three = [await user(), await user(), await user()]
  const [a, b, c] = three as [Named, Named, Named]
  const first = await signIn(a)
  pass(stage, 15 * MINUTE)
  const second = await signIn(b)
  expect(await signsOf(a)).toEqual([])
  pass(stage, 15 * MINUTE)
  const third = await signIn(c)
  for (const account of three)
    expect(await signsOf(account)).toEqual([
      {
        ...{ rule: 'many-accounts', score: 60, evidence: [first, second, third].toSorted() },
        others: three
          .map(({ id }) => id)
          .filter((id) => id !== account.id)
          .toSorted(),
      },
    ])
  expect((await casesOf(a))[0]).toMatchObject({ score: 60, frozenAt: null })
  // Who is told of already is not told of again, within the half hour.
  pass(stage, 1)
  const d = await user()
  await signIn(d)
  expect(await signsOf(b)).toHaveLength(1)
  await listNetwork({ cidr: '10.5.0.0/24', isShared: true })
  for (const address of ['10.5.0.7', '127.0.0.1'])
    for (const account of [await user(), await user(), await user()]) {
      await signIn(account, address)
      expect(await signsOf(account)).toEqual([])
    }
})

test('[A-2.1.6] a millisecond over half an hour there are two accounts; and an address of more than twenty accounts is no device', async () => {
  const [a, b, c] = [await user(), await user(), await user()]
  await signIn(a)
  pass(stage, MINUTE)
  await signIn(b)
  pass(stage, 29 * MINUTE + 1)
  await signIn(c)
  expect(await signsOf(c)).toEqual([])
  for (let n = 0; n < 18; n += 1) await past(await addAccount(stage), before(DAY), PLACE)
  // With the fourth there are 22 within four weeks.
  await signIn(await user())
  expect(await signsOf(b)).toEqual([])
})

test('[A-2.1.6][A-2.2.2] who asks and who approves on one device within ten minutes are a case each, and no later', async () => {
  const asks = async (gap: number, agents: readonly [string, string]) => {
    const [maker, checker] = [await user(), await user()]
    const subject = await user()
    await signIn(maker, '10.7.0.1', agents[0])
    await signIn(checker, '10.7.0.1', agents[1])
    const asked = await ok<{ id: string; version: number }>(
      call(stage, {
        method: 'POST',
        url: '/v1/account-changes',
        headers: caller({ roles: ['SYSTEM_ADMIN'], sub: maker.id }),
        payload: {
          change: { kind: 'disable-account', accountId: subject.id },
          reason: 'As asked.',
        },
      }),
    )
    await deliverLast('identity.account.change-requested.v1')
    pass(stage, gap)
    const url = `/v1/account-changes/${asked.id}/approve`
    const headers = caller({ roles: ['SECURITY_ADMIN'], sub: checker.id })
    await ok(call(stage, { method: 'POST', url, headers, version: asked.version }))
    await deliverLast('identity.account.change-decided.v1')
    return [maker, checker] as const
  }
  for (const account of await asks(10 * MINUTE, [FIREFOX, FIREFOX])) {
    const [sign] = await signsOf(account)
    expect(sign).toMatchObject({ rule: 'maker-checker', score: 75 })
    expect(sign?.evidence).toHaveLength(4)
    expect(await casesOf(account)).toMatchObject([{ score: 75 }])
  }
  pass(stage, HOUR)
  for (const account of await asks(10 * MINUTE + 1, [FIREFOX, FIREFOX]))
    expect(await signsOf(account)).toEqual([])
  pass(stage, HOUR)
  for (const account of await asks(MINUTE, [FIREFOX, 'Chrome']))
    expect(await signsOf(account)).toEqual([])
})

test('[A-2.1.6] two accounts that follow each other on five days in three weeks are a case each; on four they are not', async () => {
  const [a, b] = [await user(), await user()]
  for (const days of [20, 13, 12]) {
    await past(a, before(days * DAY + 4 * MINUTE))
    await past(b, before(days * DAY))
  }
  await past(a, before(6 * DAY + 5 * MINUTE + 1))
  await past(b, before(6 * DAY))
  await past(a, before(5 * MINUTE))
  await signIn(b)
  expect(await signsOf(b)).toEqual([])
  await past(a, before(5 * DAY + 5 * MINUTE))
  await past(b, before(5 * DAY))
  pass(stage, DAY)
  await past(a, before(5 * MINUTE))
  await signIn(b)
  for (const account of [a, b]) {
    expect(await signsOf(account)).toMatchObject([{ rule: 'followed', score: 60 }])
    expect(await casesOf(account)).toHaveLength(1)
  }
})

const record = (personId: string | null, members: object) =>
  call(stage, {
    method: 'POST',
    url: '/v1/absences',
    headers: as('SCRIPT'),
    payload: { personId, ...members },
  })

const span = (from: number, until: number) => ({
  startsAt: new Date(stage.now.getTime() + from).toISOString(),
  endsAt: new Date(stage.now.getTime() + until).toISOString(),
})

test('[A-2.1.6] who signs in while on leave is a case, from its first instant to its last, also when the leave is told afterwards', async () => {
  const account = await user()
  await ok(record(account.personId, { kind: 'leave', ...span(HOUR, 2 * HOUR) }))
  await signIn(account)
  expect(await signsOf(account)).toEqual([])
  pass(stage, HOUR)
  const during = await signIn(account)
  expect(await signsOf(account)).toMatchObject([{ rule: 'absent', score: 70, evidence: [during] }])
  pass(stage, HOUR)
  await signIn(account)
  expect(await signsOf(account)).toHaveLength(1)
  const late = await user()
  await signIn(late)
  await ok(record(late.personId, { kind: 'leave', ...span(-HOUR, HOUR) }))
  expect(await casesOf(late)).toMatchObject([{ score: 70, signals: [{ rule: 'absent' }] }])
})

test('[A-2.1.6] who travels is suspect at a usual address alone; who came back earlier is not', async () => {
  const account = await user()
  await past(account, before(DAY), '10.0.0.1')
  const { id, version } = await ok<{ id: string; version: number }>(
    record(account.personId, { kind: 'travel', ...span(-HOUR, DAY) }),
  )
  await signIn(account, '10.9.0.1')
  expect(await signsOf(account)).toEqual([])
  pass(stage, 10 * MINUTE)
  await signIn(account, '10.0.0.1')
  expect(await signsOf(account)).toMatchObject([{ rule: 'absent' }])
  pass(stage, MINUTE)
  const url = `/v1/absences/${id}/end`
  const payload = { endsAt: stage.now.toISOString() }
  await ok(call(stage, { method: 'POST', url, headers: as('SCRIPT'), payload, version }))
  pass(stage, 10 * MINUTE)
  await signIn(account, '10.0.0.1')
  expect(await signsOf(account)).toHaveLength(1)
})

test('an absence has an end after its beginning, a known person, and is told by those who run the register', async () => {
  const { personId } = await addAccount(stage)
  const payload = { kind: 'leave', ...span(0, 0) }
  expect(await refusal(record(personId, payload))).toEqual([422, 'validation-failed'])
  expect(await refusal(record(personId, { kind: 'leave', ...span(0, 367 * DAY) }))).toEqual([
    422,
    'validation-failed',
  ])
  expect(await refusal(record(randomUUID(), { kind: 'leave', ...span(0, 1) }))).toEqual([
    422,
    'person-unknown',
  ])
  const headers = as('END_USER')
  expect((await call(stage, { method: 'GET', url: '/v1/absences', headers })).statusCode).toBe(403)
})

test('[A-2.1.6] what was done after somebody had left, and the notice came late, is a case', async () => {
  const account = await user()
  await past(account, before(DAY))
  await signIn(account)
  const [person]: { version: number }[] = await stage.db.query(
    'select version from person where id = $1',
    [account.personId],
  )
  const leaveOn = new Date(stage.now.getTime() + 8 * HOUR).toISOString().slice(0, 10)
  await ok(
    call(stage, {
      method: 'POST',
      url: `/v1/persons/${String(account.personId)}/leave`,
      headers: as('SCRIPT'),
      version: person?.version ?? 0,
      payload: { leaveOn, kind: 'resignation' },
    }),
  )
  await deliverLast('identity.directory.leave-noticed.v1')
  expect(await signsOf(account)).toMatchObject([{ rule: 'left', score: 90 }])
  expect(await casesOf(account)).toMatchObject([{ state: 'open', score: 90, frozenAt: null }])
})

test('[A-2.1.6] hour, device and place that are new at once are a case after twenty sign-ins', async () => {
  const account = await user()
  for (let n = 1; n <= 20; n += 1) await past(account, before(n * DAY))
  pass(stage, 10 * HOUR)
  await signIn(account, '172.16.1.1', 'curl')
  expect(await signsOf(account)).toMatchObject([{ rule: 'habit', score: 60 }])
})

test('[A-2.1.6] signs add up: a case grows, the account is shut from 85, and nothing that meets at one address shuts anybody before a network is listed', async () => {
  const account = await user()
  await ok(record(account.personId, { kind: 'leave', ...span(0, DAY) }))
  await signIn(account)
  const [opened] = await casesOf(account)
  expect(opened).toMatchObject({ score: 70, frozenAt: null })
  pass(stage, MINUTE)
  await signIn(account, '10.9.0.1', 'Chrome')
  const cases = await casesOf(account)
  // 70 and 70: 91; a case of the account stays one.
  expect(cases).toMatchObject([{ id: opened?.id, score: 91, frozenAt: stage.now.toISOString() }])
  expect(await statusOf(account)).toBe('frozen')

  const [one, another] = [await user(), await user()]
  await signIn(one, '10.3.0.9')
  for (const each of [one, another, await user()]) await signIn(each, '10.3.0.1')
  expect(await casesOf(one)).toMatchObject([{ score: 74 }])
  await ok(record(one.personId, { kind: 'leave', ...span(-MINUTE, DAY) }))
  // 92 with what met at the address, 80 without.
  expect(await casesOf(one)).toMatchObject([{ score: 92, frozenAt: null }])
  await listNetwork({ cidr: '10.99.0.0/16' })
  await ok(record(another.personId, { kind: 'leave', ...span(-MINUTE, DAY) }))
  expect(await casesOf(another)).toMatchObject([{ score: 88, frozenAt: stage.now.toISOString() }])
})

test('[A-2.1.6] a person decides: confirmed voids the password, dismissed does not, and what shows later is another case', async () => {
  const share = async (account: Named) => {
    await signIn(account)
    pass(stage, MINUTE)
    await signIn(account, '10.9.0.1', 'Chrome')
    const [open] = (await casesOf(account)).filter(({ state }) => state === 'open')
    if (open === undefined) throw new Error('no case')
    return open
  }
  const decide = ({ id, version }: CaseNow, decision: string, headers = security) =>
    call(stage, {
      method: 'POST',
      url: `/v1/account-cases/${id}/decide`,
      headers,
      version,
      payload: { decision, reason: 'Asked both.' },
    })
  const account = await user()
  const first = await share(account)
  const own = caller({ roles: ['SECURITY_ADMIN'], person: account.personId })
  expect(await refusal(decide(first, 'dismissed', own))).toEqual([409, 'same-person'])
  await ok(decide(first, 'dismissed'))
  pass(stage, DAY)
  const second = await share(account)
  expect(second.id).not.toBe(first.id)
  expect(second.signals).toHaveLength(1)
  await ok(decide(second, 'confirmed'))
  await expect(signIn(account)).rejects.toThrow('sign-in-refused')
  const decided = (await queuedEvents(stage.db)).filter(({ type }) =>
    type.endsWith('case-decided.v1'),
  )
  expect(decided).toMatchObject([
    { data: { decision: 'dismissed', credentialsVoided: false } },
    { data: { decision: 'confirmed', credentialsVoided: true, personId: account.personId } },
  ])
})

test('[A-2.1.6] the eleventh account in an hour is shut by a person', async () => {
  const accounts: Named[] = []
  for (let n = 0; n < 11; n += 1) {
    const account = await user()
    accounts.push(account)
    await past(account, before(MINUTE), `10.8.${String(n)}.1`, 'Chrome')
    await ok(record(account.personId, { kind: 'leave', ...span(0, DAY) }))
    await signIn(account, `10.7.${String(n)}.1`)
  }
  const shut = await Promise.all(accounts.map(statusOf))
  expect(shut.filter((status) => status === 'frozen')).toHaveLength(10)
  for (const last of accounts.slice(10))
    expect(await casesOf(last)).toMatchObject([{ score: 91, frozenAt: null }])
})

test('a network is refused that is none, half a place too, and one alone lists none', async () => {
  const system = await administrator('SYSTEM_ADMIN')
  const propose = (members: object, headers = system) =>
    call(stage, {
      method: 'POST',
      url: '/v1/networks',
      headers,
      payload: {
        ...{ code: 'HQ', name: 'Head office', cidr: '10.0.0.0/8', isShared: false, active: true },
        ...{ latitude: null, longitude: null, reason: 'Plan.' },
        ...members,
      },
    })
  expect(await refusal(propose({ cidr: '10.0.0.0/33' }))).toEqual([422, 'validation-failed'])
  expect(await refusal(propose({ cidr: 'head office' }))).toEqual([422, 'validation-failed'])
  expect(await refusal(propose({ latitude: 1 }))).toEqual([422, 'validation-failed'])
  expect((await propose({}, security)).statusCode).toBe(403)
  const items = async () =>
    (
      await ok<{ items: object[] }>(
        call(stage, { method: 'GET', url: '/v1/networks', headers: security }),
      )
    ).items
  await ok(propose({}))
  expect(await items()).toEqual([])
  await listNetwork({ code: 'HQ-2', cidr: '10.4.5.6/16' })
  expect(await items()).toMatchObject([{ code: 'HQ-2', cidr: '10.4.0.0/16', version: 1 }])
  await listNetwork({ code: 'HQ-2', cidr: '10.4.0.0/17', active: false })
  const url = '/v1/networks/HQ-2'
  expect(await ok(call(stage, { method: 'GET', url, headers: security }))).toMatchObject({
    ...{ cidr: '10.4.0.0/17', active: false, version: 2 },
  })
})
