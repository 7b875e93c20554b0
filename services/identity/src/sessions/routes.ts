import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { about, closed, Instant, Line, Reason, Uuid } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { actOf, principalOf } from '@erp-steward/service-kit/authentication'
import { byInstant } from '@erp-steward/service-kit/paging'
import { listRoute, PathId } from '@erp-steward/service-kit/route-shapes'
import type { Seal } from '@erp-steward/service-kit/seal'
import { Type } from 'typebox'
import type { DataSource } from 'typeorm'
import type { CompanyDirectory } from '../company-directory/company-directory.ts'
import { LONGEST_PASSWORD } from '../credentials/rules/password-policy.ts'
import { TypedFactor } from '../second-factor/typed-factor.ts'
import { endSession } from './end-session.ts'
import { OwnStanding, ownStanding } from './own-standing.ts'
import { publishedKeySet } from './published-keys.ts'
import { refreshSession } from './refresh-session.ts'
import { revocationsSince } from './revocations-since.ts'
import { rotateSigningKey } from './rotate-signing-key.ts'
import { revocationsFrom } from './rules/session-limits.ts'
import { OpenedSession, SessionTokens } from './session-tokens.ts'
import { SessionEntity, SessionView } from './session.ts'
import { SessionState, sessionsInRange } from './sessions-in-range.ts'
import { signIn } from './sign-in.ts'
import type { TokenSigner } from './token-signer.ts'
import { unstored } from './unstored.ts'
import { userAgentOf } from './user-agent.ts'

const KeySet = Type.Object(
  {
    keys: Type.Array(Type.Record(Type.String(), Type.String()), {
      description: 'One JSON Web Key for each key whose tokens may still be in use.',
    }),
  },
  { title: 'JsonWebKeySet' },
)

const SigningKey = Type.Object(
  { keyId: about(Uuid, 'The new key: `kid` of the tokens from now on.') },
  { title: 'SigningKey' },
)

const tags = ['sessions']

export interface SessionRouteOptions {
  readonly db: DataSource
  readonly clock: () => Date
  readonly sign: TokenSigner
  readonly seal: Seal
  readonly directory: CompanyDirectory | null
}

/** Signing in and out, refreshing, the published keys, and what gateways must refuse. */
export function sessionRoutes(
  app: App,
  { db, clock, sign, seal, directory }: SessionRouteOptions,
): void {
  app.post(
    '/v1/sessions',
    {
      config: { access: 'public', clauses: ['A-2.2.1', 'A-2.2.2', 'A-2.2.3'] },
      schema: {
        operationId: 'signIn',
        problems: [
          'second-factor-locked',
          'second-factor-needed',
          'second-factor-refused',
          'session-limit',
          'sign-in-locked',
          'sign-in-refused',
        ],
        summary: 'Opens a session within the limit of the account.',
        description:
          'At the limit (`gateway.session.concurrent`) the parameter `gateway.session.at_limit` says what happens: `evict-oldest` and `evict-idle` end another session, `reject` refuses this one.',
        tags,
        body: closed({
          userName: about(Line(100), 'Of the account; case does not matter.'),
          password: Type.String({
            minLength: 1,
            maxLength: LONGEST_PASSWORD,
            description: 'The password; of an initial one first half, dash, second half.',
          }),
          code: Type.Optional(TypedFactor),
          deviceToken: Type.Optional(
            Type.String({
              minLength: 1,
              maxLength: 100,
              description:
                'Of an earlier sign-in at this device: then nobody who guesses elsewhere locks the account here.',
            }),
          ),
          deviceName: Type.Optional(
            about(Line(60), 'What the person calls the device, to know the session by.'),
          ),
        }),
        response: { 201: OpenedSession },
      },
    },
    async (request, reply) => {
      const { code = null, ...names } = request.body
      const tokens = await signIn(
        db,
        { seal, directory },
        sign,
        { ...names, code, sourceIp: request.ip, userAgent: userAgentOf(request) },
        actOf(request, clock()),
      )
      return unstored(reply).code(201).send(tokens)
    },
  )

  app.get(
    '/v1/me',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'readOwnStanding',
        summary: 'Who the caller is, what the token lets it do, and how long.',
        tags,
        response: { 200: OwnStanding },
      },
    },
    (request) => ownStanding(db.manager, principalOf(request)),
  )

  listRoute(app, '/v1/sessions', {
    operationId: 'listOwnSessions',
    summary: 'Sessions of the own account, the newest first; without `state` those that are open.',
    tags,
    access: 'signed-in',
    query: { state: Type.Optional(SessionState) },
    row: SessionView,
    sorting: byInstant('startedAt'),
    list: ({ request, query: { state = 'open' }, ...stretch }) =>
      sessionsInRange(db.manager, {
        accountId: principalOf(request).actor,
        state,
        unitId: null,
        ...stretch,
      }),
  })

  app.delete(
    '/v1/sessions/current',
    {
      config: { access: 'signed-in', clauses: ['A-2.2.6'] },
      schema: {
        operationId: 'signOut',
        problems: ['not-found'],
        summary: 'Ends the own session; its tokens are void at once.',
        tags,
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) => {
      const { sessionId } = principalOf(request)
      if (sessionId === null)
        throw new Problem('not-found', said('A client has no session.', '客户端没有会话。'))
      const act = actOf(request, clock())
      await db.transaction((tx) => endSession(tx, sessionId, 'signed-out', act))
      return reply.code(204).send(null)
    },
  )

  app.delete(
    '/v1/sessions/:id',
    {
      config: { access: 'signed-in', clauses: ['A-2.1.7'] },
      schema: {
        operationId: 'endOwnSession',
        problems: ['not-found'],
        summary: 'Ends another session of the own account.',
        tags,
        params: Type.Object({ id: PathId }),
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const accountId = principalOf(request).actor
      const act = actOf(request, clock())
      await db.transaction(async (tx) => {
        const ended =
          (await tx.existsBy(SessionEntity, { id, accountId })) &&
          (await endSession(tx, id, 'signed-out', act))
        if (!ended)
          throw new Problem(
            'not-found',
            said('You have no such open session.', '您没有这个未结束的会话。'),
          )
      })
      return reply.code(204).send(null)
    },
  )

  app.post(
    '/v1/tokens/refresh',
    {
      config: { access: 'public', clauses: ['A-2.2.6', 'A-2.2.7'] },
      schema: {
        operationId: 'refreshSession',
        problems: ['refresh-refused'],
        summary: 'Exchanges a refresh token for the next pair of tokens.',
        tags,
        body: closed({
          refreshToken: Type.String({
            minLength: 1,
            maxLength: 200,
            description: 'Of the last answer; it is good for one use.',
          }),
        }),
        response: { 200: SessionTokens },
      },
    },
    async (request, reply) => {
      const { refreshToken } = request.body
      const act = actOf(request, clock())
      const tokens = await refreshSession(
        db,
        sign,
        { refreshToken, clientId: null, sourceIp: request.ip },
        act,
      )
      if (tokens === null)
        throw new Problem(
          'refresh-refused',
          said('The refresh token is not good.', '刷新令牌无效。'),
        )
      return unstored(reply).send(tokens)
    },
  )

  app.post(
    '/v1/tokens/signing-key-rotations',
    {
      config: { access: 'signing-key.rotate', clauses: ['A-4.3.1'] },
      schema: {
        operationId: 'rotateSigningKey',
        summary:
          'Signs with a new key from now on; tokens of the one before live out their minutes.',
        tags,
        body: closed({ reason: Reason }),
        response: { 200: SigningKey },
      },
    },
    async (request) => {
      const act = actOf(request, clock())
      return {
        keyId: await db.transaction((tx) => rotateSigningKey(tx, seal, request.body.reason, act)),
      }
    },
  )

  app.get(
    '/.well-known/jwks.json',
    {
      config: { access: 'public' },
      schema: {
        operationId: 'readKeySet',
        summary: 'Public keys that verify access tokens (RFC 7517).',
        tags,
        response: { 200: KeySet },
      },
    },
    async (_request, reply) => {
      void reply.header('cache-control', 'public, max-age=60')
      return { keys: (await publishedKeySet(db, clock())) as Record<string, string>[] }
    },
  )

  app.get(
    '/internal/revocations',
    {
      config: { access: 'internal' },
      schema: { hide: true, querystring: Type.Object({ since: Type.Optional(Instant) }) },
    },
    async ({ query: { since } }) => {
      const now = clock()
      const told = await revocationsSince(db.manager, revocationsFrom(since, now))
      return { ...told, asOf: now.toISOString() }
    },
  )
}
