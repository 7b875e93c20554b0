import { generateKeyPairSync, webcrypto } from 'node:crypto'
import { createServer, type AddressInfo } from 'node:net'
import { once } from 'node:events'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { bearer } from '@erp-steward/test-kit/tokens'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import * as oauth from 'oauth4webapi'
import * as openid from 'openid-client'
import { addAccount, GOOD_PASSWORD, identityStage, setPassword } from '../account-stage.ts'
import { addFrontEnd, addMachine, SIGNED_OUT, type Machine } from './client-stage.ts'

/** One without a query, which openid-client would take for a part of the answer. */
const CALLBACK = 'http://127.0.0.1:9/callback'

let stage: TestService
let issuer: URL
beforeAll(async () => {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  // The libraries hold the issuer against the address that they read it from.
  issuer = new URL(`http://127.0.0.1:${String(port)}`)
  stage = await identityStage({ PUBLIC_URL: issuer.origin })
  await stage.app.listen({ host: '127.0.0.1', port })
})
afterAll(() => stage.release())

// eslint-disable-next-line @typescript-eslint/no-deprecated -- the test speaks without TLS
const insecure = { [oauth.allowInsecureRequests]: true } as const
// eslint-disable-next-line @typescript-eslint/no-deprecated -- the same
const clear = { execute: [openid.allowInsecureRequests] }

const discovered = async (algorithm: 'oidc' | 'oauth2' = 'oidc') =>
  oauth.processDiscoveryResponse(
    issuer,
    await oauth.discoveryRequest(issuer, { algorithm, ...insecure }),
  )

/** What a person's browser does with the page: reads it, types, and follows. */
async function signInAt(url: URL): Promise<URL> {
  const account = await addAccount(stage, { roles: ['KEY_USER'] })
  await setPassword(stage, account)
  const page = await (await fetch(url)).text()
  const form = new URLSearchParams()
  for (const [, name = '', value = ''] of page.matchAll(
    /<input type="hidden" name="([^"]*)" value="([^"]*)">/g,
  ))
    form.append(name, value.replaceAll('&amp;', '&'))
  form.append('user_name', account.userName)
  form.append('password', GOOD_PASSWORD)
  const action = /<form method="post" action="([^"]*)">/.exec(page)?.[1] ?? ''
  const answer = await fetch(new URL(action, url), {
    method: 'POST',
    body: form,
    redirect: 'manual',
  })
  return new URL(answer.headers.get('location') ?? '')
}

test.each(['oidc', 'oauth2'] as const)('oauth4webapi discovers the issuer: %s', async (way) => {
  const server = await discovered(way)
  expect(server).toMatchObject({
    issuer: issuer.origin,
    token_endpoint: `${issuer.origin}/v1/tokens`,
  })
})

test.each([
  ['client_secret_basic', ({ secret }: Machine) => oauth.ClientSecretBasic(secret)],
  ['client_secret_post', ({ secret }: Machine) => oauth.ClientSecretPost(secret)],
])(
  'oauth4webapi: a machine signs in by %s, asks about its token and gives it back',
  async (_way, proof) => {
    const server = await discovered()
    const machine = await addMachine(stage)
    const client = { client_id: machine.id }
    const answer = await oauth.clientCredentialsGrantRequest(
      ...([server, client, proof(machine), { scope: 'person.read' }, insecure] as const),
    )
    const tokens = await oauth.processClientCredentialsResponse(server, client, answer)
    expect(tokens).toMatchObject({ token_type: 'bearer', expires_in: 900, scope: 'person.read' })
    const keys = createRemoteJWKSet(new URL(server.jwks_uri ?? ''))
    const { payload } = await jwtVerify(tokens.access_token, keys, {
      ...{ issuer: issuer.origin, audience: 'erp-steward', typ: 'at+jwt' },
    })
    expect(payload).toMatchObject({ sub: machine.id, client_id: machine.id })
    const ask = async () =>
      oauth.processIntrospectionResponse(
        server,
        client,
        await oauth.introspectionRequest(
          server,
          client,
          proof(machine),
          tokens.access_token,
          insecure,
        ),
      )
    expect(await ask()).toMatchObject({ active: true, client_id: machine.id })
    await oauth.processRevocationResponse(
      await oauth.revocationRequest(server, client, proof(machine), tokens.access_token, insecure),
    )
    expect(await ask()).toEqual({ active: false })
  },
)

test('oauth4webapi: a machine signs in by its own key', async () => {
  const server = await discovered()
  const machine = await addMachine(stage)
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const register = await stage.app.inject({
    method: 'POST',
    url: `/v1/clients/${machine.id}/keys`,
    headers: bearer({ roles: ['SYSTEM_ADMIN'], iss: issuer.origin }),
    payload: { jwk: publicKey.export({ format: 'jwk' }) },
  })
  const { thumbprint } = register.json<{ thumbprint: string }>()
  await stage.app.inject({
    method: 'POST',
    url: `/v1/clients/${machine.id}/keys/${thumbprint}/confirmation`,
    headers: bearer({ roles: ['AUDIT_ADMIN'], iss: issuer.origin }),
  })
  const key = await webcrypto.subtle.importKey(
    'jwk',
    privateKey.export({ format: 'jwk' }) as webcrypto.JsonWebKey,
    { name: 'ECDSA', namedCurve: 'P-256' },
    false,
    ['sign'],
  )
  const client = { client_id: machine.id }
  const answer = await oauth.clientCredentialsGrantRequest(
    server,
    client,
    oauth.PrivateKeyJwt(key),
    {},
    insecure,
  )
  expect(await oauth.processClientCredentialsResponse(server, client, answer)).toMatchObject({
    token_type: 'bearer',
  })
})

test('oauth4webapi reads a refusal as OAuth has it', async () => {
  const server = await discovered()
  const { id, secret } = await addMachine(stage)
  const client = { client_id: id }
  const asked = (grant: string, way = secret) =>
    oauth.genericTokenEndpointRequest(
      server,
      client,
      oauth.ClientSecretPost(way),
      grant,
      {},
      insecure,
    )
  await expect(
    oauth.processGenericTokenEndpointResponse(server, client, await asked('urn:none')),
  ).rejects.toMatchObject({ error: 'unsupported_grant_type', status: 400 })
})

test.each([
  ['on a server', true],
  ['in a browser', false],
])(
  '[A-2.2.1] openid-client: a front end %s signs a person in, learns who it is, refreshes and signs out',
  async (_where, hasSecret) => {
    const frontEnd = await addFrontEnd(stage, hasSecret)
    const config = await openid.discovery(
      issuer,
      frontEnd.id,
      { id_token_signed_response_alg: 'ES256', redirect_uris: [CALLBACK] },
      hasSecret ? openid.ClientSecretBasic(frontEnd.secret) : openid.None(),
      clear,
    )
    const [pkceCodeVerifier, expectedState, expectedNonce] = [
      openid.randomPKCECodeVerifier(),
      openid.randomState(),
      openid.randomNonce(),
    ]
    const back = await signInAt(
      openid.buildAuthorizationUrl(config, {
        redirect_uri: CALLBACK,
        scope: 'openid profile',
        code_challenge: await openid.calculatePKCECodeChallenge(pkceCodeVerifier),
        code_challenge_method: 'S256',
        state: expectedState,
        nonce: expectedNonce,
      }),
    )
    const checks = { pkceCodeVerifier, expectedState, expectedNonce, maxAge: 60 }
    const tokens = await openid.authorizationCodeGrant(config, back, checks)
    const claims = tokens.claims()
    expect(claims).toMatchObject({ aud: frontEnd.id, amr: ['pwd'], nonce: expectedNonce })
    const info = await openid.fetchUserInfo(config, tokens.access_token, claims?.sub ?? '')
    expect(info).toMatchObject({ sub: claims?.sub, name: 'Person' })
    const next = await openid.refreshTokenGrant(config, tokens.refresh_token ?? '')
    expect(next.refresh_token).not.toBe(tokens.refresh_token)
    const out = openid.buildEndSessionUrl(config, {
      id_token_hint: tokens.id_token ?? '',
      post_logout_redirect_uri: SIGNED_OUT,
    })
    const left = await fetch(out, { redirect: 'manual' })
    expect(left.headers.get('location')).toBe(SIGNED_OUT)
    await expect(openid.refreshTokenGrant(config, next.refresh_token ?? '')).rejects.toMatchObject({
      error: 'invalid_grant',
    })
  },
)

test('openid-client: a front end gives its refresh token back', async () => {
  const frontEnd = await addFrontEnd(stage)
  const config = await openid.discovery(
    issuer,
    frontEnd.id,
    { id_token_signed_response_alg: 'ES256' },
    openid.ClientSecretPost(frontEnd.secret),
    clear,
  )
  const pkceCodeVerifier = openid.randomPKCECodeVerifier()
  const back = await signInAt(
    openid.buildAuthorizationUrl(config, {
      redirect_uri: CALLBACK,
      scope: 'openid',
      code_challenge: await openid.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: 'S256',
    }),
  )
  const tokens = await openid.authorizationCodeGrant(config, back, { pkceCodeVerifier })
  expect(await openid.tokenIntrospection(config, tokens.access_token)).toMatchObject({
    active: true,
    client_id: frontEnd.id,
  })
  await openid.tokenRevocation(config, tokens.refresh_token ?? '')
  expect(await openid.tokenIntrospection(config, tokens.access_token)).toEqual({ active: false })
})
