import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { expect, test } from '@jest/globals'
import {
  createKeySet,
  createTokenCheck,
  type KeyFor,
} from '@erp-steward/service-kit/authentication'
import { createApp } from '@erp-steward/service-kit/create-app'
import { createLog } from '@erp-steward/service-kit/log'
import { eventually } from '@erp-steward/test-kit/eventually'
import { testKeys, testToken } from '@erp-steward/test-kit/tokens'

/** A token check on its own, and what it is asked. */
async function check(keyFor: KeyFor) {
  let now = new Date()
  const app = await createApp({
    name: 'door',
    title: 'Door',
    log: createLog('silent'),
    tokens: null,
    readiness: {},
  })
  const tokens = await createTokenCheck(app, { keyFor, clock: () => now })
  app.get('/', { config: { access: 'public' }, schema: { hide: true } }, async (request) => ({
    actor: (await tokens.verify(request)).actor,
  }))
  return {
    remembered: tokens.remembered,
    verify: async (authorization: string) =>
      (await app.inject({ url: '/', headers: { authorization } })).statusCode,
    set now(instant: Date) {
      now = instant
    },
  }
}

const valid = () => `Bearer ${testToken({ roles: ['KEY_USER'] })}`
const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  .publicKey.export({ type: 'spki', format: 'pem' })
  .toString()

test('a token is known once it has been verified, and not before', async () => {
  const door = await check(testKeys)
  const token = valid()
  expect(door.remembered(token)).toBeUndefined()
  expect(await door.verify(token)).toBe(200)
  expect(door.remembered(token)).toMatchObject({ roles: ['KEY_USER'], epoch: 0 })
  expect(door.remembered(undefined)).toBeUndefined()
})

test('what shares all but a character with a known token is not known, and neither is a part of it', async () => {
  const door = await check(testKeys)
  const token = valid()
  expect(await door.verify(token)).toBe(200)
  const changed = (at: number) =>
    `${token.slice(0, at)}${token[at] === 'A' ? 'B' : 'A'}${token.slice(at + 1)}`
  const forgeries = [
    ...[8, 60, token.indexOf('.') + 9, token.length - 40, token.length - 2].map(changed),
    token.slice(0, -1),
    `${token}A`,
    token.slice(0, token.lastIndexOf('.') + 1),
    token.slice('Bearer '.length),
  ]
  for (const forged of forgeries) {
    expect(door.remembered(forged)).toBeUndefined()
    expect(await door.verify(forged)).toBe(401)
    expect(door.remembered(forged)).toBeUndefined()
  }
  expect(door.remembered(token)).toBeDefined()
})

test('a known token ends to the millisecond, and does not come back when the clock does', async () => {
  const door = await check(testKeys)
  const token = valid()
  expect(await door.verify(token)).toBe(200)
  const end = door.remembered(token)?.expiresAt ?? 0
  door.now = new Date(end - 1)
  expect(door.remembered(token)).toBeDefined()
  door.now = new Date(end)
  expect(door.remembered(token)).toBeUndefined()
  expect(await door.verify(token)).toBe(401)
})

test.each([
  ['is withdrawn', undefined],
  ['is another one under the same id', stranger],
])('a known token is refused once its key %s', async (_what, later) => {
  let key = testKeys('test-key')
  const door = await check(() => key)
  const token = valid()
  expect(await door.verify(token)).toBe(200)
  key = later
  expect(door.remembered(token)).toBeUndefined()
  expect(await door.verify(token)).toBe(401)
  key = testKeys('test-key')
  expect(await door.verify(token)).toBe(200)
})

test('a key that must be read first makes nobody known, and the token is good all the same', async () => {
  const door = await check((kid) => Promise.resolve(testKeys(kid)))
  const token = valid()
  expect(await door.verify(token)).toBe(200)
  expect(door.remembered(token)).toBeUndefined()
  expect(await door.verify(token)).toBe(200)
})

test('a key that identity publishes no more is forgotten behind the requests that still use it', async () => {
  const pem = testKeys('test-key') ?? ''
  const jwk = { ...createPublicKey(pem).export({ format: 'jwk' }), kid: 'test-key', alg: 'ES256' }
  let keys = [jwk]
  const identity = createServer((_request, answer) => {
    answer.setHeader('content-type', 'application/json').end(JSON.stringify({ keys }))
  }).listen(0, '127.0.0.1')
  await once(identity, 'listening')
  const { port } = identity.address() as AddressInfo
  const door = await check(createKeySet(`http://127.0.0.1:${String(port)}/`, 0, 0))
  const token = valid()
  expect(await door.verify(token)).toBe(200)
  expect(door.remembered(token)).toBeDefined()
  keys = []
  // Known callers alone must lead to the next reading: nobody else comes.
  await eventually(() => {
    expect(door.remembered(token)).toBeUndefined()
  })
  expect(await door.verify(token)).toBe(401)
  identity.closeAllConnections()
  identity.close()
})
