import { randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from '@jest/globals'
import { attentionKinds, type AttentionKind } from '@erp-steward/contracts/attention'
import { serviceNames, type ServiceName } from '@erp-steward/contracts/services'
import type { Attention, AttentionItem } from '@erp-steward/service-kit/attention'
import { bearer, type TestCaller } from '@erp-steward/test-kit/tokens'
import { selfSigned } from '@erp-steward/test-kit/certificates'
import { Gauge, Registry } from 'prom-client'
import { Agent, request } from 'undici'
import { certificateEnd, diskSeverity } from '../src/attention/rules/own-matters.ts'
import { INTERNAL_TOKEN, stage, type Prepare, type Stage } from './stage.ts'

const UNIT = randomUUID()
const open: Stage[] = []
afterEach(async () => {
  for (const each of open.splice(0)) await each.end()
})

type Told = Partial<Record<ServiceName, Attention>>

/** What each service was asked. */
const asked: { service: ServiceName; query: URLSearchParams }[] = []

/** Services that tell this; one that is `undefined` is there and does not answer the question. */
function tellers(told: Told): Prepare {
  return Object.fromEntries(
    serviceNames.map((service) => [
      service,
      (app: Parameters<NonNullable<Prepare['identity']>>[0]) => {
        app.get('/internal/attention', (request, reply) => {
          if (request.headers.authorization !== `Bearer ${INTERNAL_TOKEN}`)
            return reply.code(401).send()
          asked.push({ service, query: new URL(request.url, 'http://x').searchParams })
          const answer = told[service]
          return answer ?? reply.code(500).send()
        })
      },
    ]),
  )
}

const nothing: Attention = { counts: [], items: [] }
const quiet: Told = Object.fromEntries(serviceNames.map((name) => [name, nothing]))

async function staged(
  told: Told,
  settings: Record<string, string> = {},
  options: Parameters<typeof stage>[3] = {},
): Promise<Stage> {
  asked.length = 0
  const it = await stage(tellers(told), settings, {}, options)
  open.push(it)
  return it
}

const item = (kind: AttentionKind, members: Partial<AttentionItem> = {}): AttentionItem => ({
  ...{ kind, severity: attentionKinds[kind].severity, subject: randomUUID(), name: null },
  ...{ unitIds: [], since: '2026-11-30T04:00:00+00:00', mending: 'readHealth', target: null },
  ...members,
})

/** A service's answer with these items, counted. */
const telling = (...items: AttentionItem[]): Attention => ({
  items,
  counts: items.map(({ kind, severity, since }) => ({ kind, severity, since, count: 1 })),
})

interface Listed {
  items: (AttentionItem & {
    service: string
    title: string
    remedy: string
    mending: { operationId: string; method: string; path: string }
  })[]
  counts: { kind: string; severity: string; count: number; since: string }[]
  rest: number
}

async function list(
  it: Stage,
  as: TestCaller = { roles: ['SYSTEM_ADMIN'] },
  query = '',
  language = 'en',
) {
  const answer = await it.call(`/v1/attention${query}`, {
    headers: { ...bearer(as), 'accept-language': language },
  })
  return { ...answer, listed: answer.json as unknown as Listed }
}

test('what all services tell is one list, the worst first, each with the operation that mends it', async () => {
  const task = item('ebs-task-failed', { mending: 'retryProvisioningTask' })
  const letter = item('dead-letter', { mending: 'replay{Service}DeadLetter' })
  const old = item('alert-firing', { since: '2026-11-29T04:00:00+00:00', mending: 'readAlert' })
  const young = item('alert-firing', { mending: 'acknowledgeTicket', target: 'a/b' })
  const it = await staged({
    ...quiet,
    identity: telling(task),
    'monitoring-ingest': telling(old, young),
    'incident-tiering': telling(letter),
  })
  const { status, listed } = await list(it)
  expect(status).toBe(200)
  expect(listed.items.map(({ subject, service, mending }) => [subject, service, mending])).toEqual([
    [
      letter.subject,
      'incident-tiering',
      {
        operationId: 'replayIncidentTieringDeadLetter',
        method: 'POST',
        path: `/v1/dead-letters/incident-tiering/${letter.subject}/replay`,
      },
    ],
    [
      task.subject,
      'identity',
      {
        operationId: 'retryProvisioningTask',
        method: 'POST',
        path: `/v1/provisioning-tasks/${task.subject}/retry`,
      },
    ],
    [
      old.subject,
      'monitoring-ingest',
      { operationId: 'readAlert', method: 'GET', path: `/v1/alerts/${old.subject}` },
    ],
    [
      young.subject,
      'monitoring-ingest',
      { operationId: 'acknowledgeTicket', method: 'POST', path: '/v1/tickets/a%2Fb/acknowledge' },
    ],
  ])
  expect(listed.counts.at(-1)).toMatchObject({
    ...{ kind: 'alert-firing', severity: 'warning', count: 2 },
    since: '2026-11-29T04:00:00.000Z',
  })
  expect(listed.rest).toBe(0)
})

test('the list is bounded and says how many more there are', async () => {
  const it = await staged({
    ...quiet,
    identity: {
      ...telling(item('ebs-task-failed'), item('ebs-task-failed')),
      counts: [
        {
          kind: 'ebs-task-failed',
          severity: 'critical',
          count: 7,
          since: '2026-11-30T04:00:00+00:00',
        },
      ],
    },
  })
  const { listed } = await list(it, undefined, '?limit=1')
  expect(listed.items).toHaveLength(1)
  expect(listed).toMatchObject({ rest: 6, counts: [{ count: 7 }] })
  expect(asked.map(({ query }) => query.get('limit'))).toEqual(serviceNames.map(() => '1'))
  expect((await list(it, undefined, '?limit=0')).status).toBe(422)
  expect((await list(it, undefined, '?limit=201')).status).toBe(422)
})

test('a service that does not answer is an entry of its own, since it was found first', async () => {
  const { assessment: _, ...others } = quiet
  const it = await staged(others)
  it.now = new Date()
  const first = await list(it)
  const found = it.now.toISOString()
  expect(first.listed.items).toEqual([
    expect.objectContaining({
      ...{ kind: 'service-silent', severity: 'critical', service: 'gateway', since: found },
      ...{
        subject: 'assessment',
        mending: { operationId: 'readHealth', method: 'GET', path: '/health' },
      },
    }),
  ])
  it.now = new Date(it.now.getTime() + 60_000)
  expect((await list(it)).listed.items[0]?.since).toBe(found)
})

test('a service whose answer cannot be read does not answer', async () => {
  const it = await staged({
    ...quiet,
    identity: { items: [{}], counts: [] } as unknown as Attention,
  })
  expect((await list(it)).listed.items).toMatchObject([
    { kind: 'service-silent', subject: 'identity' },
  ])
})

test('nobody is told of what they may not read, and none without the permission', async () => {
  const it = await staged(quiet)
  await list(it, { roles: ['AUDIT_ADMIN'] })
  const kinds = asked[0]?.query.getAll('kind') ?? []
  expect(kinds).toContain('dead-letter')
  asked.length = 0
  await list(it, { roles: ['OM_PROVIDER'] })
  expect(asked[0]?.query.getAll('kind')).not.toContain('dead-letter')
  const refused = await list(it, { roles: ['END_USER'] })
  expect(refused.status).toBe(403)
  expect(refused.json).toMatchObject({ code: 'permission-missing', permission: 'attention.read' })
  expect((await it.call('/v1/attention')).status).toBe(401)
})

test('callers of a unit are told of their unit, and that a service is silent, not of the site', async () => {
  const { assessment: _, ...others } = quiet
  const disk = () => Promise.resolve({ freeBytes: 1, sizeBytes: 100 })
  const it = await staged(others, {}, { disk })
  const { listed } = await list(it, { roles: ['BUSINESS_OWNER'], range: 'unit', unit: UNIT })
  expect(asked.map(({ query }) => query.get('unitId'))).toEqual(asked.map(() => UNIT))
  expect(listed.items.map(({ kind }) => kind)).toEqual(['service-silent'])
  expect((await list(it)).listed.items.map(({ kind }) => kind)).toEqual([
    'service-silent',
    'disk-ending',
  ])
})

test('texts are in the language preferred; one kind can be asked for alone', async () => {
  const it = await staged({ ...quiet, identity: telling(item('ebs-task-failed')) })
  const { listed } = await list(it, undefined, '?kind=ebs-task-failed', 'zh-CN')
  expect(listed.items[0]).toMatchObject(
    Object.fromEntries(
      (['title', 'remedy'] as const).map((text) => [
        text,
        attentionKinds['ebs-task-failed'][text]['zh-CN'],
      ]),
    ),
  )
  expect(asked.map(({ query }) => query.getAll('kind'))).toEqual(
    serviceNames.map(() => ['ebs-task-failed']),
  )
  expect((await list(it, undefined, '?kind=nonsense')).status).toBe(422)
})

test.each([
  [15, null],
  [14.999, 'warning'],
  [5, 'warning'],
  [4.999, 'critical'],
])('a disk with %d %% left is %s', (freeBytes, severity) => {
  expect(diskSeverity({ freeBytes, sizeBytes: 100 })).toBe(severity)
})

test.each([
  [30 * 86_400_000 + 1, null],
  [30 * 86_400_000, 'warning'],
  [7 * 86_400_000, 'warning'],
  [7 * 86_400_000 - 1, 'critical'],
  [-1, 'critical'],
])('a certificate that ends in %d ms is %s', (left, severity) => {
  const now = new Date('2026-11-30T04:00:00Z')
  expect(certificateEnd(new Date(now.getTime() + left), now)?.severity ?? null).toBe(severity)
})

test('a certificate near its end is told of, and the series say when it ends', async () => {
  const now = new Date()
  const { cert, key } = selfSigned('gateway.test', now)
  const files = [
    join(tmpdir(), `${randomUUID()}.pem`),
    join(tmpdir(), `${randomUUID()}.pem`),
  ] as const
  await writeFile(files[0], cert)
  await writeFile(files[1], key, { mode: 0o600 })
  const it = await staged(quiet, { TLS_CERT_FILE: files[0], TLS_KEY_FILE: files[1] })
  const dispatcher = new Agent({ connect: { ca: cert, servername: 'gateway.test' } })
  const read = async (path: string) => {
    const headers = bearer({ roles: ['SYSTEM_ADMIN'] })
    const { body } = await request(it.gateway.url + path, { dispatcher, headers })
    return body.text()
  }
  expect(JSON.parse(await read('/v1/attention'))).toMatchObject({
    items: [{ kind: 'certificate-ending', severity: 'critical', subject: 'TLS_CERT_FILE' }],
  })
  expect(await read('/metrics')).toMatch(
    /^certificate_not_after_timestamp_seconds\{service="gateway"\} \d+$/m,
  )
  await dispatcher.destroy()
})

test('the series show what the gateway finds, which services are ready, and those beside it once each', async () => {
  const services = ['identity', 'assessment'].map((service) => {
    const registry = new Registry()
    registry.setDefaultLabels({ service })
    new Gauge({
      name: 'attention_items',
      help: 'h',
      labelNames: ['kind', 'severity'],
      registers: [registry],
    }).set({ kind: 'dead-letter', severity: 'critical' }, service === 'identity' ? 3 : 0)
    return registry
  })
  const disk = () => Promise.resolve({ freeBytes: 10, sizeBytes: 100 })
  const it = await staged(quiet, {}, { beside: () => services, disk })
  await it.upstreams.assessment.close()
  const { text } = await it.call('/metrics')
  for (const line of [
    'attention_items{kind="disk-ending",severity="warning",service="gateway"} 1',
    'attention_items{kind="service-silent",severity="critical",service="gateway"} 1',
    'attention_items{kind="dead-letter",severity="critical",service="identity"} 3',
    'attention_items{kind="dead-letter",severity="critical",service="assessment"} 0',
    'service_ready{upstream="assessment",service="gateway"} 0',
    'service_ready{upstream="identity",service="gateway"} 1',
    'disk_free_bytes{service="gateway"} 10',
    'disk_size_bytes{service="gateway"} 100',
  ])
    expect(text.split('\n')).toContain(line)
  expect(text.match(/^# TYPE attention_items /gm)).toHaveLength(1)
})
