import { createHmac, randomUUID } from 'node:crypto'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { AccountRolesChanged } from '@erp-steward/contracts/account-events'
import type { Envelope } from '@erp-steward/contracts/event'
import { LedgerExported } from '@erp-steward/contracts/ledger-events'
import { runDueJobs } from '@erp-steward/test-kit/due-jobs'
import { queuedEvents } from '@erp-steward/test-kit/queued-events'
import { runTask } from '@erp-steward/test-kit/run-task'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { toldAttention } from '@erp-steward/test-kit/told-attention'
import { identityStage, pass } from '../account-stage.ts'
import { as, call, ok, refusal } from '../directory-stage.ts'

const HOUR = 3_600_000

interface Webhook {
  readonly id: string
  readonly version: number
  readonly [member: string]: unknown
}

let received: { headers: IncomingHttpHeaders; body: string }[]
let status: number
let hook: Server
let port: string
let stage: TestService
beforeAll(async () => {
  hook = createServer((request, response) => {
    void text(request).then((body) => {
      received.push({ headers: request.headers, body })
      response.writeHead(status).end()
    })
  })
  await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve))
  port = String((hook.address() as AddressInfo).port)
})
afterAll(() => new Promise((resolve) => hook.close(resolve)))
beforeEach(async () => {
  received = []
  status = 204
  stage = await identityStage({ WEBHOOK_TARGETS: `127.0.0.1:${port},localhost:${port}` })
})
afterEach(() => stage.release())

const system = as('SYSTEM_ADMIN', { person: randomUUID() })
const guard = as('SECURITY_ADMIN', { person: randomUUID() })
const path = (id: string, rest = '') => `/v1/event-webhooks/${id}${rest}`

const asking = (members: object = {}, headers = system) =>
  call(stage, {
    method: 'POST',
    url: '/v1/event-webhooks',
    headers,
    payload: {
      url: `http://127.0.0.1:${port}/events`,
      types: [],
      unitId: null,
      reason: '接入数据平台。',
      ...members,
    },
  })

const approving = (proposalId: unknown, headers = guard) =>
  call(stage, {
    method: 'POST',
    url: `/v1/proposals/identity/${String(proposalId)}/approve`,
    headers,
    payload: {},
    version: 1,
  })

const webhooks = async () =>
  (
    await ok<{ items: Webhook[] }>(
      call(stage, { method: 'GET', url: '/v1/event-webhooks', headers: guard }),
    )
  ).items

async function registered(members: object = {}): Promise<Webhook> {
  const { id } = await ok(asking(members))
  await ok(approving(id))
  const webhook = (await webhooks()).find(({ proposalId }) => proposalId === id)
  if (webhook === undefined) throw new Error('it was not registered')
  return webhook
}

const makingSecret = ({ id, version }: Webhook, overlapHours = 24) =>
  call(stage, {
    method: 'POST',
    url: path(id, '/secrets'),
    headers: system,
    payload: { overlapHours },
    version,
  })

const withSecret = async (members: object = {}) =>
  ok<Webhook & { secret: string }>(makingSecret(await registered(members)))

/** `unitId`: what the fact is about; `unit`: where its actor belongs. */
async function record(
  type: string,
  { unitId, unit }: { readonly unitId?: string; readonly unit?: string } = {},
): Promise<Envelope> {
  const envelope: Envelope = {
    specversion: '1.0',
    id: randomUUID(),
    source: '/identity',
    type,
    subject: 'somebody',
    time: stage.now.toISOString(),
    datacontenttype: 'application/json',
    actor: randomUUID(),
    actingrole: 'END_USER',
    ...(unit !== undefined && { unit }),
    clauseids: '',
    requestid: 'request-1',
    traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    data: { name: '张三', ...(unitId !== undefined && { unitId }) },
  }
  expect(await stage.consumer.deliver(envelope)).toBe('handled')
  return envelope
}

const work = () => runDueJobs(stage.serviceDb, 'identity', stage.tasks, stage.now)

const deliveries = async ({ id }: Webhook, query = '') =>
  (
    await ok<{ items: Record<string, unknown>[] }>(
      call(stage, { method: 'GET', url: path(id, `/deliveries${query}`), headers: guard }),
    )
  ).items

const idsOf = () => received.map(({ headers }) => headers['webhook-id'])

test('a receiver takes two persons: nothing is sent before the second, and nobody approves the own', async () => {
  const { id } = await ok(asking())
  expect(await refusal(approving(id, system))).toEqual([403, 'permission-missing'])
  await record(LedgerExported.type)
  expect(await webhooks()).toEqual([])
  await ok(approving(id))
  const [webhook] = await webhooks()
  expect(webhook).toMatchObject({ url: `http://127.0.0.1:${port}/events`, secretMadeAt: null })
  // Not without a secret either.
  await record(LedgerExported.type)
  await work()
  expect(received).toEqual([])
  expect(JSON.stringify(await webhooks())).not.toContain('sealed')
})

test.each([
  ['an address that is not listed', { url: 'http://10.0.0.1:8080/' }, 'webhook-refused'],
  ['credentials in it', { url: 'http://a:b@localhost:1/' }, 'webhook-refused'],
  ['a type that no event has', { types: ['identity.no.such.v1'] }, 'validation-failed'],
  ['a unit that is not there', { unitId: randomUUID() }, 'unit-unknown'],
])('%s is refused when it is asked for', async (_, members, code) => {
  expect(await refusal(asking(members))).toEqual([422, code])
})

test('a fact is posted as the ledger has it, signed after Standard Webhooks, once', async () => {
  const webhook = await withSecret()
  const fact = await record(LedgerExported.type)
  await work()
  await work()
  const [message] = received
  expect(idsOf()).toEqual([fact.id])
  expect(JSON.parse(message?.body ?? '')).toEqual(fact)
  const { 'webhook-id': id, 'webhook-timestamp': at } = message?.headers ?? {}
  const key = Buffer.from(webhook.secret.slice('whsec_'.length), 'base64')
  const expected = createHmac('sha256', key)
    .update(`${String(id)}.${String(at)}.${message?.body ?? ''}`)
    .digest('base64')
  expect(message?.headers['webhook-signature']).toBe(`v1,${expected}`)
  expect(await deliveries(webhook)).toMatchObject([
    { eventId: fact.id, type: fact.type, state: 'delivered', attempts: 1, nextAt: null },
  ])
})

test('only the types that were approved are sent, only of the unit, and in the order of the ledger', async () => {
  const unit = randomUUID()
  await stage.db.query(`insert into unit values ($1, 'U9', 'Unit', 'USER_UNIT', true, 1)`, [unit])
  await withSecret({ types: [LedgerExported.type], unitId: unit })
  await record(LedgerExported.type)
  await record(AccountRolesChanged.type, { unitId: unit })
  // What somebody of the unit did elsewhere is not about it.
  await record(LedgerExported.type, { unitId: randomUUID(), unit })
  await record(LedgerExported.type, { unit })
  const wanted = [
    await record(LedgerExported.type, { unitId: unit, unit: randomUUID() }),
    await record(LedgerExported.type, { unitId: unit }),
  ]
  await work()
  expect(idsOf()).toEqual(wanted.map(({ id }) => id))
})

test('what fails is tried under the same id for a day, holds up nothing, is given up and told, and is replayed', async () => {
  const webhook = await withSecret()
  status = 500
  const begun = stage.now
  const poor = await record(LedgerExported.type)
  await work()
  expect(await deliveries(webhook)).toMatchObject([
    { state: 'queued', attempts: 1, lastError: 'The receiver answered 500.' },
  ])
  status = 204
  const good = await record(LedgerExported.type)
  await work()
  expect(idsOf()).toEqual([poor.id, good.id])

  status = 503
  const undelivered = () => toldAttention(stage, { kind: 'notification-undelivered' })
  while ((await deliveries(webhook, '?state=queued')).length > 0) {
    expect(await undelivered()).toEqual([])
    pass(stage, HOUR)
    await work()
  }
  const tries = idsOf().filter((id) => id === poor.id)
  expect(tries.length).toBeGreaterThan(20)
  expect(stage.now.getTime() - begun.getTime()).toBeGreaterThanOrEqual(23 * HOUR)
  expect(await undelivered()).toMatchObject([
    { subject: webhook.id, mending: 'replayEventWebhook' },
  ])

  status = 204
  received = []
  const replaying = (members: object) =>
    call(stage, {
      method: 'POST',
      url: path(webhook.id, '/replays'),
      headers: system,
      payload: {
        from: begun.toISOString(),
        to: new Date(stage.now.getTime() + 1).toISOString(),
        onlyFailed: true,
        ...members,
      },
    })
  expect(await ok(replaying({}))).toEqual({ queued: 1, next: null })
  await work()
  expect(idsOf()).toEqual([poor.id])
  expect(await undelivered()).toEqual([])
  expect(await ok(replaying({ onlyFailed: false }))).toMatchObject({ queued: 2 })
  expect(await refusal(replaying({ to: begun.toISOString() }))).toEqual([422, 'validation-failed'])
})

test('a secret is replaced while messages come: both sign until the overlap is over', async () => {
  const first = await withSecret()
  const second = await ok<Webhook & { secret: string }>(makingSecret(first, 2))
  expect(second.secret).not.toBe(first.secret)
  const signatures = async () => {
    received = []
    await record(LedgerExported.type)
    await work()
    return String(received[0]?.headers['webhook-signature']).split(' ').length
  }
  expect(await signatures()).toBe(2)
  pass(stage, 2 * HOUR)
  expect(await signatures()).toBe(1)
  await ok(makingSecret(second, 0))
  expect(await signatures()).toBe(1)
  const [kept]: { secret: string }[] = await stage.db.query(
    'select sealed_secret as secret from event_webhook',
  )
  expect(kept?.secret).not.toContain('whsec_')
  expect(JSON.stringify(await queuedEvents(stage.db))).not.toContain('whsec_')
})

test('a receiver that is ended gets nothing more, not even what waits, and does not come back', async () => {
  const webhook = await withSecret()
  status = 500
  await record(LedgerExported.type)
  await work()
  const ended = await ok<Webhook>(
    call(stage, {
      method: 'POST',
      url: path(webhook.id, '/end'),
      headers: system,
      payload: { reason: '地址泄露。' },
      version: webhook.version,
    }),
  )
  received = []
  status = 204
  await record(LedgerExported.type)
  pass(stage, HOUR)
  await work()
  expect(received).toEqual([])
  expect(await deliveries(webhook)).toMatchObject([{ state: 'failed' }])
  expect(await refusal(makingSecret(ended))).toEqual([409, 'webhook-ended'])
  expect(await toldAttention(stage, { kind: 'notification-undelivered' })).toEqual([])
})

test('a listed name that resolves to a private address is not called, and the ledger says why', async () => {
  const webhook = await withSecret({ url: `http://localhost:${port}/` })
  await record(LedgerExported.type)
  await work()
  expect(received).toEqual([])
  const [delivery] = await deliveries(webhook)
  expect(delivery?.lastError).toContain('resolves to a private address')
})

test('what was delivered is known for 30 days, what was not for 90', async () => {
  const webhook = await withSecret()
  await record(LedgerExported.type)
  await work()
  pass(stage, 31 * 24 * HOUR)
  await runTask(stage, 'forget-event-deliveries')
  expect(await deliveries(webhook)).toEqual([])
})
