import { createHash, X509Certificate } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { CERTIFICATE_HEADER } from '@erp-steward/contracts/certificate-header'
import { writeCertificateHeader } from '@erp-steward/service-kit/certificate-header'
import { testCertificate, type TestCertificate } from '@erp-steward/test-kit/certificates'
import { TEST_INTERNAL_TOKEN, type TestService } from '@erp-steward/test-kit/test-service'
import { bearer } from '@erp-steward/test-kit/tokens'
import { claimsOf, identityStage, stillValid } from '../account-stage.ts'
import { addMachine, postForm } from './client-stage.ts'

let stage: TestService
beforeAll(async () => {
  stage = await identityStage()
})
afterAll(() => stage.release())

const derOf = ({ cert }: TestCertificate) => new X509Certificate(cert).raw
const shown = (certificate: TestCertificate, secret = TEST_INTERNAL_TOKEN) => ({
  [CERTIFICATE_HEADER]: writeCertificateHeader(derOf(certificate), secret),
})
const caller = (role: 'SYSTEM_ADMIN' | 'AUDIT_ADMIN') =>
  bearer({ roles: [role], exp: stillValid(stage) })

/** A machine with a key of two hands, and a certificate of it. */
async function machineWith(certificate: TestCertificate, isConfirmed = true) {
  const machine = await addMachine(stage, 'MIDDLEWARE')
  const url = `/v1/clients/${machine.id}/keys`
  const { thumbprint } = (
    await stage.app.inject({
      ...{ method: 'POST', url, headers: caller('SYSTEM_ADMIN') },
      payload: { jwk: certificate.publicKey.export({ format: 'jwk' }) },
    })
  ).json<{ thumbprint: string }>()
  if (isConfirmed)
    await stage.app.inject({
      ...{ method: 'POST', headers: caller('AUDIT_ADMIN') },
      url: `${url}/${thumbprint}/confirmation`,
    })
  const end = () =>
    stage.app.inject({
      ...{ method: 'DELETE', url: `${url}/${thumbprint}`, headers: caller('SYSTEM_ADMIN') },
    })
  return { ...machine, end }
}

const grant = (id: string, headers: Record<string, string>, form: Record<string, string> = {}) =>
  postForm(
    stage,
    '/v1/tokens',
    { grant_type: 'client_credentials', client_id: id, ...form },
    headers,
  )

test('[A-4.3.2] a machine signs in by the certificate of its connection, and its token is bound to that', async () => {
  const certificate = testCertificate('middleware')
  const { id, basic } = await machineWith(certificate)
  const granted = await grant(id, shown(certificate))
  const { access_token: token } = granted.json<{ access_token: string }>()
  const cnf = { 'x5t#S256': createHash('sha256').update(derOf(certificate)).digest('base64url') }
  expect(claimsOf(token)).toMatchObject({ sub: id, roles: ['MIDDLEWARE'], cnf })
  const asked = await postForm(
    stage,
    '/v1/tokens/introspection',
    { token, client_id: id },
    shown(certificate),
  )
  expect(asked.json()).toMatchObject({ active: true, cnf })
  // By its secret it gets a token that is bound to nothing, whatever the connection shows.
  const other = await postForm(
    stage,
    '/v1/tokens',
    { grant_type: 'client_credentials' },
    { authorization: basic, ...shown(certificate) },
  )
  expect(claimsOf(other.json<{ access_token: string }>().access_token)).not.toHaveProperty('cnf')
})

test('[A-4.2.4] a certificate proves nothing without a key that two people have registered', async () => {
  const certificate = testCertificate('middleware')
  const { id, secret } = await addMachine(stage, 'MIDDLEWARE')
  expect((await grant(id, shown(certificate))).statusCode).toBe(401)
  const waiting = await machineWith(certificate, false)
  expect((await grant(waiting.id, shown(certificate))).statusCode).toBe(401)
  const other = await machineWith(testCertificate('another'))
  expect((await grant(other.id, shown(certificate))).statusCode).toBe(401)
  expect((await grant(id, {}, { client_secret: secret })).statusCode).toBe(200)
})

test('[A-2.1.4] a certificate whose key was ended proves nothing, and its token is void', async () => {
  const certificate = testCertificate('middleware')
  const { id, end } = await machineWith(certificate)
  const { access_token: token } = (await grant(id, shown(certificate))).json<{
    access_token: string
  }>()
  await end()
  expect((await grant(id, shown(certificate))).statusCode).toBe(401)
  const me = await stage.app.inject({
    url: '/v1/me',
    headers: { authorization: `Bearer ${token}` },
  })
  expect(me.json()).toMatchObject({ code: 'token-revoked' })
})

test.each([
  ['over', { until: new Date(Date.now() - 1_000) }],
  ['not good yet', { from: new Date(Date.now() + 3_600_000) }],
])('a certificate that is %s proves nothing, whoever lets it through', async (_what, time) => {
  const certificate = testCertificate('middleware', time)
  const { id } = await machineWith(certificate)
  expect((await grant(id, shown(certificate))).statusCode).toBe(401)
})

test('[A-4.2.4] a header that no process of the product wrote proves nothing', async () => {
  const certificate = testCertificate('middleware')
  const { id } = await machineWith(certificate)
  const made = shown(certificate, 'x'.repeat(40))
  for (const header of [made[CERTIFICATE_HEADER], 'x.y', '', derOf(certificate).toString('base64')])
    expect((await grant(id, { [CERTIFICATE_HEADER]: header })).statusCode).toBe(401)
  expect((await grant(id, shown(certificate))).statusCode).toBe(200)
})
