import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { topics } from '@erp-steward/contracts/event-catalog'
import { publicOperations, serviceNames, services } from '@erp-steward/contracts/services'
import { eventually } from '@erp-steward/test-kit/eventually'
import Fastify from 'fastify'
import { pino } from 'pino'
import { createCatalogue } from '../src/documents/catalogue.ts'
import { mergeDocuments, type OwnedDocument } from '../src/documents/merge-documents.ts'
import { createRoutingTable } from '../src/routing/rules/routing-table.ts'
import { closeUpstream, openUpstream } from '../src/routing/upstreams.ts'
import { documentOf, raw, stage, urlOf, type Stage } from './stage.ts'

let it: Stage
beforeAll(async () => {
  it = await stage()
})
afterAll(() => it.end())

test('the merged document holds the operations of every service and of the gateway, once each', async () => {
  const { status, json } = await it.call('/openapi.json')
  expect(status).toBe(200)
  expect(json).toMatchObject({
    openapi: '3.1.0',
    info: { title: 'ERP Steward' },
    components: { securitySchemes: { bearer: { scheme: 'bearer' } } },
  })
  expect(Object.keys(json.paths as object)).toEqual([
    '/.well-known/jwks.json',
    '/health',
    '/problems/{code}',
    '/v1/attention',
    '/v1/backup-sites',
    '/v1/metrics',
    '/v1/observations',
    '/v1/tickets',
  ])
  expect((await it.call('/docs/json')).json).toEqual(json)
})

test.each([
  ['TRACE', '/v1/tickets'],
  ['OPTIONS', '/v1/tickets'],
  ['QUERY', '/v1/tickets'],
  ['POST', '/health'],
  ['TRACE', '/problems/not-found'],
] as const)('%s %s is told from an address that is not there', async (method, path) => {
  const { status, headers, json } = await it.call(path, { method })
  expect([status, json.code, headers.allow]).toEqual([405, 'method-not-allowed', 'GET, HEAD'])
})

test('a method that Node does not know is told from an address that is not there, too', async () => {
  const answer = await raw(it, 'FROB /v1/tickets?page=1 HTTP/1.1\r\nhost: x\r\n\r\n')
  expect(answer).toMatch(/^HTTP\/1.1 405 [^]*\r\nallow: GET, HEAD\r\n[^]*"method-not-allowed"/)
  expect(it.log.join('')).not.toContain('FROB')
  expect(await raw(it, 'FROB /v1/nowhere HTTP/1.1\r\nhost: x\r\n\r\n')).toMatch(/^HTTP\/1.1 400 /)
})

test.each(['/v1/nowhere', '/v1/tickets/', '/nowhere'])('TRACE %s is not there', async (path) => {
  expect((await it.call(path, { method: 'TRACE' })).json.code).toBe('not-found')
})

test('the docs page says how to get a token and how to begin, in both languages', async () => {
  const { info } = (await it.call('/docs/json')).json as { info: { description: string } }
  for (const words of ['How to get a token', '如何取得令牌', 'the first person', '第一名人员'])
    expect(info.description).toContain(words)
  for (const operation of ['POST /v1/sessions', 'POST /v1/tokens', 'PUT /v1/accounts/me/password'])
    expect(info.description.split(operation).length).toBeGreaterThan(2)
})

test('the document of the events is there for everybody, and who knows it is not sent it again', async () => {
  const { status, headers, json } = await it.call('/asyncapi.json')
  expect([status, headers['content-type']]).toEqual([200, 'application/json; charset=utf-8'])
  expect(json.asyncapi).toBe('3.0.0')
  expect(Object.keys(json.channels as object).toSorted()).toEqual(topics)
  const known = { 'if-none-match': String(headers.etag) }
  const again = await it.call('/asyncapi.json', { headers: known })
  expect([again.status, again.text]).toEqual([304, ''])
  expect((await it.call('/asyncapi.json', { headers: { 'if-none-match': 'W/"x"' } })).status).toBe(
    200,
  )
})

test('the document of the events can only be read', async () => {
  const { status, headers } = await it.call('/asyncapi.json', { method: 'POST' })
  expect([status, headers.allow]).toEqual([405, 'GET, HEAD'])
})

test('the root leads to the docs', async () => {
  const { status, headers } = await it.call('/')
  expect([status, headers.location]).toEqual([302, '/docs/'])
})

test('the docs page loads nothing from elsewhere and runs no inline script', async () => {
  const page = await it.call('/docs')
  expect(page.status).toBe(200)
  expect(page.headers['content-security-policy']).toContain("script-src 'self';")
  expect(page.text).not.toMatch(/(src|href)="(https?:)?\/\//)
  const assets = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path ?? '')
  expect(assets.length).toBeGreaterThan(3)
  for (const asset of assets) {
    const { pathname } = new URL(asset, `${it.gateway.url}/docs`)
    expect([pathname, (await it.call(pathname)).status]).toEqual([pathname, 200])
  }
})

test('a problem code answers with its meaning and remedy', async () => {
  const known = await it.call('/problems/token-revoked')
  expect(known.json).toMatchObject({ code: 'token-revoked', status: 401 })
  expect((await it.call('/problems/__proto__')).status).toBe(404)
})

test.each([
  [{}, 'Sign in again if the account may still be used.'],
  [{ 'accept-language': 'zh-CN,zh;q=0.9,en;q=0.8' }, '账号如仍可使用，请重新登录。'],
  [{ 'accept-language': 'en,zh;q=0.8' }, 'Sign in again if the account may still be used.'],
])('with %j the remedy is told in the language preferred', async (headers, remedy) => {
  const { json } = await it.call('/problems/token-revoked', { headers })
  expect(json).toEqual({
    ...{ code: 'token-revoked', status: 401, remedy },
    title: { en: 'The token has been revoked', 'zh-CN': '令牌已被撤销' },
  })
})

test.each([
  [
    'operationId',
    documentOf('monitoring-ingest', '/v1/alerts', 'readTicket'),
    'The operationId readTicket is used by incident-tiering and by monitoring-ingest.',
  ],
  [
    'component',
    {
      ...documentOf('monitoring-ingest'),
      components: { securitySchemes: { bearer: { type: 'http', scheme: 'basic' } } },
    },
    'The component securitySchemes/bearer differs between gateway and monitoring-ingest.',
  ],
])(
  'a clash of %s keeps the gateway from starting and names both services',
  async (_kind, document, message) => {
    await expect(
      stage(
        {},
        {},
        {
          'incident-tiering': documentOf('incident-tiering', '/v1/tickets', 'readTicket'),
          'monitoring-ingest': document,
        },
      ),
    ).rejects.toThrow(message)
  },
)

test('a clash that comes with a service that starts later makes the gateway not ready', async () => {
  const documents: Record<string, object> = {
    'monitoring-ingest': { openapi: 'none yet' },
  }
  const other = await stage({}, {}, documents)
  try {
    expect((await other.call('/health/ready')).status).toBe(200)
    documents['monitoring-ingest'] = documentOf(
      'monitoring-ingest',
      '/v1/metrics',
      'readincident-tiering',
    )
    await eventually(async () => {
      const ready = await other.call('/health/ready')
      expect([ready.status, ready.json.checks]).toEqual([
        503,
        { revocations: 'up', documents: 'down' },
      ])
    })
    expect(other.log.join('')).toContain(
      'The operationId readincident-tiering is used by incident-tiering and by monitoring-ingest.',
    )
  } finally {
    await other.end()
  }
})

test('a document that has not changed is not sent again, and a changed one takes its place', async () => {
  const app = Fastify()
  const current = { tag: 'W/"one"', document: documentOf('incident-tiering', '/v1/tickets') }
  const sent: string[] = []
  app.get('/openapi.json', (request, reply) => {
    void reply.header('etag', current.tag)
    if (request.headers['if-none-match'] === current.tag) return reply.code(304).send()
    sent.push(current.tag)
    return current.document
  })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const upstream = openUpstream('incident-tiering', urlOf(app), 5_000)
  try {
    const catalogue = createCatalogue(
      [upstream],
      createRoutingTable(Object.values(services)),
      () => ({ openapi: '3.1.0', paths: {} }),
      pino({ level: 'silent' }),
    )
    await catalogue.refresh()
    const { merged } = catalogue
    await catalogue.refresh()
    expect(sent).toEqual(['W/"one"'])
    expect(catalogue.merged).toBe(merged)
    Object.assign(current, {
      tag: 'W/"two"',
      document: documentOf('incident-tiering', '/v1/key-users'),
    })
    await catalogue.refresh()
    expect(sent).toEqual(['W/"one"', 'W/"two"'])
    expect(Object.keys(catalogue.merged.document.paths)).toEqual(['/v1/key-users'])
  } finally {
    await closeUpstream(upstream)
    await app.close()
  }
})

const owned = (owner: string, paths: Record<string, Record<string, unknown>>): OwnedDocument => ({
  owner,
  document: { openapi: '3.1.0', paths },
  routes: (path) => path !== '/unrouted',
})

test('one path in two documents is a clash, a path that no caller reaches is left out', () => {
  const { document, clashes, unreachable } = mergeDocuments({ title: 'x', version: '1' }, [
    owned('one', { '/a': { get: { operationId: 'a' } }, '/unrouted': {} }),
    owned('two', { '/a': { post: { operationId: 'b' } } }),
  ])
  expect(clashes).toEqual(['The path /a is documented by one and by two.'])
  expect(unreachable).toEqual(['/unrouted of one'])
  expect(document.paths).toEqual({ '/a': { get: { operationId: 'a' } } })
})

interface Committed {
  paths: Record<string, Record<string, { security?: unknown[] }>>
}

const folder = new URL('../../../docs/openapi/', import.meta.url)

/** The committed documents of the services, as far as they are there. */
async function committed() {
  const files = await readdir(fileURLToPath(folder)).catch((): string[] => [])
  return Promise.all(
    serviceNames
      .filter((name) => files.includes(`${name}.json`))
      .map(async (name) => ({
        name,
        document: JSON.parse(await readFile(new URL(`${name}.json`, folder), 'utf8')) as Committed,
      })),
  )
}

test('the operations that the door leaves open are exactly those that the services document as open', async () => {
  const table = createRoutingTable(Object.values(services))
  const documents = await committed()
  const documented = documents.flatMap(({ document }) =>
    Object.entries(document.paths).flatMap(([path, item]) =>
      Object.entries(item)
        .filter(([, { security }]) => security?.length === 0)
        .map(([method]) => `${method.toUpperCase()} ${path}`),
    ),
  )
  const names = new Set(documents.map(({ name }) => name))
  const listed = publicOperations.filter((operation) => {
    const owner = table(operation.split(' ')[1] ?? '')
    return owner !== undefined && names.has(owner)
  })
  expect(documented.sort()).toEqual([...listed].sort())
})

test('every documented path is routed to the service that documents it', async () => {
  const table = createRoutingTable(Object.values(services))
  for (const { name, document } of await committed())
    for (const path of Object.keys(document.paths))
      expect(`${path} → ${String(table(path))}`).toBe(`${path} → ${name}`)
})
