import { createHash, X509Certificate } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { CERTIFICATE_HEADER } from '@erp-steward/contracts/certificate-header'
import { readCertificateHeader } from '@erp-steward/service-kit/certificate-header'
import {
  testCertificate,
  testRevocationList,
  type TestCertificate,
} from '@erp-steward/test-kit/certificates'
import { testToken } from '@erp-steward/test-kit/tokens'
import { Agent, request } from 'undici'
import { readConfig } from '@erp-steward/service-kit/config'
import { serviceNames } from '@erp-steward/contracts/services'
import { GatewayConfig, urlSettingOf } from '../src/config.ts'
import { readTls } from '../src/tls-files.ts'
import { INTERNAL_TOKEN, stage, type Stage } from './stage.ts'

const authority = testCertificate('authority of the site')
const other = testCertificate('another authority')
const good = testCertificate('middleware', { issuer: authority })
const second = testCertificate('second middleware', { issuer: authority })
const revoked = testCertificate('lost', { issuer: authority })
const foreign = testCertificate('foreign', { issuer: other })
const selfMade = testCertificate('self-made')
const pinned = testCertificate('of its own, and listed')
const over = testCertificate('over', { issuer: authority, until: new Date(Date.now() - 1_000) })
const early = testCertificate('early', { issuer: authority, from: new Date(Date.now() + 60_000) })

let folder: string
let it: Stage
const agents = new Map<TestCertificate | null, Agent>()
const fileOf = async (name: string, text: string) => {
  await writeFile(join(folder, name), text)
  return join(folder, name)
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'steward-mtls-'))
  const own = testCertificate('localhost')
  it = await stage(
    {
      identity: (app) => {
        for (const path of ['/v1/tokens', '/v1/tokens/introspection', '/v1/sessions'])
          app.post(path, (request) => ({ shown: request.headers[CERTIFICATE_HEADER] ?? null }))
      },
      'incident-tiering': (app) => {
        app.get('/v1/tickets', (request) => ({
          shown: request.headers[CERTIFICATE_HEADER] ?? null,
        }))
      },
    },
    {
      TLS_CERT_FILE: await fileOf('own.pem', own.cert),
      TLS_KEY_FILE: await fileOf('own.key', own.key),
      TLS_CLIENT_CA_FILE: await fileOf('ca.pem', authority.cert + pinned.cert),
      TLS_CLIENT_CRL_FILE: await fileOf(
        'crl.pem',
        testRevocationList(authority, [revoked]) + testRevocationList(pinned, []),
      ),
    },
  )
})
afterAll(async () => {
  await Promise.all([...agents.values()].map((agent) => agent.destroy()))
  await it.end()
  await rm(folder, { recursive: true })
})

/** Calls by a connection on which the certificate is shown. */
async function call(
  certificate: TestCertificate | null,
  path: string,
  { token, headers = {} }: { token?: string; headers?: Record<string, string> } = {},
) {
  const shown = certificate === null ? {} : { cert: certificate.cert, key: certificate.key }
  const agent =
    agents.get(certificate) ?? new Agent({ connect: { ...shown, rejectUnauthorized: false } })
  agents.set(certificate, agent)
  const answer = await request(it.gateway.url + path, {
    dispatcher: agent,
    method: token === undefined ? 'POST' : 'GET',
    headers: { ...(token !== undefined && { authorization: `Bearer ${token}` }), ...headers },
  })
  return (await answer.body.json()) as Record<string, unknown>
}

const derOf = ({ cert }: TestCertificate) => new X509Certificate(cert).raw
const boundTo = (certificate: TestCertificate) => ({
  'x5t#S256': createHash('sha256').update(derOf(certificate)).digest('base64url'),
})
const seen = async (certificate: TestCertificate | null, path = '/v1/tokens', headers = {}) =>
  readCertificateHeader((await call(certificate, path, { headers })).shown, INTERNAL_TOKEN)

test.each([
  ['of the authority', good],
  ['that is itself listed', pinned],
])(
  '[A-4.3.2] identity is told of a certificate %s, and knows that the gateway says so',
  async (_what, certificate) => {
    expect(await seen(certificate)).toEqual(derOf(certificate))
    expect(await seen(certificate, '/v1/tokens/introspection')).toEqual(derOf(certificate))
  },
)

test.each<[string, TestCertificate | null]>([
  ['no certificate', null],
  ['one of another authority', foreign],
  ['one that signs itself', selfMade],
  ['one that is over', over],
  ['one that is not good yet', early],
  ['one that its authority has revoked', revoked],
])('[A-4.3.2] who shows %s is a caller like any other', async (_what, certificate) => {
  expect(await seen(certificate)).toBeNull()
  const token = testToken({ roles: ['KEY_USER'] })
  expect(await call(certificate, '/v1/tickets', { token })).toEqual({ shown: null })
})

test('a certificate is told where machines prove who they are, and nowhere else', async () => {
  expect(await seen(good, '/v1/sessions')).toBeNull()
  const token = testToken({ roles: ['KEY_USER'] })
  expect(await call(good, '/v1/tickets', { token })).toEqual({ shown: null })
})

test('a caller cannot say by a header what only the gateway says', async () => {
  const { shown } = await call(good, '/v1/tokens')
  for (const header of [String(shown), `${derOf(good).toString('base64url')}.${'A'.repeat(43)}`]) {
    const headers = { [CERTIFICATE_HEADER]: header }
    expect(await seen(null, '/v1/tokens', headers)).toBeNull()
    // Nor in place of the own one.
    expect(await seen(second, '/v1/tokens', headers)).toEqual(derOf(second))
  }
})

test('a header that was changed, or made without the secret, is none', async () => {
  const { shown } = await call(good, '/v1/tokens')
  const [certificate = '', mac = ''] = String(shown).split('.')
  const swapped = `${derOf(second).toString('base64url')}.${mac}`
  for (const header of [swapped, certificate, `${certificate}.`, '', undefined, 7])
    expect(readCertificateHeader(header, INTERNAL_TOKEN)).toBeNull()
  expect(readCertificateHeader(shown, `${INTERNAL_TOKEN}x`)).toBeNull()
})

test('[A-4.3.2] a token that is bound to a certificate is good with it, and with nothing else', async () => {
  const token = testToken({ roles: ['MIDDLEWARE'], cnf: boundTo(good) })
  const code = async (certificate: TestCertificate | null) =>
    (await call(certificate, '/v1/tickets', { token })).code ?? 'in'
  // The first by the app, the next ones by the short path.
  for (let each = 0; each < 3; each += 1) {
    expect(await code(good)).toBe('in')
    expect(await code(second)).toBe('unauthenticated')
    expect(await code(null)).toBe('unauthenticated')
  }
  const ofRevoked = testToken({ roles: ['MIDDLEWARE'], cnf: boundTo(revoked) })
  expect(await call(revoked, '/v1/tickets', { token: ofRevoked })).toMatchObject({
    code: 'unauthenticated',
  })
})

const settings = (changes: Record<string, string>) =>
  readConfig(GatewayConfig, {
    ...Object.fromEntries(serviceNames.map((name) => [urlSettingOf(name), 'http://127.0.0.1:1'])),
    INTERNAL_TOKEN,
    ...changes,
  })

test('authorities without a certificate of the gateway, lists without authorities, and files that are none are refused by name', async () => {
  const own = { TLS_CERT_FILE: join(folder, 'own.pem'), TLS_KEY_FILE: join(folder, 'own.key') }
  const ca = { TLS_CLIENT_CA_FILE: join(folder, 'ca.pem') }
  const nothing = await fileOf('nothing.pem', 'nothing')
  for (const [changes, fault] of [
    [ca, 'TLS_CLIENT_CA_FILE needs'],
    [{ ...own, TLS_CLIENT_CRL_FILE: nothing }, 'TLS_CLIENT_CRL_FILE needs'],
    [{ ...own, TLS_CLIENT_CA_FILE: nothing }, 'TLS_CLIENT_CA_FILE holds no certificate'],
    [{ ...own, TLS_CLIENT_CA_FILE: join(folder, 'none') }, 'TLS_CLIENT_CA_FILE names a file'],
    [
      { ...own, ...ca, TLS_CLIENT_CRL_FILE: nothing },
      'TLS_CLIENT_CRL_FILE holds no revocation list',
    ],
  ] as const)
    expect(() => readTls(settings(changes))).toThrow(fault)
  expect(readTls(settings({ ...own, ...ca }))).toMatchObject({ ca: authority.cert + pinned.cert })
  expect(readTls(settings({}))).toBeNull()
})
