import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http'
import { connect, createServer, type AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { eventually } from '@erp-steward/test-kit/eventually'
import { bearer, testToken } from '@erp-steward/test-kit/tokens'
import Fastify from 'fastify'
import { request } from 'undici'
import { stage, urlOf, type Stage } from './stage.ts'

let it: Stage
const caller = bearer({ roles: ['KEY_USER'] })
let gone = false
let uploadedBeforeEnd = 0

beforeAll(async () => {
  it = await stage(
    {
      'incident-tiering': (app) => {
        app.all('/v1/tickets', (request, reply) =>
          reply
            .headers({
              etag: '"7"',
              server: 'secret/1.2.3',
              'x-powered-by': 'secret',
              'set-cookie': 'a=b',
              connection: 'keep-alive, etag',
            })
            .send({
              url: request.url,
              method: request.method,
              headers: request.headers,
              body: Buffer.isBuffer(request.body) ? request.body.toString() : request.body,
            }),
        )
        app.get('/v1/tickets/slow', async () => {
          await sleep(8_000, undefined, { ref: false })
          return {}
        })
        app.get('/v1/tickets/reset', (request) => {
          request.raw.socket.destroy()
        })
        app.get('/v1/tickets/broken', (request, reply) => {
          reply.hijack()
          reply.raw.writeHead(200, { 'content-length': '1000' })
          reply.raw.write('half')
          setTimeout(() => request.raw.socket.destroy(), 50)
        })
        app.get('/v1/tickets/endless', (request, reply) => {
          request.raw.socket.once('close', () => {
            gone = true
          })
          return reply.type('text/plain').send(
            Readable.from(
              (async function* () {
                for (let part = 0; ; part += 1) {
                  yield `part ${String(part)}\n`
                  await sleep(20)
                }
              })(),
            ),
          )
        })
        app.get('/v1/tickets/large', (_request, reply) =>
          reply.type('text/plain').send('x'.repeat(8 * 1_048_576)),
        )
        app.post(
          '/v1/tickets/unread',
          { onRequest: async (_request, reply) => reply.code(403).send({}) },
          () => ({}),
        )
        app.get('/v1/tickets/empty', (_request, reply) => reply.code(204).send())
      },
      identity: (app) => {
        app.post('/v1/imports', (request) => ({ size: (request.body as Buffer).length }))
      },
      'monitoring-ingest': (app) => {
        app.register((scope, _options, done) => {
          scope.removeAllContentTypeParsers()
          scope.addContentTypeParser('*', (_request, payload, parsed) => {
            payload.once('data', () => {
              uploadedBeforeEnd += 1
            })
            payload.once('end', () => {
              parsed(null, 'read')
            })
          })
          scope.post('/v1/metrics/write', (request) => ({ auth: request.headers.authorization }))
          done()
        })
      },
    },
    { UPSTREAM_TIMEOUT_SECONDS: '1.5' },
  )
})
afterAll(() => it.end())

/** Sends bytes as they are and answers with everything that comes back until the connection ends. */
async function raw(text: string): Promise<string> {
  const { hostname, port } = new URL(it.gateway.url)
  const socket = connect(Number(port), hostname)
  let answer = ''
  const whole = new Promise<void>((resolve) => {
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString('latin1')
      if (isWhole(answer)) resolve()
    })
  })
  socket.on('error', () => undefined)
  socket.write(text)
  await Promise.race([once(socket, 'close'), whole])
  socket.destroy()
  return answer
}

/** Whether the bytes are an answer with all of its body. */
function isWhole(answer: string): boolean {
  const [head = '', ...rest] = answer.split('\r\n\r\n')
  const body = rest.join('\r\n\r\n')
  const length = /^content-length: (\d+)$/im.exec(head)?.[1]
  return (
    rest.length > 0 &&
    (length === undefined ? body.endsWith('0\r\n\r\n') : body.length >= Number(length))
  )
}

test('a request reaches the service that owns its path, with its query, and the answer comes back', async () => {
  const answer = await it.call('/v1/tickets?status=open&q=%E5%B7%A5', { headers: caller })
  expect(answer.status).toBe(200)
  expect(answer.json).toMatchObject({ method: 'GET', url: '/v1/tickets?status=open&q=%E5%B7%A5' })
  expect(answer.headers).toMatchObject({
    etag: '"7"',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  })
})

test('the answer carries no name of software, no cookie and no hop-by-hop header of the service', async () => {
  const { headers } = await it.call('/v1/tickets', { headers: caller })
  expect(headers).not.toHaveProperty('server')
  expect(headers).not.toHaveProperty('x-powered-by')
  expect(headers).not.toHaveProperty('set-cookie')
  expect(headers.connection).toBe('keep-alive')
})

test.each(['POST', 'PUT', 'PATCH', 'DELETE'] as const)(
  '%s passes its body on unread',
  async (method) => {
    const answer = await it.call('/v1/tickets', {
      method,
      headers: { ...caller, 'content-type': 'application/merge-patch+json', 'if-match': '"7"' },
      body: '{ "unusual" : 1 }',
    })
    expect(answer.json).toMatchObject({
      method,
      body: '{ "unusual" : 1 }',
      headers: { 'content-type': 'application/merge-patch+json', 'if-match': '"7"' },
    })
  },
)

test('an answer without a body and one of eight megabytes arrive whole', async () => {
  const empty = await it.call('/v1/tickets/empty', { headers: caller })
  expect([empty.status, empty.text]).toEqual([204, ''])
  const large = await it.call('/v1/tickets/large', { headers: caller })
  expect(large.text).toHaveLength(8 * 1_048_576)
})

test('headers that the gateway states itself cannot be set by the caller, whatever their spelling', async () => {
  const { json } = await it.call('/v1/tickets', {
    headers: {
      ...caller,
      'x-forwarded-for': '10.9.9.9',
      'X-FORWARDED-Host': 'evil.example',
      'x-forwarded-proto': 'https',
      forwarded: 'for=10.9.9.9',
      'x-real-ip': '10.9.9.9',
      'x-principal': 'root',
      'x-internal-token': 'guess',
      cookie: 'a=b',
    },
  })
  const { headers } = json as { headers: Record<string, string> }
  expect(headers['x-forwarded-for']).toBe('127.0.0.1')
  for (const name of [
    'x-forwarded-host',
    'x-forwarded-proto',
    'forwarded',
    'x-real-ip',
    'x-principal',
    'x-internal-token',
    'cookie',
  ])
    expect(headers).not.toHaveProperty(name)
})

test('what the caller says of its program is passed on, printable and not for ever', async () => {
  const agentOf = async (agent: string) => {
    const { json } = await it.call('/v1/tickets', { headers: { ...caller, 'user-agent': agent } })
    return (json as { headers: Record<string, string> }).headers['user-agent']
  }
  expect(await agentOf('Mozilla/5.0 (X11; Linux) Firefox/140.0')).toBe(
    'Mozilla/5.0 (X11; Linux) Firefox/140.0',
  )
  expect(await agentOf('Mozilla\tM\u00fcller\u0085')).toBe('MozillaMller')
  expect(await agentOf('x'.repeat(5_000))).toBe('x'.repeat(300))
})

test('a Connection header cannot take headers of the gateway away (CVE-2026-33805)', async () => {
  const answer = await raw(
    `GET /v1/tickets HTTP/1.1\r\nHost: x\r\nAuthorization: ${caller.authorization}\r\n` +
      'Connection: close, x-forwarded-for, authorization, x-request-id, traceparent\r\n' +
      'X-Forwarded-For: 10.9.9.9\r\nx-forwarded-FOR: 10.8.8.8\r\n\r\n',
  )
  expect(answer).toContain('200 OK')
  expect(answer).toContain('"x-forwarded-for":"127.0.0.1"')
  expect(answer).toContain('"authorization":"Bearer ')
  expect(answer).toContain('"traceparent":"00-')
})

test('the trace goes on with a span of the gateway, and the request id is the one that is echoed', async () => {
  const trace = '4bf92f3577b34da6a3ce929d0e0e4736'
  const { json, headers } = await it.call('/v1/tickets', {
    headers: {
      ...caller,
      traceparent: `00-${trace}-00f067aa0ba902b7-01`,
      'x-request-id': 'case-2026-0042',
    },
  })
  const sent = (json as { headers: Record<string, string> }).headers
  expect(sent.traceparent).toMatch(new RegExp(`^00-${trace}-(?!00f067aa0ba902b7)[0-9a-f]{16}-01$`))
  expect([sent['x-request-id'], headers['x-request-id']]).toEqual([
    'case-2026-0042',
    'case-2026-0042',
  ])
})

test.each([
  ['both lengths', 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'],
  ['two lengths', 'Content-Length: 5\r\nContent-Length: 6\r\n', 'aaaaa'],
  ['an obscured coding', 'Transfer-Encoding: xchunked\r\n', '0\r\n\r\n'],
  ['a space before the colon', 'Content-Length : 5\r\n', 'aaaaa'],
])('a request that servers could cut differently is refused: %s', async (_name, framing, body) => {
  const answer = await raw(
    `POST /v1/tickets HTTP/1.1\r\nHost: x\r\nAuthorization: ${caller.authorization}\r\n${framing}\r\n${body}`,
  )
  expect(answer).toMatch(/^HTTP\/1.1 400/)
  expect(answer).toContain('application/problem+json')
})

test.each([
  '/v1/tickets/../accounts',
  '/v1/tickets/..',
  '/v1/tickets/./x',
  '/v1/tickets/%2e%2e/accounts',
  '/v1/tickets/.%2E/accounts',
  '/v1/tickets%2faccounts',
  '/v1/tickets/%5c..%5caccounts',
  '/v1/tickets\\..\\accounts',
  '/v1/tickets//x',
  '//v1/tickets',
  '/v1/tickets/%252e%252e',
  '/v1/tickets;x=1',
  '/v1/tickets/%00',
  '/v1/tickets/%0d%0aX-A:b',
  '/v1/tickets/%zz',
  '/v1/tickets/%',
  '/v1/tickets?x=#y',
  'http://identity/v1/accounts',
  `/v1/tickets/${'a'.repeat(8_001)}`,
])('a path that could be read in two ways is refused: %s', async (path) => {
  const answer = await raw(
    `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: ${caller.authorization}\r\n\r\n`,
  )
  expect(answer).toMatch(/^HTTP\/1.1 400/)
  expect(answer).toContain('"code":"malformed-request"')
})

test.each([
  '/internal/revocations',
  '/v1',
  '/v1/ticketsx',
  '/v1/%74okens',
  '/v1/parameters/nobody',
  '/V1/tickets',
])('a path that no service owns is not found: %s', async (path) => {
  const answer = await it.call(path, { headers: caller })
  expect([answer.status, answer.json.code]).toEqual([404, 'not-found'])
})

test('a long path of plain characters goes through', async () => {
  const path = `/v1/tickets/${'a'.repeat(300)}`
  expect((await it.call(path, { headers: caller })).json.message).toBe(
    `Route GET:${path} not found`,
  )
})

test('a body above the limit is refused with 413, by its declared length and by its real one', async () => {
  const fits = await it.call('/v1/tickets', {
    method: 'POST',
    headers: { ...caller, 'content-type': 'text/plain' },
    body: 'x'.repeat(1_048_576),
  })
  expect(fits.status).toBe(200)
  const declared = await it.call('/v1/tickets', {
    method: 'POST',
    headers: { ...caller, 'content-type': 'text/plain' },
    body: 'x'.repeat(1_048_577),
  })
  expect([declared.status, declared.json.code]).toEqual([413, 'body-too-large'])
  const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`
  const chunked = await raw(
    `POST /v1/tickets HTTP/1.1\r\nHost: x\r\nAuthorization: ${caller.authorization}\r\n` +
      `Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n${chunk.repeat(17)}0\r\n\r\n`,
  )
  expect(chunked).toMatch(/^HTTP\/1.1 413/)
  expect(chunked).toContain('"code":"body-too-large"')
})

test('a service that answers before it has read the body leaves the connection of the caller usable', async () => {
  const { hostname, port } = new URL(it.gateway.url)
  const ask = async (agent: Agent, method: string, path: string, body: string) => {
    const asked = httpRequest({
      hostname,
      port,
      agent,
      method,
      path,
      headers: caller,
      timeout: 60_000,
    })
    asked.on('timeout', () => asked.destroy(new Error(`${method} ${path} was not answered`)))
    asked.end(body)
    const [answer] = (await once(asked, 'response')) as [IncomingMessage]
    await answer.resume().toArray()
    return answer.statusCode
  }
  for (let round = 0; round < 10; round += 1)
    for (const [size, refusal] of [
      [900_000, 403],
      [5_000_000, 413],
    ] as const) {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 })
      const refused = await ask(agent, 'POST', '/v1/tickets/unread', 'x'.repeat(size))
      const next = await ask(agent, 'GET', '/v1/tickets/empty', '')
      agent.destroy()
      expect([refused, next]).toEqual([refusal, 204])
    }
})

test('a body that goes on for ever is given up', async () => {
  const { hostname, port } = new URL(it.gateway.url)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => undefined)
  socket.write(
    `POST /v1/tickets HTTP/1.1\r\nHost: x\r\nAuthorization: ${caller.authorization}\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n`,
  )
  const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`
  let sent = 0
  while (!socket.destroyed && sent < 64) {
    if (!socket.write(chunk.repeat(16)))
      await Promise.race([once(socket, 'drain'), once(socket, 'close')]).catch(() => undefined)
    sent += 1
  }
  await eventually(() => {
    expect(socket.destroyed).toBe(true)
  })
})

test('imports may have sixteen megabytes', async () => {
  const send = (size: number) =>
    it.call('/v1/imports', {
      method: 'POST',
      headers: { ...caller, 'content-type': 'text/csv' },
      body: Buffer.alloc(size, 'x'),
    })
  expect((await send(16 * 1_048_576)).json).toEqual({ size: 16 * 1_048_576 })
  expect((await send(16 * 1_048_576 + 1)).status).toBe(413)
})

test('a body streams to the service while it is still being sent', async () => {
  const { promise: rest, resolve: sendRest } = Promise.withResolvers<undefined>()
  const answer = request(`${it.gateway.url}/v1/metrics/write`, {
    dispatcher: it.agent,
    method: 'POST',
    headers: { authorization: 'Bearer source-token', 'content-type': 'application/x-protobuf' },
    body: Readable.from(
      (async function* () {
        yield Buffer.from('first')
        await rest
        yield Buffer.from('second')
      })(),
    ),
  })
  await eventually(() => {
    expect(uploadedBeforeEnd).toBe(1)
  })
  sendRest(undefined)
  expect(await (await answer).body.json()).toEqual({ auth: 'Bearer source-token' })
})

test('an answer streams to the caller, and a caller who goes ends the request to the service', async () => {
  const aborter = new AbortController()
  const { body } = await request(`${it.gateway.url}/v1/tickets/endless`, {
    dispatcher: it.agent,
    headers: caller,
    signal: aborter.signal,
  })
  const { value } = (await body[Symbol.asyncIterator]().next()) as { value: Buffer }
  expect(value.toString()).toContain('part 0')
  expect(gone).toBe(false)
  body.on('error', () => undefined)
  aborter.abort()
  await eventually(() => {
    expect(gone).toBe(true)
  })
})

test('a service that is too slow ends in 504 with a time to try again', async () => {
  const answer = await it.call('/v1/tickets/slow', { headers: caller })
  expect([answer.status, answer.json.code]).toEqual([504, 'upstream-timeout'])
  expect(answer.headers['retry-after']).toBe('2')
  expect(answer.headers['content-type']).toContain('application/problem+json')
})

test('a service that breaks off before its answer ends in 502', async () => {
  const answer = await it.call('/v1/tickets/reset', { headers: caller })
  expect([answer.status, answer.json.code]).toEqual([502, 'upstream-failed'])
  expect(answer.headers['retry-after']).toBe('2')
})

test('an answer that breaks off in the middle is not made to look whole', async () => {
  await expect(it.call('/v1/tickets/broken', { headers: caller })).rejects.toThrow()
})

test('a service that talks no HTTP ends in 502', async () => {
  const noise = createServer((socket) => socket.end('SSH-2.0-noise\r\n'))
  noise.listen(0, '127.0.0.1')
  await once(noise, 'listening')
  const { port } = noise.address() as AddressInfo
  const other = await stage({}, { INCIDENT_TIERING_URL: `http://127.0.0.1:${String(port)}` })
  const answer = await other.call('/v1/tickets', { headers: caller })
  expect([answer.status, answer.json.code]).toEqual([502, 'upstream-failed'])
  await other.end()
  noise.close()
})

test('a service that is down ends in 503, is reported by /health, and is back without a restart', async () => {
  const app = Fastify()
  await app.listen({ host: '127.0.0.1', port: 0 })
  const address = urlOf(app)
  await app.close()
  const other = await stage({}, { INCIDENT_TIERING_URL: address })
  try {
    const answer = await other.call('/v1/tickets', { headers: caller })
    expect([answer.status, answer.json.code]).toEqual([503, 'unavailable'])
    expect(answer.headers['retry-after']).toBe('2')
    const health = await other.call('/health')
    expect([health.status, health.json]).toEqual([
      503,
      {
        status: 'down',
        services: {
          assessment: 'up',
          'backup-orchestration': 'up',
          identity: 'up',
          'incident-tiering': 'down',
          'monitoring-ingest': 'up',
        },
        cutOff: [],
      },
    ])
    // It comes back while a GET waits for its second try.
    const waiting = other.call('/v1/tickets', { headers: caller })
    const back = Fastify({ forceCloseConnections: true })
    back.get('/v1/tickets', () => ({ back: true }))
    await back.listen({ host: '127.0.0.1', port: Number(new URL(address).port) })
    expect((await waiting).json).toEqual({ back: true })
    await back.close()
  } finally {
    await other.end()
  }
})

test('/health says that every service is up and nothing about versions', async () => {
  const health = await it.call('/health')
  expect([health.status, health.json]).toEqual([
    200,
    {
      status: 'up',
      services: {
        assessment: 'up',
        'backup-orchestration': 'up',
        identity: 'up',
        'incident-tiering': 'up',
        'monitoring-ingest': 'up',
      },
      cutOff: [],
    },
  ])
})

test('a token never appears in the log', async () => {
  const token = testToken({ roles: ['KEY_USER'], sub: randomUUID() })
  await it.call('/v1/tickets', { headers: { authorization: `Bearer ${token}` } })
  await it.call('/v1/tickets/reset', { headers: { authorization: `Bearer ${token}` } })
  await it.call('/v1/tickets', { headers: { authorization: `Bearer ${token}x` } })
  expect(it.log.length).toBeGreaterThan(0)
  expect(it.log.join('')).not.toContain(token.split('.')[2])
})
