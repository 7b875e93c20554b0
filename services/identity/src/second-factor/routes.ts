import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { about, closed } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { actOf, principalOf } from '@erp-steward/service-kit/authentication'
import type { Means } from '../sessions/sign-in.ts'
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { DataSource } from 'typeorm'
import { LONGEST_PASSWORD } from '../credentials/rules/password-policy.ts'
import { unstored } from '../sessions/unstored.ts'
import { beginSecondFactor, BegunSecondFactor } from './begin-second-factor.ts'
import { confirmSecondFactor } from './confirm-second-factor.ts'
import { OwnSecondFactor, ownSecondFactor } from './own-second-factor.ts'
import { RECOVERY_CODES } from './recovery-code.ts'
import { TypedFactor } from './typed-factor.ts'
import { proveAgain, removeSecondFactor, renewRecoveryCodes } from './with-own-code.ts'

const RecoveryCodes = Type.Object(
  {
    recoveryCodes: Type.Array(Type.String(), {
      minItems: RECOVERY_CODES,
      maxItems: RECOVERY_CODES,
      description:
        'To be written down, not shown again: each stands in once for a code of a lost app.',
    }),
  },
  { title: 'RecoveryCodes' },
)

const tags = ['credentials']
const OWN = '/v1/accounts/me/second-factor'
const OF_CODE = [
  'account-unknown',
  'not-found',
  'second-factor-locked',
  'second-factor-refused',
  'second-factor-state',
] as const
const WithCode = closed({ code: TypedFactor })

interface Options {
  readonly db: DataSource
  readonly clock: () => Date
  readonly means: Means
}

/** The own second factor: set up, confirmed, proved again, renewed and removed. */
export function secondFactorRoutes(app: App, options: Options): void {
  settingUp(app, options)
  inForce(app, options)
}

function settingUp(app: App, { db, clock, means }: Options): void {
  const config = { access: 'second-factor.manage', clauses: ['A-2.2.1'] } as const
  app.get(
    OWN,
    {
      config,
      schema: {
        operationId: 'readOwnSecondFactor',
        problems: ['not-found'],
        summary: 'Whether the own sign-ins ask for a code, and what is left in need.',
        tags,
        response: { 200: OwnSecondFactor },
      },
    },
    (request) => ownSecondFactor(db, ownerOf(request), principalOf(request).unitId, clock()),
  )

  app.post(
    OWN,
    {
      config,
      schema: {
        operationId: 'beginOwnSecondFactor',
        problems: [
          'account-unknown',
          'not-found',
          'second-factor-locked',
          'second-factor-needed',
          'second-factor-refused',
          'sign-in-locked',
          'sign-in-refused',
        ],
        summary:
          'Makes the secret for an authenticator app (TOTP, RFC 6238); it counts once confirmed.',
        tags,
        body: closed({
          password: Type.String({
            minLength: 1,
            maxLength: LONGEST_PASSWORD,
            description: 'The own password, which is asked for again.',
          }),
          code: Type.Optional(
            about(TypedFactor, 'Of the second factor in force, if there is one.'),
          ),
        }),
        response: { 200: BegunSecondFactor },
      },
    },
    async (request, reply) => {
      const { password, code = null } = request.body
      const { accountId, sessionId } = ownerOf(request)
      const command = { accountId, sessionId, password, code, sourceIp: request.ip }
      const begun = await beginSecondFactor(db, means, command, actOf(request, clock()))
      return unstored(reply).send(begun)
    },
  )

  app.post(
    `${OWN}/confirm`,
    {
      config,
      schema: {
        operationId: 'confirmOwnSecondFactor',
        problems: ['account-unknown', 'not-found', 'second-factor-refused', 'second-factor-state'],
        summary:
          'Puts it in force with its first code; other sessions end. Refresh the token next.',
        tags,
        body: WithCode,
        response: { 200: RecoveryCodes },
      },
    },
    async (request, reply) => {
      const command = { ...ownerOf(request), code: request.body.code }
      const act = actOf(request, clock())
      return unstored(reply).send({
        recoveryCodes: await confirmSecondFactor(db, means.seal, command, act),
      })
    },
  )
}

function inForce(app: App, { db, clock, means: { seal } }: Options): void {
  const config = { access: 'second-factor.manage', clauses: ['A-2.2.1'] } as const
  const commandOf = (request: FastifyRequest, { code }: { code: string }) => ({
    ...ownerOf(request),
    ...{ code, sourceIp: request.ip },
  })
  app.post(
    `${OWN}/recovery-codes`,
    {
      config,
      schema: {
        operationId: 'renewOwnRecoveryCodes',
        problems: OF_CODE,
        summary: 'Ten new recovery codes; those of before are void.',
        tags,
        body: WithCode,
        response: { 200: RecoveryCodes },
      },
    },
    async (request, reply) => {
      const act = actOf(request, clock())
      const codes = await renewRecoveryCodes(db, seal, commandOf(request, request.body), act)
      return unstored(reply).send({ recoveryCodes: codes })
    },
  )

  app.post(
    `${OWN}/removal`,
    {
      config,
      schema: {
        operationId: 'removeOwnSecondFactor',
        problems: OF_CODE,
        summary: 'Ends the own second factor; other sessions end.',
        tags,
        body: WithCode,
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) => {
      const act = actOf(request, clock())
      await removeSecondFactor(db, seal, commandOf(request, request.body), act)
      return reply.code(204).send(null)
    },
  )

  app.post(
    '/v1/sessions/current/second-factor',
    {
      config: { access: 'signed-in', clauses: ['A-2.2.1'] },
      schema: {
        operationId: 'proveSecondFactor',
        problems: OF_CODE,
        summary: 'Proves the second factor again in this session. Refresh the token next.',
        tags: ['sessions'],
        body: WithCode,
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) => {
      const act = actOf(request, clock())
      await proveAgain(db, seal, commandOf(request, request.body), act)
      return reply.code(204).send(null)
    },
  )
}

/** @throws Problem `not-found` for a client */
function ownerOf(request: FastifyRequest): { accountId: string; sessionId: string } {
  const { actor: accountId, sessionId } = principalOf(request)
  if (sessionId === null)
    throw new Problem(
      'not-found',
      said('A client has no second factor.', '客户端没有第二验证因素。'),
    )
  return { accountId, sessionId }
}
