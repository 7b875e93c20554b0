import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import type { App } from '@erp-steward/service-kit/app'
import { actOf, type KeyFor } from '@erp-steward/service-kit/authentication'
import { CERTIFICATE_HEADER } from '@erp-steward/contracts/certificate-header'
import { readCertificateHeader } from '@erp-steward/service-kit/certificate-header'
import type { FastifyRequest } from 'fastify'
import { Type, type Static } from 'typebox'
import type { DataSource } from 'typeorm'
import { refreshSession } from '../sessions/refresh-session.ts'
import type { SessionTokens } from '../sessions/session-tokens.ts'
import type { TokenSigner, TokenWriter } from '../sessions/token-signer.ts'
import { unstored } from '../sessions/unstored.ts'
import { authenticateClient, clientReader, type ClientCheck } from './authenticate-client.ts'
import { ClientMembers, clientProofOf, type ClientBody } from './client-proof.ts'
import { takeForms } from './form-body.ts'
import { frontEndOf } from './front-end-proof.ts'
import type { SignIdToken } from './id-token.ts'
import { redeemCode } from './redeem-code.ts'
import { grantClientToken } from './grant-client-token.ts'
import { createIntrospection, Introspection } from './introspect-token.ts'
import { IssuerMetadata, issuerMetadata } from './issuer-metadata.ts'
import { revokeToken } from './revoke-token.ts'
import { createOwnTokenCheck } from './verify-own-token.ts'

const TokenAnswer = Type.Object(
  {
    access_token: Type.String({ description: 'Sent as `Authorization: Bearer …`.' }),
    token_type: Type.Literal('Bearer', { description: 'RFC 6750.' }),
    expires_in: Type.Integer({ description: 'Life of the token in seconds.' }),
    refresh_token: Type.Optional(
      Type.String({
        description: 'Of a person: good for one refresh; a second use ends the session.',
      }),
    ),
    id_token: Type.Optional(
      Type.String({ description: 'Who has signed in, with a code and the scope `openid`.' }),
    ),
    scope: Type.Optional(
      Type.String({
        description: 'Permissions that the token carries, where some were asked for.',
      }),
    ),
  },
  { title: 'TokenAnswer' },
)

const TokenRequest = Type.Object(
  {
    grant_type: Type.String({
      maxLength: 100,
      description:
        '`client_credentials` of a machine; `authorization_code`, then `refresh_token`, of a person.',
    }),
    scope: Type.Optional(
      Type.String({
        maxLength: 4_000,
        description:
          'Permissions that the token shall carry, separated by spaces; absent: all that the caller has.',
      }),
    ),
    refresh_token: Type.Optional(
      Type.String({
        maxLength: 200,
        description: 'Of the last answer; it is good for one use.',
      }),
    ),
    code: Type.Optional(
      Type.String({
        maxLength: 200,
        description: 'As the browser brought it; good once, for 60 s.',
      }),
    ),
    redirect_uri: Type.Optional(
      Type.String({ maxLength: 2_000, description: 'The address that the code was sent to.' }),
    ),
    code_verifier: Type.Optional(
      Type.String({ maxLength: 200, description: 'What the challenge was made of (PKCE).' }),
    ),
    ...ClientMembers,
  },
  { title: 'TokenRequest' },
)
type TokenQuestion = FastifyRequest<{ Body: Static<typeof TokenRequest> }>

const OwnToken = Type.Object(
  {
    token: Type.String({
      minLength: 1,
      maxLength: 8_000,
      description: 'An access token or a refresh token.',
    }),
    token_type_hint: Type.Optional(
      Type.String({ maxLength: 100, description: 'Not needed: a token shows what it is.' }),
    ),
    ...ClientMembers,
  },
  { title: 'OwnToken' },
)

const tags = ['tokens']
const consumes = ['application/json', 'application/x-www-form-urlencoded']

export interface TokenRouteOptions {
  readonly db: DataSource
  readonly clock: () => Date
  readonly issuer: string
  readonly sign: TokenSigner
  readonly write: TokenWriter
  readonly signIdToken: SignIdToken
  /** Secret between processes of the product, by which the gateway shows that it has seen a certificate. */
  readonly internalToken: string
  /** Our own keys. */
  readonly keyFor: KeyFor
}

/** What clients of OAuth 2 and OpenID Connect find by discovery: where it is, tokens, whether they are good, giving them back. */
export async function tokenRoutes(app: App, options: TokenRouteOptions): Promise<void> {
  discoveryRoutes(app, options.issuer)
  // In a scope of its own: only these operations take forms, as RFC 6749 has it.
  await app.register((scope: App, _options, done) => {
    takeForms(scope)
    grantRoute(scope, options)
    aboutTokenRoutes(scope, options)
    done()
  })
}

function discoveryRoutes(app: App, issuer: string): void {
  const metadata = issuerMetadata(issuer)
  for (const [path, operationId, summary] of [
    [
      '/.well-known/openid-configuration',
      'readOpenIdConfiguration',
      'Where OpenID Connect finds everything here (Discovery 1.0).',
    ],
    [
      '/.well-known/oauth-authorization-server',
      'readAuthorizationServer',
      'Where OAuth 2 finds everything here (RFC 8414).',
    ],
  ] as const)
    app.get(
      path,
      {
        config: { access: 'public' },
        schema: { operationId, summary, tags, response: { 200: IssuerMetadata } },
      },
      async (_request, reply) => {
        void reply.header('cache-control', 'public, max-age=300')
        return metadata
      },
    )
}

function grantRoute(scope: App, options: TokenRouteOptions): void {
  const { clock } = options
  const check = clientCheckOf(options)
  scope.post(
    '/v1/tokens',
    {
      config: { access: 'public', oauth: true, clauses: ['A-2.2.6', 'A-2.2.7', 'A-4.2.4'] },
      schema: {
        operationId: 'grantToken',
        problems: [
          'client-refused',
          'grant-forbidden',
          'grant-refused',
          'grant-unsupported',
          'scope-refused',
        ],
        summary: 'The token endpoint of OAuth 2 (RFC 6749).',
        description:
          'A machine proves who it is in the body, as HTTP Basic or by an assertion, in one of these places, or by the certificate of its connection. Forms and JSON are taken alike.',
        tags,
        consumes,
        body: TokenRequest,
        response: { 200: TokenAnswer },
      },
    },
    async (request, reply) => {
      const { body } = request
      const act = actOf(request, clock())
      unstored(reply)
      if (body.grant_type === 'client_credentials')
        return reply.send(await toMachine(options, check, request, act))
      if (body.grant_type === 'refresh_token')
        return reply.send(await toPerson(options, check, request, act))
      if (body.grant_type === 'authorization_code')
        return reply.send(await forCode(options, check, request, act))
      throw new Problem(
        'grant-unsupported',
        said(
          `There is no grant ${JSON.stringify(body.grant_type)}.`,
          `没有 ${JSON.stringify(body.grant_type)} 这种授权类型。`,
        ),
      )
    },
  )
}

async function toMachine(
  options: TokenRouteOptions,
  check: ClientCheck,
  { headers, body }: Pick<TokenQuestion, 'headers' | 'body'>,
  act: Act,
): Promise<Static<typeof TokenAnswer>> {
  const proof = clientProofOf(headers.authorization, body, certificateIn(options, headers))
  const client = await authenticateClient(check, proof)
  const { accessToken, expiresIn, permissions } = await grantClientToken(
    options,
    client,
    { scope: body.scope, certificate: 'certificate' in proof ? proof.certificate : null },
    { ...act, actor: client.id },
  )
  return {
    access_token: accessToken,
    token_type: 'Bearer',
    expires_in: expiresIn,
    ...(body.scope !== undefined && { scope: permissions.join(' ') }),
  }
}

async function toPerson(
  { db, sign }: TokenRouteOptions,
  check: ClientCheck,
  { headers, body, ip: sourceIp }: Pick<TokenQuestion, 'headers' | 'body' | 'ip'>,
  act: Act,
): Promise<Static<typeof TokenAnswer>> {
  const { refresh_token: refreshToken = '' } = body
  // A session of `POST /v1/sessions` is of no front end, and nobody says so.
  const isOfNone =
    headers.authorization === undefined &&
    body.client_id === undefined &&
    body.client_assertion === undefined
  const clientId = isOfNone ? null : await frontEndOf(check, headers.authorization, body)
  const tokens = await refreshSession(db, sign, { refreshToken, clientId, sourceIp }, act)
  if (tokens === null)
    throw new Problem('grant-refused', said('The refresh token is not good.', '刷新令牌无效。'))
  return answerOf(tokens)
}

async function forCode(
  { db, sign, signIdToken }: TokenRouteOptions,
  check: ClientCheck,
  { headers, body }: Pick<TokenQuestion, 'headers' | 'body'>,
  act: Act,
): Promise<Static<typeof TokenAnswer>> {
  const { code = '', redirect_uri: redirectUri = '', code_verifier: verifier = '' } = body
  const clientId = await frontEndOf(check, headers.authorization, body)
  const redemption = { code, clientId, redirectUri, verifier }
  const redeemed = await redeemCode(db, sign, signIdToken, redemption, act)
  if (redeemed === null)
    throw new Problem('grant-refused', said('The code is not good.', '授权码无效。'))
  const { tokens, idToken, scope } = redeemed
  return {
    ...answerOf(tokens),
    ...(idToken !== null && { id_token: idToken }),
    ...(scope !== null && { scope }),
  }
}

const answerOf = ({ accessToken, expiresIn, refreshToken }: SessionTokens) => ({
  access_token: accessToken,
  token_type: 'Bearer' as const,
  expires_in: expiresIn,
  refresh_token: refreshToken,
})

function aboutTokenRoutes(scope: App, options: TokenRouteOptions): void {
  const { db, clock } = options
  const check = clientCheckOf(options)
  const verify = createOwnTokenCheck(options)
  const introspect = createIntrospection(db, verify, clock)

  scope.post(
    '/v1/tokens/introspection',
    {
      config: { access: 'public', oauth: true, clauses: ['A-2.1.4', 'A-2.2.6'] },
      schema: {
        operationId: 'introspectToken',
        problems: ['client-refused'],
        summary: 'Whether a token is good at this moment (RFC 7662); asked by any client.',
        tags,
        consumes,
        body: OwnToken,
        response: { 200: Introspection },
      },
    },
    async (request, reply) => {
      const { headers, body } = request
      const certificate = certificateIn(options, headers)
      await authenticateClient(check, clientProofOf(headers.authorization, body, certificate))
      return unstored(reply).send(await introspect(body.token))
    },
  )

  scope.post(
    '/v1/tokens/revocation',
    {
      config: { access: 'public', oauth: true, clauses: ['A-2.2.6'] },
      schema: {
        operationId: 'revokeToken',
        problems: ['client-refused', 'grant-forbidden'],
        summary: 'Makes an own token void (RFC 7009), and all others of its session or machine.',
        tags,
        consumes,
        body: OwnToken,
        response: { 200: Type.Unsafe<undefined>(Type.Null()) },
      },
    },
    async (request, reply) => {
      const { headers, body } = request
      const certificate = certificateIn(options, headers)
      const clientId = await anyClientOf(check, headers.authorization, body, certificate)
      const act = { ...actOf(request, clock()), actor: clientId }
      await revokeToken(db, verify, { token: body.token, clientId }, act)
      // A status and no word, as RFC 7009 has it.
      return unstored(reply).send(undefined)
    },
  )
}

function clientCheckOf({ db, clock, issuer }: TokenRouteOptions): ClientCheck {
  const { token_endpoint, introspection_endpoint, revocation_endpoint } = issuerMetadata(issuer)
  return {
    ...{ db, clock, read: clientReader(db) },
    audience: [issuer, token_endpoint, introspection_endpoint, revocation_endpoint],
  }
}

/** The certificate (DER) that the gateway has seen, if any. */
const certificateIn = (
  { internalToken }: TokenRouteOptions,
  headers: TokenQuestion['headers'],
): Buffer | null => readCertificateHeader(headers[CERTIFICATE_HEADER], internalToken)

/** A front end without a secret may give back what it holds; everybody else proves who it is. */
async function anyClientOf(
  check: ClientCheck,
  authorization: string | undefined,
  body: ClientBody,
  certificate: Buffer | null,
): Promise<string> {
  const isBare =
    certificate === null &&
    authorization === undefined &&
    body.client_secret === undefined &&
    body.client_assertion === undefined
  if (isBare) return frontEndOf(check, authorization, body)
  return (await authenticateClient(check, clientProofOf(authorization, body, certificate))).id
}
