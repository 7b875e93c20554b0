import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { callWebhook, isPrivate, signWebhook } from '@erp-steward/service-kit/webhook-call'

const OLD = `whsec_${Buffer.alloc(32, 1).toString('base64')}`
const NEW = `whsec_${Buffer.alloc(32, 2).toString('base64')}`
const now = new Date('2026-11-23T12:00:00Z')

let received: { url: string | undefined; signature: unknown; body: string }[]
let answer: { status: number; headers?: Record<string, string> }
let hook: Server
let port: string
beforeAll(async () => {
  hook = createServer((request, response) => {
    void text(request).then((body) => {
      received.push({ url: request.url, signature: request.headers['webhook-signature'], body })
      response.writeHead(answer.status, answer.headers).end('x')
    })
  })
  await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve))
  port = String((hook.address() as AddressInfo).port)
})
afterAll(() => new Promise((resolve) => hook.close(resolve)))
beforeEach(() => {
  received = []
  answer = { status: 204 }
})

/** @param host as it is listed and called */
const calling = (host: string, privateNetworks = '', path = '/') =>
  callWebhook(
    {
      url: `http://${host}:${port}${path}`,
      id: 'message-1',
      body: '{"é":1}',
      secrets: [NEW, OLD],
      now,
    },
    { targets: `${host}:${port}`, privateNetworks },
    AbortSignal.timeout(10_000),
  )

test('a message is signed by each secret that is in force, and the very bytes arrive', async () => {
  expect(await calling('127.0.0.1', '', '/in?a=1')).toBe('HTTP 204')
  const at = now.getTime() / 1_000
  const signatures = [NEW, OLD].map((secret) => signWebhook(secret, 'message-1', at, '{"é":1}'))
  expect(received).toEqual([{ url: '/in?a=1', signature: signatures.join(' '), body: '{"é":1}' }])
})

test('a listed name that resolves to a private address is called only where that network is allowed', async () => {
  await expect(calling('localhost')).rejects.toThrow('resolves to a private address')
  await expect(calling('localhost', '10.0.0.0/8')).rejects.toThrow('private address')
  expect(received).toEqual([])
  expect(await calling('localhost', '10.0.0.0/8, 127.0.0.0/8,::1')).toBe('HTTP 204')
})

test('an address that is not listed is not called, whatever networks are allowed', async () => {
  const url = `http://127.0.0.1:${port}/`
  const call = { url, id: 'm', body: '{}', secrets: [NEW], now }
  const reach = { targets: '127.0.0.1:1', privateNetworks: '0.0.0.0/0' }
  await expect(callWebhook(call, reach, AbortSignal.timeout(10_000))).rejects.toThrow(
    'not on WEBHOOK_TARGETS',
  )
})

test('a redirect is no delivery, and leads nowhere', async () => {
  answer = { status: 307, headers: { location: `http://127.0.0.1:${port}/elsewhere` } }
  await expect(calling('127.0.0.1')).rejects.toThrow('The receiver answered 307.')
  expect(received).toHaveLength(1)
})

test.each([
  '127.0.0.1',
  '10.1.2.3',
  '172.31.255.255',
  '192.168.0.1',
  '169.254.169.254',
  '100.64.0.1',
  '0.0.0.0',
  '224.0.0.1',
  '255.255.255.255',
  '::1',
  '::',
  '::ffff:10.0.0.1',
  '::ffff:7f00:1',
  '64:ff9b::a00:1',
  '2002:a00:1::',
  'fd00::1',
  'fe80::1%eth0',
  'no address',
])('%s is private', (address) => {
  expect(isPrivate(address)).toBe(true)
})

test.each(['8.8.8.8', '172.32.0.1', '100.128.0.1', '2400:3200::1', '::ffff:8.8.8.8'])(
  '%s is public',
  (address) => {
    expect(isPrivate(address)).toBe(false)
  },
)
