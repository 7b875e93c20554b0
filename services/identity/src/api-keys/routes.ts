import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { about, closed, Uuid } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { actOf } from '@erp-steward/service-kit/authentication'
import { newestFirst } from '@erp-steward/service-kit/list-rows'
import { byInstant } from '@erp-steward/service-kit/paging'
import { listRoute, PathId, readRoute } from '@erp-steward/service-kit/route-shapes'
import { Type } from 'typebox'
import type { DataSource } from 'typeorm'
import type { TokenSigner, TokenWriter } from '../sessions/token-signer.ts'
import { unstored } from '../sessions/unstored.ts'
import { clientReader } from '../tokens/authenticate-client.ts'
import { ApiKeyEntity, ApiKeyStatus, ApiKeyView, ofStatus, viewOfKey } from './api-key.ts'
import { AskedKey, askForKey, KeyEnd, rotateKey, type BegunKey } from './ask-for-key.ts'
import { completeKey } from './complete-key.ts'
import { endKey } from './end-key.ts'
import { createKeyExchange } from './exchange-key.ts'

const ApiKeyHalf = Type.Object(
  {
    key: ApiKeyView,
    half: Type.Enum(['first', 'second'], { description: 'Which half.' }),
    claimCode: Type.String({
      description:
        'Shown this once. The key is the first half, which begins with `erps_`, and the second, one after the other.',
    }),
  },
  { title: 'ApiKeyHalf' },
)

export interface ApiKeyRouteOptions {
  readonly db: DataSource
  readonly clock: () => Date
  readonly sign: TokenSigner
  readonly write: TokenWriter
}

const tags = ['clients']
const clauses = ['A-4.2.4']
const KeyPath = Type.Object({ id: PathId })

/** Keys by which scripts call: made by two people, good in parts of the network and until an end, ended at once. */
export function apiKeyRoutes(app: App, options: ApiKeyRouteOptions): void {
  readingRoutes(app, options)
  firstHalfRoutes(app, options)
  otherRoutes(app, options)
  exchangeRoute(app, options)
}

function readingRoutes(app: App, { db, clock }: ApiKeyRouteOptions): void {
  const readKey = { access: 'client.read', tags } as const
  listRoute(app, '/v1/api-keys', {
    ...readKey,
    operationId: 'listApiKeys',
    summary: 'API keys, newest first, with their age and last use.',
    query: {
      clientId: Type.Optional(about(Uuid, 'Of this machine.')),
      status: Type.Optional(ApiKeyStatus),
    },
    row: ApiKeyView,
    sorting: byInstant('askedAt'),
    list: async ({ query: { clientId, status }, after, limit }) => {
      const now = clock()
      const filter = { clientId, ...ofStatus(status, now) }
      const found = await newestFirst(db.manager, ApiKeyEntity, 'askedAt', { after, limit }, filter)
      return found.map((key) => viewOfKey(key, now))
    },
  })

  readRoute(app, '/v1/api-keys/:id', {
    ...readKey,
    operationId: 'readApiKey',
    problems: ['api-key-unknown'],
    summary: 'One API key, also when it is over.',
    answer: ApiKeyView,
    read: async ({ params: { id } }) => {
      const key = await db.manager.findOneBy(ApiKeyEntity, { id })
      if (key === null)
        throw new Problem('api-key-unknown', said('There is no such key.', '没有此密钥。'))
      return viewOfKey(key, clock())
    },
  })
}

function firstHalfRoutes(app: App, { db, clock }: ApiKeyRouteOptions): void {
  const config = { access: 'client.issue-secret', approves: true, clauses } as const
  const response = { 202: ApiKeyHalf }
  const answer = ({ key, beginning }: BegunKey, now: Date) => ({
    key: viewOfKey(key, now),
    half: 'first' as const,
    claimCode: beginning,
  })

  app.post(
    '/v1/clients/:id/api-keys',
    {
      config,
      schema: {
        operationId: 'requestApiKey',
        problems: ['administrator-unnamed', 'api-key-refused', 'client-state', 'client-unknown'],
        summary: 'The first half of a new API key, shown this once; alone it opens nothing.',
        description:
          'What it may and from where is said here and does not change: another key is made for something else.',
        tags,
        params: KeyPath,
        body: AskedKey,
        response,
      },
    },
    async (request, reply) => {
      const act = actOf(request, clock())
      const { params, body } = request
      const begun = await db.transaction((tx) => askForKey(tx, params.id, body, act))
      void reply.header('location', `/v1/api-keys/${begun.key.id}`)
      return unstored(reply).code(202).send(answer(begun, act.now))
    },
  )

  app.post(
    '/v1/api-keys/:id/rotation',
    {
      config,
      schema: {
        operationId: 'rotateApiKey',
        problems: [
          ...(['administrator-unnamed', 'api-key-refused', 'api-key-unknown'] as const),
          ...(['client-state', 'client-unknown'] as const),
        ],
        summary: 'The first half of the key that takes the place of this one.',
        description:
          'It may the same from the same networks. With its second half the time of this one is cut to `identity.api_key.overlap`.',
        tags,
        params: KeyPath,
        body: closed({ expiresAt: KeyEnd }),
        response,
      },
    },
    async (request, reply) => {
      const act = actOf(request, clock())
      const { params, body } = request
      const begun = await db.transaction((tx) => rotateKey(tx, params.id, body.expiresAt, act))
      void reply.header('location', `/v1/api-keys/${begun.key.id}`)
      return unstored(reply).code(202).send(answer(begun, act.now))
    },
  )
}

function otherRoutes(app: App, { db, clock }: ApiKeyRouteOptions): void {
  app.post(
    '/v1/api-keys/:id/second-half',
    {
      config: { access: 'client.complete-secret', approves: true, clauses },
      schema: {
        operationId: 'completeApiKey',
        problems: [
          ...(['administrator-unnamed', 'api-key-refused', 'api-key-unknown'] as const),
          ...(['client-state', 'client-unknown', 'first-half-missing'] as const),
          ...(['half-not-for-role', 'same-person'] as const),
        ],
        summary: 'The second half of an API key, for another person of another role.',
        description:
          'The caller has seen what the key may and from where. From now on it is good, sent as `Authorization: Bearer erps_…`.',
        tags,
        params: KeyPath,
        response: { 201: ApiKeyHalf },
      },
    },
    async (request, reply) => {
      const act = actOf(request, clock())
      const { key, half } = await db.transaction((tx) => completeKey(tx, request.params.id, act))
      return unstored(reply)
        .code(201)
        .send({ key: viewOfKey(key, act.now), half: 'second', claimCode: half })
    },
  )

  app.delete(
    '/v1/api-keys/:id',
    {
      config: { access: 'client.issue-secret', clauses },
      schema: {
        operationId: 'endApiKey',
        problems: ['api-key-unknown'],
        summary: 'Ends an API key at once; the tokens of its machine are void.',
        tags,
        params: KeyPath,
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) => {
      const act = actOf(request, clock())
      await db.transaction((tx) => endKey(tx, request.params.id, act))
      return reply.code(204).send(null)
    },
  )
}

/** For the gateway: it hands keys on, whole, and the address that they came from. */
function exchangeRoute(app: App, { db, clock, sign, write }: ApiKeyRouteOptions): void {
  const exchange = createKeyExchange({ db, sign, write }, clientReader(db))
  app.post(
    '/internal/api-keys/exchange',
    {
      config: { access: 'internal' },
      schema: {
        hide: true,
        body: closed({
          key: Type.String({ maxLength: 100 }),
          address: Type.String({ maxLength: 100 }),
        }),
      },
    },
    async (request, reply) => {
      const { key, address } = request.body
      return unstored(reply).send(await exchange(key, address, actOf(request, clock())))
    },
  )
}
