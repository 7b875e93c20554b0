import { createHmac, randomBytes, randomUUID } from 'node:crypto'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import {
  createServer as createNetServer,
  type AddressInfo,
  type Server as NetServer,
  type Socket,
} from 'node:net'
import { text } from 'node:stream/consumers'
import { Writable } from 'node:stream'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { eventually } from '@erp-steward/test-kit/eventually'
import { testDatabase } from '@erp-steward/test-kit/test-database'
import { testKeys, caller, type Caller } from '@erp-steward/test-kit/tokens'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { startJobs } from '@erp-steward/service-kit/jobs'
import { buildService } from '@erp-steward/service-kit/service'
import { createLog } from '@erp-steward/service-kit/log'
import { SMTPServer } from 'smtp-server'
import { isAllowedTarget, signWebhook } from '@erp-steward/service-kit/webhook-call'
import { incidentTiering } from '../../src/service.ts'
import { create, send } from '@erp-steward/test-kit/requests'
import { after, MINUTE } from '@erp-steward/test-kit/instants'
import { runTask } from '@erp-steward/test-kit/run-task'
import {
  OTHER_UNIT,
  tellOfPerson,
  tellOfStanding,
  UNIT,
} from '@erp-steward/test-kit/tell-of-company'
import {
  act,
  authority,
  emptyStage,
  endUser,
  factsOf,
  fillDirectory,
  incidentStage,
  keyUser,
  MONDAY,
  nominate,
  open,
  read,
  runJobs,
  setParameter,
  systemAdmin,
  waitingJobs,
} from '../incident-stage.ts'

const SECRET_BYTES = randomBytes(32)
const SECRET = `whsec_${SECRET_BYTES.toString('base64')}`

let mailbox: { to: string[]; raw: string }[]
let mailServer: SMTPServer
let calls: { headers: IncomingHttpHeaders; body: string }[]
let answer: number
let hook: Server
let hookPort: number
let stage: TestService
let people: Record<'user' | 'first' | 'silent', string>

beforeAll(async () => {
  mailServer = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData: (stream, { envelope }, done) => {
      text(stream)
        .then((raw) => {
          mailbox.push({ to: envelope.rcptTo.map(({ address }) => address), raw })
          done()
        })
        .catch(done)
    },
  })
  mailServer.listen(0, '127.0.0.1')
  hook = createServer((request, response) => {
    text(request)
      .then((body) => {
        calls.push({ headers: request.headers, body })
        response.writeHead(answer).end()
      })
      .catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve))
  hookPort = (hook.address() as AddressInfo).port
  const smtp = mailServer.server.address() as AddressInfo
  stage = await incidentStage({
    SMTP_URL: `smtp://127.0.0.1:${String(smtp.port)}`,
    WEBHOOK_TARGETS: `127.0.0.1:${String(hookPort)}, 127.0.0.1:1`,
  })
})
afterAll(async () => {
  await stage.release()
  await new Promise<void>((resolve) => {
    mailServer.close(resolve)
  })
  await new Promise((resolve) => hook.close(resolve))
})

beforeEach(async () => {
  mailbox = []
  calls = []
  answer = 204
  await emptyStage(stage)
  people = { ...(await fillDirectory(stage, 'user', 'first')), silent: randomUUID() }
  await nominate(stage, people.first, { tier: 'L1' })
})

/** Each delivery that waits is tried once; answers how many there were. */
async function deliver(): Promise<number> {
  const jobs = [
    ...(await waitingJobs(stage, 'deliver-notification')),
    ...(await waitingJobs(stage, 'call-webhook')),
  ]
  await runJobs(stage, jobs)
  return jobs.length
}

interface LedgerRow {
  readonly id: string
  readonly channel: string
  readonly recipient: string
  readonly state: string
  readonly attempts: number
  readonly lastError: string | null
  readonly tries: { attempt: number; outcome: string; detail: string }[]
}

async function ledger(ticketId: string, headers: Caller = authority()): Promise<LedgerRow[]> {
  const url = `/v1/notifications?ticketId=${ticketId}`
  return (await send(stage, 'GET', url, headers)).json<{ items: LedgerRow[] }>().items
}

async function register(url: string, changes: object = {}, headers: Caller = systemAdmin()) {
  return create(stage, '/v1/webhooks', headers, { url, unitId: null, secret: SECRET, ...changes })
}
const hookUrl = () => `http://127.0.0.1:${String(hookPort)}/tickets`

describe('mail', () => {
  test('[A-5.2.5][A-3.2.3] reaches the key user, and the ledger says what the server answered', async () => {
    const ticket = await open(stage, endUser(people.user))
    expect(await ledger(ticket.id)).toMatchObject([{ state: 'queued', attempts: 0, tries: [] }])
    expect(await deliver()).toBe(1)
    const [mail] = mailbox
    const [row] = await ledger(ticket.id)
    expect(mail?.to).toEqual(['first@example.test'])
    expect(mail?.raw).toContain(`Message-ID: <${row?.id ?? ''}@erp-steward>`)
    expect(mail?.raw).toContain('From: steward@example.test')
    expect(row).toMatchObject({
      channel: 'mail',
      recipient: `person:${people.first}`,
      state: 'delivered',
      attempts: 1,
      lastError: null,
      tries: [
        { attempt: 1, outcome: 'accepted', detail: expect.stringContaining('250') as unknown },
      ],
    })
    expect(await factsOf(stage, row?.id ?? '', 'notification.delivered')).toMatchObject([
      { ticketId: ticket.id, channel: 'mail', attempts: 1, personId: people.first, alert: null },
    ])
  })

  test('is not sent again when its job runs again', async () => {
    await open(stage, endUser(people.user))
    const jobs = await waitingJobs(stage, 'deliver-notification')
    await runJobs(stage, jobs)
    await runJobs(stage, jobs)
    await Promise.all([runJobs(stage, jobs), runJobs(stage, jobs)])
    expect(mailbox).toHaveLength(1)
  })

  test('to a person on two tiers of a P1 goes once', async () => {
    await nominate(stage, people.first, { tier: 'L3' })
    await open(stage, endUser(people.user), { priority: 'P1' })
    await deliver()
    expect(mailbox).toHaveLength(1)
  })

  /** The reporter `silent` has no address and is to hear that the ticket is resolved. */
  async function resolvedForSilent() {
    await tellOfPerson(stage, people.silent, { name: 'silent', email: null })
    const ticket = await open(stage, endUser(people.silent))
    await deliver()
    await act(stage, ticket, 'acknowledge', keyUser(people.first))
    await act(stage, ticket, 'resolve', keyUser(people.first), { resolution: 'Done.' })
    return ticket
  }

  test('to a person without an address is on record as failed, and told as an event', async () => {
    const ticket = await resolvedForSilent()
    const row = (await ledger(ticket.id)).find(({ state }) => state === 'failed')
    expect(row).toMatchObject({
      recipient: `person:${people.silent}`,
      attempts: 0,
      lastError: 'The person has no mail address.',
      tries: [],
    })
    expect(await factsOf(stage, row?.id ?? '', 'notification.failed')).toMatchObject([
      { attempts: 0, reason: 'The person has no mail address.' },
    ])
  })

  test('[A-3.2.3] that finds nobody falls back on the authority and the leader of the unit, and says so', async () => {
    const { chief, leader } = await fillDirectory(stage, 'chief', 'leader')
    await tellOfStanding(stage, chief, { roles: ['OM_AUTHORITY'] })
    await tellOfStanding(stage, leader, { roles: ['BUSINESS_OWNER'] })
    const ticket = await resolvedForSilent()
    mailbox = []
    await deliver()
    expect(mailbox.map(({ to }) => to).sort()).toEqual([
      ['chief@example.test'],
      ['leader@example.test'],
    ])
    const lost = (await ledger(ticket.id)).find(({ state }) => state === 'failed')
    expect(await factsOf(stage, lost?.id ?? '', 'notification.fell-back')).toMatchObject([
      { ticketId: ticket.id, personIds: [chief, leader] },
    ])
  })

  test('[A-3.2.3] that the server refuses falls back at the third try, once, and is tried on', async () => {
    const poor = await incidentStage()
    const { user, first, chief } = await fillDirectory(poor, 'user', 'first', 'chief')
    await nominate(poor, first, { tier: 'L1' })
    await tellOfStanding(poor, chief, { roles: ['OM_AUTHORITY'] })
    const ticket = await open(poor, endUser(user))
    const tries = async () => {
      const [row]: [{ id: string; attempts: number }] = await poor.db.query(
        `select id, attempts from notification where ticket_id = $1 and occasion = 'opened'`,
        [ticket.id],
      )
      return row
    }
    const { id } = await tries()
    for (const [attempt, fallen] of [
      [1, 0],
      [2, 0],
      [3, 1],
      [4, 1],
    ] as const) {
      await runTask(poor, 'deliver-notification', { notificationId: id })
      expect(await tries()).toMatchObject({ attempts: attempt })
      expect(await factsOf(poor, id, 'notification.fell-back')).toHaveLength(fallen)
    }
    const told: unknown[] = await poor.db.query(
      `select person_id as id from notification where occasion = 'delivery-failed'`,
    )
    await poor.release()
    expect(told).toEqual([{ id: chief }])
  })

  /** Every message there is, once none is tried any more; without a mail server. */
  async function allMessages(authorityCount: number, served: boolean) {
    const poor = await incidentStage()
    const { user, first, leader } = await fillDirectory(poor, 'user', 'first', 'leader')
    await tellOfStanding(poor, leader, { roles: ['BUSINESS_OWNER'] })
    const names = Array.from({ length: authorityCount }, (_, n) => `chief${String(n)}`)
    for (const chief of Object.values(await fillDirectory(poor, ...names)))
      await tellOfStanding(poor, chief, { roles: ['OM_AUTHORITY'] })
    if (served) await nominate(poor, first, { tier: 'L1' })
    await poor.db.query(`delete from notification; delete from incident_tiering_jobs._private_jobs`)
    await open(poor, endUser(user))
    for (;;) {
      const jobs = await waitingJobs(poor, 'deliver-notification')
      if (jobs.length === 0) break
      await runJobs(poor, jobs)
    }
    const rows: { occasion: string; number: number }[] = await poor.db.query(
      `select occasion, count(*)::int as number from notification group by occasion`,
    )
    await poor.release()
    return Object.fromEntries(rows.map(({ occasion, number }) => [occasion, number]))
  }

  test.each([2, 5])(
    '[A-3.2.3] without a mail server one lost message makes one for each of %i authorities and the leader, no more',
    async (count) => {
      expect(await allMessages(count, true)).toEqual({ opened: 1, 'delivery-failed': count + 1 })
    },
  )

  test.each([2, 5])(
    '[A-3.2.3] what %i authorities were to hear, and none did, is told to the leader once and to none of them again',
    async (count) => {
      const { 'nobody-serves': told, 'delivery-failed': instead } = await allMessages(count, false)
      expect({ told, instead }).toEqual({ told: count, instead: 1 })
    },
  )

  test('[A-1.3.4] a clock that falls due while deliveries are queued is dealt with before them', async () => {
    const poor = await incidentStage()
    const { user, first } = await fillDirectory(poor, 'user', 'first')
    await nominate(poor, first, { tier: 'L1' })
    await open(poor, endUser(user))
    // One is tried and queued again, others have not been tried.
    await runJobs(poor, await waitingJobs(poor, 'deliver-notification'))
    for (let n = 0; n < 3; n += 1) await open(poor, endUser(user))
    await poor.db.query(
      `update incident_tiering_jobs._private_jobs j
          set run_at = now() - case t.identifier when 'deliver-notification' then interval '1 hour' else interval '1 second' end
         from incident_tiering_jobs._private_tasks t where t.id = j.task_id`,
    )
    const clockCount = (await waitingJobs(poor, 'ticket-clock-due')).length
    // A delivery holds its worker until all clocks were looked at: taken before a clock, deliveries would hold them all.
    const { promise: released, resolve: release } = Promise.withResolvers<undefined>()
    const run: string[] = []
    const tasks = poor.tasks.map((task) => ({
      ...task,
      run: async () => {
        if (task.name === 'deliver-notification') await released
        run.push(task.name)
      },
    }))
    const { db } = poor
    const log = createLog('silent')
    const jobs = await startJobs({
      service: 'incident-tiering',
      db,
      tasks,
      crontab: '',
      clock: () => poor.now,
      log,
    })
    try {
      await eventually(() => {
        expect(run.filter((name) => name === 'ticket-clock-due')).toHaveLength(clockCount)
      })
      expect(clockCount).toBeGreaterThan(0)
      expect(run).not.toContain('deliver-notification')
    } finally {
      release(undefined)
      await jobs.stop()
      await poor.release()
    }
  })

  test('[A-3.2.3] that finds nobody at all says that nobody was told', async () => {
    const ticket = await resolvedForSilent()
    const lost = (await ledger(ticket.id)).find(({ state }) => state === 'failed')
    expect(await factsOf(stage, lost?.id ?? '', 'notification.fell-back')).toMatchObject([
      { personIds: [] },
    ])
  })

  test('without a mail server is on record as not sent', async () => {
    const poor = await incidentStage()
    const { user, first } = await fillDirectory(poor, 'user', 'first')
    await nominate(poor, first, { tier: 'L1' })
    await open(poor, endUser(user))
    await runJobs(poor, await waitingJobs(poor, 'deliver-notification'))
    const rows: unknown = await poor.db.query('select state, last_error from notification')
    await poor.release()
    expect(rows).toEqual([
      { state: 'queued', last_error: 'No mail server is configured (SMTP_URL).' },
    ])
  })
})

describe('a mail server that takes the connection and never answers', () => {
  let silent: NetServer
  let connections: Set<Socket>
  let poor: TestService
  let jobs: { stop(): Promise<void> }

  beforeEach(async () => {
    connections = new Set()
    silent = createNetServer((socket) => {
      connections.add(socket)
      socket.on('error', () => undefined).on('close', () => connections.delete(socket))
    })
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  })
  afterEach(async () => {
    for (const socket of connections) socket.destroy()
    await jobs.stop()
    await poor.release()
    await new Promise((resolve) => silent.close(resolve))
  })

  /** The service with its real workers, on a clock that the test moves; ten people of L1 are to be told of a ticket. */
  async function besieged(trySeconds: number) {
    const { port } = silent.address() as AddressInfo
    poor = await incidentStage({
      SMTP_URL: `smtp://127.0.0.1:${String(port)}`,
      WEBHOOK_TARGETS: `127.0.0.1:${String(hookPort)}`,
      WEBHOOK_PRIVATE_NETWORKS: '',
      NOTIFICATION_TRY_SECONDS: trySeconds,
    })
    const names = Array.from({ length: 10 }, (_, n) => `l1-${String(n)}`)
    const { user } = await fillDirectory(poor, 'user')
    for (const person of Object.values(await fillDirectory(poor, ...names)))
      await nominate(poor, person, { tier: 'L1' })
    await poor.db.query('delete from incident_tiering_jobs._private_jobs')
    return user
  }

  async function work() {
    const { db, tasks } = poor
    jobs = await startJobs({
      service: 'incident-tiering',
      db,
      tasks,
      crontab: '',
      clock: () => poor.now,
      log: createLog('silent'),
    })
  }

  test('[A-3.2.3][A-5.2.3] holds up neither a webhook nor a clock: the raises of an unsolved P3 and P2 come while every mail hangs', async () => {
    const user = await besieged(60)
    const answered = await create(poor, '/v1/webhooks', systemAdmin(), {
      url: hookUrl(),
      unitId: null,
      secret: SECRET,
    })
    expect(answered.statusCode).toBe(201)
    for (const priority of ['p2', 'p3'])
      await setParameter(poor, `incident.priority.${priority}.raise_after`, {
        clock: 'continuous',
        within: priority === 'p2' ? 'PT1H' : 'PT1S',
      })
    const graver = await open(poor, endUser(user), { priority: 'P2' })
    const ticket = await open(poor, endUser(user))
    // Of the clocks only those that raise: by the clock of the database all are due, and look again and again.
    await poor.db.query(
      `delete from incident_tiering_jobs._private_jobs j
        where payload -> 'data' ->> 'clockId' in (select id::text from ticket_clock where kind <> 'unsolved')`,
    )
    await work()
    // Both workers of the mails are held by the server.
    await eventually(() => {
      expect(connections.size).toBe(2)
    })
    await eventually(() => {
      expect(calls.map(({ body }) => (JSON.parse(body) as { type: string }).type)).toContain(
        'ticket.opened',
      )
    })
    poor.now = after(poor.now, 2_000)
    await eventually(async () => {
      expect(await read(poor, ticket.id)).toMatchObject({ priority: 'P2' })
    })
    expect(await read(poor, graver.id)).toMatchObject({ priority: 'P2' })
    poor.now = after(poor.now, 60 * MINUTE)
    await eventually(async () => {
      expect(await read(poor, graver.id)).toMatchObject({ priority: 'P1' })
    })
    await eventually(() => {
      expect(calls.map(({ body }) => (JSON.parse(body) as { type: string }).type)).toContain(
        'ticket.priority-raised',
      )
    })
    const sent: unknown[] = await poor.db.query(
      `select 1 from notification where channel = 'mail' and state = 'delivered'`,
    )
    expect(sent).toEqual([])
  })

  test('[A-3.2.3] is given up at the end of the time of a try, and its connection is closed', async () => {
    const user = await besieged(1)
    await open(poor, endUser(user))
    const [job] = await waitingJobs(poor, 'deliver-notification')
    jobs = { stop: () => Promise.resolve() }
    await runJobs(poor, job === undefined ? [] : [job])
    const tried: unknown = await poor.db.query(
      'select attempts, last_error from notification where attempts > 0',
    )
    expect(tried).toEqual([{ attempts: 1, last_error: 'The receiver took longer than 1 s.' }])
    await eventually(() => {
      expect(connections.size).toBe(0)
    })
  })
})

describe('webhooks', () => {
  test('[A-3.2.3] one that hangs is tried alone, and another is called meanwhile', async () => {
    let hanging = 0
    const stuck = createServer(() => {
      hanging += 1
    })
    await new Promise<void>((resolve) => stuck.listen(0, '127.0.0.1', resolve))
    const stuckPort = String((stuck.address() as AddressInfo).port)
    const poor = await incidentStage({
      WEBHOOK_TARGETS: `127.0.0.1:${String(hookPort)},127.0.0.1:${stuckPort}`,
      NOTIFICATION_TRY_SECONDS: 60,
    })
    const { user } = await fillDirectory(poor, 'user')
    for (const url of [`http://127.0.0.1:${stuckPort}/`, hookUrl()])
      await create(poor, '/v1/webhooks', systemAdmin(), { url, unitId: null, secret: SECRET })
    for (let n = 0; n < 3; n += 1) await open(poor, endUser(user))
    const { db, tasks } = poor
    const jobs = await startJobs({
      service: 'incident-tiering',
      db,
      tasks,
      crontab: '',
      clock: () => poor.now,
      log: createLog('silent'),
    })
    try {
      await eventually(() => {
        const opened = calls.filter(({ body }) => body.includes('"ticket.opened"'))
        expect(opened).toHaveLength(3)
        expect(hanging).toBe(1)
      })
      expect(hanging).toBe(1)
    } finally {
      stuck.closeAllConnections()
      await new Promise((resolve) => stuck.close(resolve))
      await jobs.stop()
      await poor.release()
    }
  })

  test('[A-3.2.3] a call is signed after Standard Webhooks over id, time and the very body', async () => {
    await register(hookUrl())
    const ticket = await open(stage, endUser(people.user), { priority: 'P2' })
    await deliver()
    const [call] = calls
    const { 'webhook-id': id, 'webhook-timestamp': at } = call?.headers ?? {}
    const expected = createHmac('sha256', SECRET_BYTES)
      .update(`${String(id)}.${String(at)}.${call?.body ?? ''}`)
      .digest('base64')
    expect(call?.headers['webhook-signature']).toBe(`v1,${expected}`)
    expect(Number(at)).toBe(MONDAY.getTime() / 1_000)
    expect(JSON.parse(call?.body ?? '')).toEqual({
      type: 'ticket.opened',
      timestamp: MONDAY.toISOString(),
      data: {
        ticketId: ticket.id,
        number: ticket.number,
        title: 'GL is slow',
        priority: 'P2',
        state: 'open',
        tier: 'L1',
        unitId: UNIT,
        moduleCode: 'GL',
        alertEpisodeId: null,
        alertLevel: null,
        note: null,
      },
    })
  })

  test('the signature is that of the published example of Standard Webhooks', () => {
    expect(
      signWebhook(
        'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
        'msg_p5jXN8AQM9LWM0D4loKWxJek',
        1_614_265_330,
        '{"test": 2432232314}',
      ),
    ).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=')
  })

  test('[A-3.2.3] a receiver that is down is tried again with the same id, and the ledger shows both tries', async () => {
    await register(hookUrl())
    answer = 503
    const ticket = await open(stage, endUser(people.user))
    await deliver()
    const retries = await waitingJobs(stage, 'call-webhook')
    expect(retries).toMatchObject([{ runAt: after(MONDAY, 15_000) }])
    answer = 200
    stage.now = after(MONDAY, 15_000)
    await deliver()
    const row = (await ledger(ticket.id)).find(({ channel }) => channel === 'webhook')
    expect(row).toMatchObject({
      state: 'delivered',
      attempts: 2,
      tries: [
        { attempt: 1, outcome: 'refused', detail: 'The receiver answered 503.' },
        { attempt: 2, outcome: 'accepted', detail: 'HTTP 200' },
      ],
    })
    expect(calls.map(({ headers }) => headers['webhook-id'])).toEqual([row?.id, row?.id])
  })

  test('a receiver that is not there leaves the reason in the ledger', async () => {
    await register('http://127.0.0.1:1/')
    const ticket = await open(stage, endUser(people.user))
    await deliver()
    const row = (await ledger(ticket.id)).find(({ channel }) => channel === 'webhook')
    expect(row).toMatchObject({ state: 'queued', attempts: 1 })
    expect(row?.lastError).toMatch(/./)
  })

  test('[A-3.2.3] a receiver that keeps failing is given up after a day of tries, and told as an event', async () => {
    await register(hookUrl())
    answer = 500
    const ticket = await open(stage, endUser(people.user))
    let rounds = 0
    while ((await deliver()) > 0) rounds += 1
    expect(rounds).toBe(32)
    const row = (await ledger(ticket.id)).find(({ channel }) => channel === 'webhook')
    expect(row).toMatchObject({
      state: 'failed',
      attempts: 32,
      lastError: 'The receiver answered 500.',
    })
    expect(row?.tries).toHaveLength(32)
    expect(await factsOf(stage, row?.id ?? '', 'notification.failed')).toMatchObject([
      { attempts: 32, reason: 'The receiver answered 500.' },
    ])
  })

  test('a secret is replaced while messages come: both sign until the overlap is over', async () => {
    const { id } = (await register(hookUrl())).json<{ id: string }>()
    const secret = `whsec_${randomBytes(32).toString('base64')}`
    const replaced = await send(
      stage,
      'POST',
      `/v1/webhooks/${id}/secrets`,
      { 'if-match': '"1"', ...systemAdmin() },
      { secret, overlapHours: 2 },
    )
    expect(replaced.json()).toMatchObject({
      id,
      version: 2,
      previousUntil: after(MONDAY, 120 * MINUTE).toISOString(),
    })
    expect(replaced.body).not.toContain('whsec_')
    const signatures = async () => {
      calls = []
      await open(stage, endUser(people.user))
      await deliver()
      const [call] = calls
      const { 'webhook-id': sent, 'webhook-timestamp': time } = call?.headers ?? {}
      const expected = [secret, SECRET].map((each) =>
        signWebhook(each, String(sent), Number(time), call?.body ?? ''),
      )
      const told = String(call?.headers['webhook-signature']).split(' ')
      return told.map((signature) => expected.indexOf(signature))
    }
    expect(await signatures()).toEqual([0, 1])
    stage.now = after(MONDAY, 120 * MINUTE)
    expect(await signatures()).toEqual([0])
  })

  test('a redirect is not followed', async () => {
    await register(hookUrl())
    answer = 302
    const ticket = await open(stage, endUser(people.user))
    await deliver()
    expect((await ledger(ticket.id)).find(({ channel }) => channel === 'webhook')).toMatchObject({
      state: 'queued',
    })
  })

  test('of one unit hear of that unit only, also where no tier has anybody', async () => {
    await register(hookUrl(), { unitId: OTHER_UNIT })
    await open(stage, endUser(people.user))
    await deliver()
    expect(calls).toEqual([])
    await open(stage, authority(), { unitId: OTHER_UNIT })
    await deliver()
    expect(calls.map(({ body }) => (JSON.parse(body) as { type: string }).type).sort()).toEqual([
      'ticket.escalated',
      'ticket.nobody-serves',
      'ticket.opened',
    ])
  })

  test('switched off is not called, not even for what is queued', async () => {
    const { id } = (await register(hookUrl())).json<{ id: string }>()
    const ticket = await open(stage, endUser(people.user))
    const match = { 'if-match': '"1"', ...systemAdmin() }
    const off = await send(stage, 'PATCH', `/v1/webhooks/${id}`, match, { active: false })
    expect(off.json()).toMatchObject({ active: false, version: 2 })
    await deliver()
    await open(stage, endUser(people.user))
    await deliver()
    expect(calls).toEqual([])
    expect((await ledger(ticket.id)).find(({ channel }) => channel === 'webhook')).toMatchObject({
      lastError: 'The webhook is switched off.',
    })
    const stale = await send(stage, 'PATCH', `/v1/webhooks/${id}`, match, { active: true })
    expect(stale.json()).toMatchObject({ status: 412, currentVersion: 2 })
  })

  test('whose range is one unit registers and switches none of another or of the company', async () => {
    const own = caller({ roles: ['SYSTEM_ADMIN'], unit: UNIT, range: 'unit' })
    const foreign = await register(hookUrl(), { unitId: OTHER_UNIT })
    for (const unitId of [null, OTHER_UNIT])
      expect((await register(hookUrl(), { unitId }, own)).json()).toMatchObject({
        code: 'outside-unit',
      })
    const { id } = foreign.json<{ id: string }>()
    const match = { 'if-match': '"1"', ...own }
    const off = await send(stage, 'PATCH', `/v1/webhooks/${id}`, match, { active: false })
    expect(off.json()).toMatchObject({ status: 403, code: 'outside-unit' })
    expect((await register(hookUrl(), { unitId: UNIT }, own)).statusCode).toBe(201)
    const list = await send(stage, 'GET', '/v1/webhooks', own)
    expect(list.json()).toMatchObject({ items: [{ unitId: UNIT }] })
  })

  test.each([
    ['another host', 'http://127.0.0.2:PORT/', 'webhook-refused'],
    ['another port', 'http://127.0.0.1:2/', 'webhook-refused'],
    ['another scheme', 'ftp://127.0.0.1:PORT/', 'webhook-refused'],
    ['credentials in the address', 'http://a:b@127.0.0.1:PORT/', 'webhook-refused'],
    ['no address', 'nowhere', 'validation-failed'],
  ])('%s is refused', async (_what, url, code) => {
    const refused = await register(url.replace('PORT', String(hookPort)))
    expect(refused.json()).toMatchObject({ status: 422, code })
  })

  test('why an address is refused is told in Chinese to whoever prefers it', async () => {
    const headers = { ...systemAdmin(), 'accept-language': 'zh-CN' }
    expect((await register('http://127.0.0.2:1/', {}, headers)).json()).toMatchObject({
      detail: '该地址不在 WEBHOOK_TARGETS 列表中。',
    })
  })

  test.each(['short', 'whsec_short', `${SECRET}\n`, `whsec_${'x'.repeat(100)}`])(
    'the secret %j is refused by pointer',
    async (secret) => {
      const refused = await register(hookUrl(), { secret })
      expect(refused.json()).toMatchObject({
        code: 'validation-failed',
        errors: [{ pointer: '#/secret' }],
      })
    },
  )
})

test.each([
  ['http://hook.test/x', 'hook.test:80', true],
  ['https://hook.test/x', 'hook.test:443', true],
  ['https://hook.test/x', 'hook.test:80', false],
  ['http://HOOK.test:8080/', 'a:1, hook.test:8080', true],
  ['http://hook.test.evil.test/', 'hook.test:80', false],
  ['http://hook.test@evil.test/', 'hook.test:80', false],
  ['http://hook.test/', '', false],
  ['javascript:alert(1)', ':80', false],
])('%s with the list %j may be called: %p', (url, targets, allowed) => {
  expect(isAllowedTarget(url, targets)).toBe(allowed)
})

test('[A-4.3.1] the secret of a webhook is in no answer, table, event or log', async () => {
  const lines: string[] = []
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString())
      done()
    },
  })
  const database = await testDatabase(incidentTiering)
  const { db } = database
  const { app } = await buildService(incidentTiering, {
    db,
    clock: () => MONDAY,
    config: {
      SEALING_KEYS: randomBytes(32).toString('base64'),
      PERSONAL_DATA_KEYS: randomBytes(32).toString('base64'),
      SMTP_URL: '',
      MAIL_FROM: 'steward@example.test',
      WEBHOOK_TARGETS: `127.0.0.1:${String(hookPort)}`,
      WEBHOOK_PRIVATE_NETWORKS: '',
      NOTIFICATION_TRY_SECONDS: 10,
    },
    log: createLog('debug', sink),
    keyFor: testKeys,
    internalToken: 'x'.repeat(32),
  })
  const headers: Caller = { 'idempotency-key': 'k', ...systemAdmin() }
  const body = (secret: string) => ({ url: hookUrl(), unitId: null, secret })
  const answers = [
    await app.inject({ method: 'POST', url: '/v1/webhooks', headers, payload: body(SECRET) }),
    await app.inject({ method: 'POST', url: '/v1/webhooks', headers, payload: body(SECRET) }),
    await app.inject({ method: 'POST', url: '/v1/webhooks', headers, payload: body(`${SECRET}!`) }),
    await app.inject({ method: 'GET', url: '/v1/webhooks', headers }),
  ]
  expect(answers.map(({ statusCode }) => statusCode)).toEqual([201, 201, 422, 200])
  const tables: unknown[] = []
  for (const table of ['webhook', 'idempotency_key', 'outbox'])
    tables.push(await db.query(`select ${table}::text as row from ${table}`))
  await app.close()
  await database.release()
  expect(lines.length).toBeGreaterThan(0)
  const seen = JSON.stringify([lines, tables, answers.map((each) => each.body)])
  expect(seen).not.toContain(SECRET.slice(6, 30))
  expect(seen).not.toContain(String(headers.authorization).slice(7))
})

test('the ledger comes in pages and in the range of its reader', async () => {
  for (let n = 0; n < 3; n += 1) {
    stage.now = after(MONDAY, n * MINUTE)
    await open(stage, endUser(people.user))
  }
  const first = await send(stage, 'GET', '/v1/notifications?limit=2', authority())
  const { items, next } = first.json<{ items: LedgerRow[]; next: string }>()
  const rest = await send(stage, 'GET', `/v1/notifications?limit=2&cursor=${next}`, authority())
  const ids = [...items, ...rest.json<{ items: LedgerRow[] }>().items].map(({ id }) => id)
  expect(new Set(ids).size).toBe(3)
  const other = caller({ roles: ['OM_AUTHORITY'], unit: OTHER_UNIT, range: 'unit' })
  expect((await send(stage, 'GET', '/v1/notifications', other)).json()).toMatchObject({ items: [] })
  const own = caller({ roles: ['OM_AUTHORITY'], unit: UNIT, range: 'unit' })
  const seen = await send(stage, 'GET', '/v1/notifications?state=queued', own)
  expect(seen.json<{ items: unknown[] }>().items).toHaveLength(3)
})
