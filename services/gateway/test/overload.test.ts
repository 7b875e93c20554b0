import { afterEach, expect, test } from '@jest/globals'
import { bearer } from '@erp-steward/test-kit/tokens'
import { priorityOf } from '../src/overload/priority.ts'
import { StandingDelay } from '../src/overload/rules/standing-delay.ts'
import { stage, type Stage } from './stage.ts'

test.each([
  ['GET', '/health', 'vital'],
  ['GET', '/health/ready', 'vital'],
  ['GET', '/metrics', 'vital'],
  ['GET', '/healthy', 'ordinary'],
  ['GET', '/v1/sign-out', 'vital'],
  ['DELETE', '/v1/sessions/current', 'vital'],
  ['DELETE', '/v1/sessions/0195f2a0-0000-7000-8000-000000000001', 'ordinary'],
  ['POST', '/v1/accounts/lockdowns', 'vital'],
  ['POST', '/v1/accounts/7/freeze', 'vital'],
  ['POST', '/v1/accounts//freeze', 'ordinary'],
  ['POST', '/v1/accounts/7/unfreeze', 'ordinary'],
  ['POST', '/v1/theft-reports', 'vital'],
  ['GET', '/v1/theft-reports', 'ordinary'],
  ['POST', '/v1/tokens/revocation', 'vital'],
  ['POST', '/v1/sessions', 'ordinary'],
  ['POST', '/v1/metrics/write', 'bulk'],
  ['POST', '/v1/imports/persons', 'bulk'],
  ['PUT', '/v1/ebs-uploads/7/parts/3', 'bulk'],
  ['POST', '/scim/v2/Bulk', 'bulk'],
])('%s %s is %s', (method, path, priority) => {
  expect(priorityOf(method, path)).toBe(priority)
})

test('one long turn of the event loop is no queue, four late looks in a row are', () => {
  const delay = new StandingDelay()
  for (const ms of [5_000, 0, 0, 0]) delay.note(ms)
  expect(delay.ms).toBe(0)
  for (const ms of [700, 900, 800]) delay.note(ms)
  expect(delay.ms).toBe(0)
  delay.note(600)
  expect(delay.ms).toBe(600)
  delay.note(10)
  expect(delay.ms).toBe(10)
})

test('before there were four looks nobody is turned away', () => {
  const delay = new StandingDelay()
  for (const ms of [9_000, 9_000, 9_000]) delay.note(ms)
  expect(delay.ms).toBe(0)
})

let late = 0
let on: Stage
const open: Stage[] = []
afterEach(() => Promise.all(open.splice(0).map((each) => each.end())))

async function staged(): Promise<void> {
  late = 0
  on = await stage(
    {
      identity: (app) => {
        app.post('/v1/accounts/lockdowns', () => ({ frozen: true }))
        app.delete('/v1/sessions/current', (_request, reply) => reply.code(204).send())
      },
      'incident-tiering': (app) => app.get('/v1/tickets', () => ({ here: true })),
      'monitoring-ingest': (app) => app.post('/v1/metrics/write', () => ({ taken: true })),
    },
    { SHED_DELAY_MS: '500' },
    {},
    { delayMs: () => late },
  )
  open.push(on)
}

const headers = bearer({ roles: ['KEY_USER', 'SECURITY_ADMIN'] })
const calls = {
  tickets: () => on.call('/v1/tickets', { headers }),
  metrics: () => on.call('/v1/metrics/write', { method: 'POST', body: 'x' }),
  lockdown: () => on.call('/v1/accounts/lockdowns', { method: 'POST', headers, body: '{}' }),
  signOut: () => on.call('/v1/sessions/current', { method: 'DELETE', headers }),
  health: () => on.call('/health'),
  live: () => on.call('/health/live'),
}
const statuses = async () =>
  Object.fromEntries(
    await Promise.all(
      Object.entries(calls).map(async ([name, call]) => [name, (await call()).status] as const),
    ),
  )
const VITAL = { lockdown: 200, signOut: 204, health: 200, live: 200 }

test('[A-2.1.7] the later the event loop, the fewer get through: bulk first, then all but the vital, who never wait', async () => {
  await staged()
  expect(await statuses()).toEqual({ ...VITAL, tickets: 200, metrics: 200 })
  late = 249
  expect(await statuses()).toEqual({ ...VITAL, tickets: 200, metrics: 200 })
  late = 250
  expect(await statuses()).toEqual({ ...VITAL, tickets: 200, metrics: 503 })
  late = 500
  expect(await statuses()).toEqual({ ...VITAL, tickets: 503, metrics: 503 })
  late = 60_000
  expect(await statuses()).toEqual({ ...VITAL, tickets: 503, metrics: 503 })
  late = 0
  expect(await statuses()).toEqual({ ...VITAL, tickets: 200, metrics: 200 })
  const { text } = await on.call('/metrics')
  expect(text).toContain('requests_shed_total{priority="bulk",service="gateway"} 3')
  expect(text).toContain('requests_shed_total{priority="ordinary",service="gateway"} 2')
})

test('who is turned away is told what and when to come again, in his language', async () => {
  await staged()
  late = 1_000
  const answer = await on.call('/v1/tickets', {
    headers: { ...headers, 'accept-language': 'zh-CN' },
  })
  expect(answer).toMatchObject({
    status: 503,
    headers: {
      'content-type': 'application/problem+json',
      'content-language': 'zh-CN',
      'retry-after': '2',
    },
    json: { code: 'unavailable', detail: '当前请求过多，暂时无法处理。' },
  })
})

test('a connection on which a request was turned away carries the next one, also behind a body that nobody read', async () => {
  await staged()
  late = 1_000
  for (let each = 0; each < 3; each += 1)
    expect(
      (await on.call('/v1/tickets', { method: 'POST', headers, body: 'x'.repeat(200_000) })).status,
    ).toBe(503)
  late = 0
  expect((await calls.tickets()).json).toEqual({ here: true })
})
