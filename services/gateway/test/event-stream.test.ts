import { once } from 'node:events'
import { get, type IncomingMessage, type ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals'
import { eventually } from '@erp-steward/test-kit/eventually'
import { bearer } from '@erp-steward/test-kit/tokens'
import type { FastifyInstance } from 'fastify'
import { stage, type Stage } from './stage.ts'

/** Seconds after which a service that says nothing is given up, but for answers without end. */
const PATIENCE_SECONDS = 0.5
/** As many as the gateway keeps connections for. */
const MOST = 128

const caller = bearer({ roles: ['SCRIPT'] })
let it: Stage
/** Streams as the service has them open. */
const open = new Set<ServerResponse>()
let heard: Record<string, unknown> = {}

function streamEvents(app: FastifyInstance): void {
  app.get('/v1/events', (request, reply) => {
    reply.hijack()
    heard = request.headers
    const { raw } = reply
    open.add(raw)
    raw.once('close', () => open.delete(raw))
    raw.writeHead(200, { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' })
    raw.write('retry: 1000\n\n')
  })
  app.get('/v1/persons', () => ({ items: [] }))
}

beforeAll(async () => {
  it = await stage(
    { identity: streamEvents },
    { UPSTREAM_TIMEOUT_SECONDS: String(PATIENCE_SECONDS), RATE_LIMIT_CALLER: '100000' },
  )
})
afterAll(() => it.end())

const clients: Client[] = []
afterEach(async () => {
  for (const { leave } of clients.splice(0)) leave()
  await eventually(() => {
    expect(open.size).toBe(0)
  })
})

interface Client {
  readonly answer: IncomingMessage
  readonly text: () => string
  readonly leave: () => void
}

async function listen(url: string, headers: Record<string, string> = caller): Promise<Client> {
  const request = get(`${url}/v1/events`, { headers, agent: false })
  const [answer] = (await once(request, 'response')) as [IncomingMessage]
  let text = ''
  answer.setEncoding('utf8').on('data', (part: string) => (text += part))
  // A stream that is cut off breaks off.
  answer.on('error', () => undefined)
  const client = { answer, text: () => text, leave: () => request.destroy() }
  clients.push(client)
  return client
}

/** Has the service say something on every stream. */
function say(text: string): void {
  for (const stream of open) stream.write(text)
}

async function hears({ text }: Client, part: string): Promise<void> {
  await eventually(() => {
    expect(text()).toContain(part)
  })
}

test('each part of a stream goes on as it comes, with the words for proxies, and the position of the reader goes in', async () => {
  const client = await listen(it.gateway.url, { ...caller, 'last-event-id': '17' })
  expect(client.answer.headers).toMatchObject({
    'content-type': 'text/event-stream',
    'x-accel-buffering': 'no',
    'cache-control': 'no-store',
  })
  expect(heard['last-event-id']).toBe('17')
  await hears(client, 'retry: 1000')
  for (const part of ['id: 18\n\n', 'id: 19\n\n']) {
    say(part)
    await hears(client, part)
  }
})

test('a stream may be silent for longer than other answers, and counts once against the quota', async () => {
  const client = await listen(it.gateway.url)
  expect(client.answer.headers.ratelimit).toMatch(/caller/)
  await hears(client, 'retry')
  await sleep(PATIENCE_SECONDS * 1_000 * 3)
  say('id: 20\n\n')
  await hears(client, 'id: 20')
})

test('as many streams as may be leave room for every other request; one more is refused until one closes', async () => {
  const all = await Promise.all(Array.from({ length: MOST }, () => listen(it.gateway.url)))
  expect(all.every(({ answer }) => answer.statusCode === 200)).toBe(true)
  const more = await listen(it.gateway.url)
  expect([more.answer.statusCode, more.answer.headers['retry-after']]).toEqual([503, '2'])
  const others = await Promise.all(
    Array.from({ length: MOST }, () => it.call('/v1/persons', { headers: caller })),
  )
  expect(new Set(others.map(({ status }) => status))).toEqual(new Set([200]))
  all[0]?.leave()
  await eventually(async () => {
    expect((await listen(it.gateway.url)).answer.statusCode).toBe(200)
  })
})

test('a stream that the service ends is over for the reader, with its last word', async () => {
  const client = await listen(it.gateway.url)
  await hears(client, 'retry')
  for (const stream of open) stream.end('event: end\ndata: {"reason":"token-revoked"}\n\n')
  await once(client.answer, 'end')
  expect(client.text()).toMatch(/token-revoked"\}\n\n$/)
})

test('a gateway that stops cuts its streams off, and does not wait for their tokens to end', async () => {
  const other = await stage({ identity: streamEvents })
  const client = await listen(other.gateway.url)
  await hears(client, 'retry')
  const cut = new Promise((resolve) => client.answer.once('close', resolve))
  await other.end()
  await cut
  expect(client.answer.complete).toBe(false)
})
