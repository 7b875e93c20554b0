import { once } from 'node:events'
import { connect, type AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { nullable } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { createApp } from '@erp-steward/service-kit/create-app'
import { memberSentTwice, mostMembers } from '@erp-steward/service-kit/member-sent-twice'
import { unknownMethodIn } from '@erp-steward/service-kit/unknown-method'
import fc from 'fast-check'
import { pino } from 'pino'
import { Type } from 'typebox'

let app: App
let port: number

beforeAll(async () => {
  app = await createApp({
    name: 'flock',
    title: 'Flock',
    log: pino({ level: 'silent' }),
    tokens: null,
    readiness: {},
  })
  const config = { access: 'public' } as const
  const Sheep = Type.Object({ name: Type.String(), notes: Type.Optional(Type.Unknown()) })
  app.post('/v1/sheep', { config, schema: { operationId: 'add', body: Sheep } }, ({ body }) => body)
  app.get('/v1/sheep', { config, schema: { operationId: 'list' } }, () => ({}))
  app.post('/v1/shearings', { config, schema: { operationId: 'shear' } }, () => ({}))
  app.delete(
    '/v1/shearings',
    { config, schema: { operationId: 'end', body: nullable(Sheep) } },
    () => ({}),
  )
  app.get('/v1/wolves', { config, schema: { operationId: 'howl' } }, () => {
    throw new Problem('ticket-state', said('Not now.', '现在不行。'), {
      taskStatus: 'asleep',
      errors: [{ pointer: '#/at', detail: said('It is day.', '现在是白天。') }],
    })
  })
  await app.listen({ host: '127.0.0.1', port: 0 })
  port = (app.server.address() as AddressInfo).port
})
afterAll(() => app.close())

const post = (payload: string) =>
  app.inject({
    method: 'POST',
    url: '/v1/sheep',
    headers: { 'content-type': 'application/json' },
    payload,
  })

test.each([
  ['at the top', '{"name":"a","legs":1,"name":"b"}', '#/name'],
  ['in an object', '{"name":"a","notes":{"name":"b", "name" : "b"}}', '#/notes/name'],
  [
    'in a list',
    '{"name":"a","notes":[{},{"a":[1,[],{"x/y":1,"z":2,"x/y":1}]}]}',
    '#/notes/1/a/2/x~1y',
  ],
  ['once escaped', '{"name":"a","n\\u0061me":"b"}', '#/name'],
  ['with a number for its name', '{"name":"a","notes":{"1":1,"1":1}}', '#/notes/1'],
  ['without a name', '{"name":"a","notes":{"":1,"":1}}', '#/notes/'],
  ['beside text that looks like one', '{"name":"\\"x\\": 1","legs":1,"legs":1}', '#/legs'],
])('a member that is sent twice %s is named', async (_where, payload, pointer) => {
  const answer = await post(payload)
  expect(answer.statusCode).toBe(400)
  expect(answer.json()).toMatchObject({ code: 'malformed-request', errors: [{ pointer }] })
})

test.each([
  '{"name":"\\"name\\":"}',
  '{"name":"\\\\","notes":["\\\\\\"legs\\":", ":", "\\" :"]}',
  '{"name" : "a", "notes" : [{"name":1},{"name":2}, {"name":"name"}]}',
  '{"name":"a","notes":{"a:b":1,"a":{"a":{"a":":"}}}}',
])('a body with every member once is read: %s', async (payload) => {
  const answer = await post(payload)
  expect([answer.statusCode, answer.json()]).toEqual([200, JSON.parse(payload)])
})

function membersOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  const own = Array.isArray(value) ? 0 : Object.keys(value).length
  return Object.values(value).reduce((sum: number, member) => sum + membersOf(member), own)
}

test('whether a member is sent twice is seen in a body of any shape', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.nat(4), (value, indent) => {
      const text = JSON.stringify(value, null, indent)
      expect(memberSentTwice(text)).toBeNull()
      expect(mostMembers(text)).toBeGreaterThanOrEqual(membersOf(value))
      expect(memberSentTwice(`[{"k":${text},"k":${text}}]`)).toBe('#/0/k')
    }),
  )
})

test.each([
  ['en', 'Not now.', 'It is day.'],
  ['zh-CN', '现在不行。', '现在是白天。'],
])('a rule refuses in %s, in whole and member by member', async (language, detail, fault) => {
  const answer = await app.inject({ url: '/v1/wolves', headers: { 'accept-language': language } })
  expect(answer.json()).toMatchObject({
    detail,
    taskStatus: 'asleep',
    errors: [{ pointer: '#/at', detail: fault }],
  })
})

/** Sends bytes as they are and answers with all that comes back. */
async function sendRaw(text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  let heard = ''
  socket.on('data', (chunk) => (heard += chunk.toString()))
  socket.write(text)
  await once(socket, 'close')
  return heard
}

test.each([
  ['POST /v1/shearings', 'content-length: 0\r\n'],
  ['POST /v1/shearings', ''],
  ['DELETE /v1/shearings', 'content-length: 0\r\n'],
  ['DELETE /v1/shearings', ''],
  ['GET /v1/sheep', ''],
  ['GET /v1/sheep', 'content-length: 0\r\n'],
])('%s with the type of a body that it does not send (%j) is answered', async (target, length) => {
  const answer = await sendRaw(
    `${target} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n${length}connection: close\r\n\r\n`,
  )
  expect(answer).toMatch(/^HTTP\/1.1 200 /)
})

test('where a body is needed, an empty one is malformed', async () => {
  const answer = await post('')
  expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([
    400,
    'malformed-request',
  ])
})

test.each([
  ['TRACE /v1/sheep', 'host: x\r\n', 405, 'method-not-allowed'],
  ['QUERY /v1/sheep', 'host: x\r\n', 405, 'method-not-allowed'],
  ['PUT /v1/sheep', 'host: x\r\ncontent-type: text/plain\r\n', 405, 'method-not-allowed'],
  ['PROPFIND /v1/sheep', 'host: x\r\n', 405, 'method-not-allowed'],
  ['OPTIONS /v1/sheep', 'host: x\r\n', 405, 'method-not-allowed'],
  ['TRACE /v1/goats', 'host: x\r\n', 404, 'not-found'],
  ['GET /v1/sheep', 'host: x\r\nHOST: y\r\n', 400, 'malformed-request'],
  ['GET /v1/sheep', 'host: x\r\nhost: x\r\n', 400, 'malformed-request'],
  ['GET /v1/sheep', '', 400, ''],
])('%s with the lines %j is answered with %i %s', async (target, lines, status, code) => {
  const answer = await sendRaw(`${target} HTTP/1.1\r\n${lines}connection: close\r\n\r\n`)
  expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${String(status)} `))
  expect(answer).toContain(code)
  if (status === 405) expect(answer).toMatch(/\r\nallow: GET, HEAD, POST\r\n/i)
})

const headOf = (target: string, lines = '') => `${target} HTTP/1.1\r\nhost: x\r\n${lines}\r\n`
const problemIn = (answer: string) =>
  JSON.parse(answer.split('\r\n\r\n')[1] ?? '') as Record<string, unknown>

test.each(['FROB', 'F', 'get', 'GETT', "X-!#$%&'*+.^_`|~9", 'PLAY', 'TEARDOWN'])(
  '%s, which the parser does not know, is answered as a method that the address does not take',
  async (method) => {
    const answer = await sendRaw(headOf(`${method} /v1/sheep?secret=1`, 'x-secret: 2\r\n'))
    expect(answer).toMatch(/^HTTP\/1.1 405 Method Not Allowed\r\n/)
    expect(answer).toMatch(/\r\nallow: GET, HEAD, POST\r\n/)
    expect(answer).toMatch(/\r\ncontent-type: application\/problem\+json\r\n/)
    expect(answer).toMatch(/\r\nconnection: close\r\n/)
    expect(answer).not.toContain('secret')
    expect(problemIn(answer)).toMatchObject({
      type: '/problems/method-not-allowed',
      status: 405,
      code: 'method-not-allowed',
      detail: `There is no ${method} at this address.`,
    })
  },
)

test('a method that the parser does not know is told in Chinese, and a long one not whole', async () => {
  const lines = 'Accept-Language: en;q=0.5\r\naccept-language: zh-CN\r\ncontent-length: 3\r\n'
  const answer = await sendRaw(`${headOf(`${'X'.repeat(21)} /v1/sheep`, lines)}abc`)
  expect(answer).toMatch(/\r\ncontent-language: zh-CN\r\n/)
  expect(problemIn(answer)).toMatchObject({
    title: '该地址不支持此请求方法',
    detail: `该地址没有 ${'X'.repeat(19)}… 方法。`,
  })
})

test.each([
  ['of an address that is not there', headOf('FROB /v1/goats')],
  ['of no path', headOf('FROB *')],
  ['that is no token', headOf('FR(B /v1/sheep')],
  ['behind a space', headOf(' FROB /v1/sheep')],
  ['of two addresses', headOf('FROB /v1/sheep /v1/goats')],
  ['of another protocol', 'FROB /v1/sheep HTTP/3.0\r\nhost: x\r\n\r\n'],
  ['above what is no header', headOf('FROB /v1/sheep', 'x y: z\r\n')],
  ['with a head that does not end', 'FROB /v1/sheep HTTP/1.1\r\nhost: x\r\n'],
  ['that is no text', '\u0016\u0003\u0001\u0000'],
])('a method %s is malformed', async (_what, text) => {
  const answer = await sendRaw(text)
  expect(answer).toMatch(/^HTTP\/1.1 400 Bad Request\r\n/)
  expect(answer).not.toMatch(/\r\nallow:/i)
  expect(problemIn(answer)).toMatchObject({
    code: 'malformed-request',
    detail: 'The request is not well-formed HTTP.',
  })
})

test('on a connection that was used before, a method is unknown in a request and malformed within one', async () => {
  const sendAfter = async (first: string, second: string) => {
    const socket = connect(port, '127.0.0.1')
    const answers: string[] = []
    socket.on('data', (chunk) => answers.push(chunk.toString()))
    socket.write(first)
    await once(socket, 'data')
    socket.write(second)
    await once(socket, 'close')
    return answers.join('').match(/HTTP\/1.1 \d+/g)
  }
  const frob = headOf('FROB /v1/sheep')
  expect(await sendAfter(headOf('GET /v1/sheep'), frob)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 405'])
  const unfinished = headOf('GET /v1/sheep') + 'GET /v1/sheep HTTP/1.1\r\nhost: x\r\n'
  expect(await sendAfter(unfinished, frob)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 400'])
})

test('whatever bytes the parser stopped at, there is an unknown method in them or none', () => {
  const text = fc.stringMatching(
    /^[A-Z]{1,9} \/[a-z?]{0,9} HTTP\/1\.1\r\n([a-z]{0,3}:? ?[!-~]{0,9}\r\n){0,3}\r\n$/,
  )
  const bytes = fc.oneof(
    fc.uint8Array().map((some) => Buffer.from(some)),
    text.map((some) => Buffer.from(some)),
  )
  fc.assert(
    fc.property(bytes, fc.nat(40), (rawPacket, bytesParsed) => {
      const told = { code: 'HPE_INVALID_METHOD', bytesParsed, rawPacket }
      const asked = unknownMethodIn(Object.assign(new Error('Parse Error'), told))
      if (asked !== null) expect(rawPacket.toString()).toContain(`${asked.method} ${asked.path}`)
    }),
  )
})
