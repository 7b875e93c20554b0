import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { InstantOut, Line, nullable, Paragraph, Uuid } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { actOf, principalOf } from '@erp-steward/service-kit/authentication'
import type { Seal } from '@erp-steward/service-kit/seal'
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { IsNull, type DataSource } from 'typeorm'
import { LONGEST_PASSWORD } from '../credentials/rules/password-policy.ts'
import { endSession } from './end-session.ts'
import { OwnStanding, ownStanding } from './own-standing.ts'
import { publishedKeySet } from './published-keys.ts'
import { refreshSession } from './refresh-session.ts'
import { revocationsSince } from './revocations-since.ts'
import { rotateSigningKey } from './rotate-signing-key.ts'
import { REVOCATION_MEMORY_MS } from './rules/session-limits.ts'
import { SessionEntity } from './session.ts'
import { signIn } from './sign-in.ts'
import type { TokenSigner } from './token-signer.ts'
import { unstored } from './unstored.ts'

const Tokens = Type.Object({
  accessToken: Type.String(),
  refreshToken: Type.String({
    description: 'Good for one refresh; a second use ends the session.',
  }),
  expiresIn: Type.Integer({ description: 'Life of the access token in seconds.' }),
  mustChangePassword: Type.Boolean({
    description: 'The tokens can only change the password; refresh after that.',
  }),
})

const SessionView = Type.Object({
  id: Uuid,
  sourceIp: Type.String(),
  userAgent: nullable(Type.String()),
  startedAt: InstantOut,
  refreshedAt: InstantOut,
  idleAt: InstantOut,
  endsAt: InstantOut,
})

export interface SessionRouteOptions {
  readonly db: DataSource
  readonly clock: () => Date
  readonly sign: TokenSigner
  readonly seal: Seal
}

/** Signing in and out, refreshing, the published keys, and what gateways must refuse. */
export function sessionRoutes(app: App, { db, clock, sign, seal }: SessionRouteOptions): void {
  app.post(
    '/v1/sessions',
    {
      config: { access: 'public', clauses: ['A-2.2.1', 'A-2.2.2', 'A-2.2.3'] },
      schema: {
        operationId: 'signIn',
        summary: 'Opens a session; the oldest one over the limit of the account ends.',
        tags: ['sessions'],
        body: Type.Object(
          {
            userName: Line(100),
            password: Type.String({ minLength: 1, maxLength: LONGEST_PASSWORD }),
          },
          { additionalProperties: false },
        ),
        response: { 201: Tokens },
      },
    },
    async (request, reply) => {
      const tokens = await signIn(
        db,
        sign,
        { ...request.body, sourceIp: request.ip, userAgent: userAgentOf(request) },
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
        tags: ['sessions'],
        response: { 200: OwnStanding },
      },
    },
    (request) => ownStanding(db.manager, principalOf(request)),
  )

  app.get(
    '/v1/sessions',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'listOwnSessions',
        summary: 'The open sessions of the own account, at most ten.',
        tags: ['sessions'],
        response: { 200: Type.Object({ items: Type.Array(SessionView) }) },
      },
    },
    async (request) => ({
      items: await db.manager.find(SessionEntity, {
        where: { accountId: principalOf(request).actor, endedAt: IsNull() },
        order: { startedAt: 'ASC' },
        take: 10,
      }),
    }),
  )

  app.delete(
    '/v1/sessions/current',
    {
      config: { access: 'signed-in', clauses: ['A-2.2.6'] },
      schema: {
        operationId: 'signOut',
        summary: 'Ends the own session; its tokens are void at once.',
        tags: ['sessions'],
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
        summary: 'Ends another session of the own account.',
        tags: ['sessions'],
        params: Type.Object({ id: Uuid }),
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
        summary: 'Exchanges a refresh token for the next pair of tokens.',
        tags: ['sessions'],
        body: Type.Object(
          { refreshToken: Type.String({ minLength: 1, maxLength: 200 }) },
          { additionalProperties: false },
        ),
        response: { 200: Tokens },
      },
    },
    async (request, reply) => {
      const { refreshToken } = request.body
      const act = actOf(request, clock())
      const tokens = await refreshSession(db, sign, { refreshToken, sourceIp: request.ip }, act)
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
        tags: ['sessions'],
        body: Type.Object({ reason: Paragraph(500) }, { additionalProperties: false }),
        response: { 200: Type.Object({ keyId: Uuid }) },
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
        tags: ['sessions'],
        response: {
          200: Type.Object({ keys: Type.Array(Type.Record(Type.String(), Type.String())) }),
        },
      },
    },
    async (_request, reply) => {
      void reply.header('cache-control', 'public, max-age=60')
      return { keys: (await publishedKeySet(db, clock())) as Record<string, string>[] }
    },
  )

  app.get('/internal/revocations', { config: { access: 'internal' } }, () =>
    revocationsSince(db.manager, new Date(clock().getTime() - REVOCATION_MEMORY_MS)),
  )
}

/** As the browser says, without what could forge a line of a log; `null` when it says nothing. */
function userAgentOf({ headers }: FastifyRequest): string | null {
  const agent = headers['user-agent']?.replaceAll(/[^\x20-\x7e]/g, '').slice(0, 300)
  return agent === undefined || agent === '' ? null : agent
}
