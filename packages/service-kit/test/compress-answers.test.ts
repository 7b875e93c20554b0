import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import type { App } from '@erp-steward/service-kit/app'
import { createApp } from '@erp-steward/service-kit/create-app'
import { eventually } from '@erp-steward/test-kit/eventually'
import { pino } from 'pino'

const LARGE = '运维'.repeat(20_000)
const SMALL = 'x'.repeat(8_191)

let app: App
let source: Readable | undefined

beforeAll(async () => {
  app = await createApp({
    name: 'flock',
    title: 'Flock',
    log: pino({ level: 'silent' }),
    tokens: null,
    readiness: {},
  })
  const config = { access: 'public' } as const
  const schema = { hide: true }
  app.get('/json', { config, schema }, () => ({ text: LARGE }))
  app.post('/json', { config, schema }, () => ({ text: LARGE }))
  app.get('/small', { config, schema }, (_request, reply) => reply.type('text/plain').send(SMALL))
  app.get('/edge', { config, schema }, (_request, reply) =>
    reply.type('text/plain').send(`${SMALL}x`),
  )
  app.get('/tagged', { config, schema }, (_request, reply) =>
    reply.header('etag', '"1"').send({ text: LARGE }),
  )
  app.get('/weak', { config, schema }, (_request, reply) =>
    reply.header('etag', 'W/"1"').send({ text: LARGE }),
  )
  app.get('/picture', { config, schema }, (_request, reply) =>
    reply.type('image/png').send(Buffer.alloc(20_000)),
  )
  app.get('/refused', { config, schema }, () => {
    throw new Problem('not-found', said(LARGE, LARGE))
  })
  app.get('/stream', { config, schema }, (_request, reply) =>
    reply.type('application/x-ndjson').send(Readable.from([LARGE, LARGE])),
  )
  app.get('/broken', { config, schema }, (_request, reply) => {
    source = Readable.from(
      (function* () {
        yield LARGE
        throw new Error('broken')
      })(),
    )
    return reply.type('text/csv').send(source)
  })
  app.get('/endless', { config, schema }, (_request, reply) => {
    source = Readable.from(
      (function* () {
        for (;;) yield String(Math.random())
      })(),
    )
    return reply.type('text/csv').send(source)
  })
  await app.listen({ host: '127.0.0.1', port: 0 })
})
afterAll(() => app.close())

const get = (url: string, accepted?: string) =>
  app.inject({ url, headers: accepted === undefined ? {} : { 'accept-encoding': accepted } })

test.each([
  ['gzip, deflate, br', 'br'],
  ['gzip', 'gzip'],
  ['GZIP;q=0.5', 'gzip'],
  ['br;q=0.1, gzip;q=0.9', 'gzip'],
  ['*', 'br'],
  ['br;q=0, *;q=0.5', 'gzip'],
  ['identity', undefined],
  ['br;q=0, gzip; q=0', undefined],
  ['br;q=x', undefined],
  ['', undefined],
  [undefined, undefined],
])('a large answer to Accept-Encoding %j is coded as %s', async (accepted, coding) => {
  const answer = await get('/json', accepted)
  expect([answer.headers['content-encoding'], answer.headers.vary]).toEqual([
    coding,
    'accept-encoding',
  ])
  const open = { br: brotliDecompressSync, gzip: gunzipSync, none: (bytes: Buffer) => bytes }
  const bytes = open[(coding ?? 'none') as keyof typeof open](answer.rawPayload)
  expect(JSON.parse(bytes.toString())).toEqual({ text: LARGE })
  expect(answer.headers['content-length']).toBe(String(answer.rawPayload.length))
  if (coding !== undefined) expect(answer.rawPayload.length).toBeLessThan(1_000)
})

test.each(['/small', '/tagged', '/picture', '/refused'])('%s stays as it is', async (url) => {
  const { headers } = await get(url, 'gzip, br')
  expect([headers['content-encoding'], headers.vary]).toEqual([undefined, undefined])
})

test('an answer of 8 KiB and one with a weak tag are compressed', async () => {
  expect((await get('/edge', 'gzip')).headers['content-encoding']).toBe('gzip')
  expect((await get('/weak', 'gzip')).headers['content-encoding']).toBe('gzip')
})

test('[A-4.3.2] what answers a change, and so may hold a secret, is never compressed', async () => {
  const answer = await app.inject({
    method: 'POST',
    url: '/json',
    headers: { 'accept-encoding': 'gzip, br' },
  })
  expect([answer.statusCode, answer.headers['content-encoding']]).toEqual([200, undefined])
})

test('a stream is compressed on its way', async () => {
  const answer = await get('/stream', 'br')
  expect(brotliDecompressSync(answer.rawPayload).toString()).toBe(LARGE + LARGE)
})

test('a stream that breaks off breaks off for the reader, and one whose reader goes is ended', async () => {
  const { port } = app.server.address() as AddressInfo
  const at = `http://127.0.0.1:${String(port)}`
  await expect(fetch(`${at}/broken`).then((answer) => answer.text())).rejects.toThrow()
  const endless = await fetch(`${at}/endless`)
  expect(endless.headers.get('content-encoding')).toBeTruthy()
  await endless.body?.cancel()
  await eventually(() => {
    expect(source?.destroyed).toBe(true)
  })
})
