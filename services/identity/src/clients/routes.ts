import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { Code, InstantOut, nullable, Uuid } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { actOf } from '@erp-steward/service-kit/authentication'
import { etag } from '@erp-steward/service-kit/commit'
import { containing, NameContains } from '@erp-steward/service-kit/name-contains'
import { decodeCursor, page, pageOf, PageQuery } from '@erp-steward/service-kit/paging'
import { Type } from 'typebox'
import { And, MoreThan, type DataSource } from 'typeorm'
import { placeFilter } from '../organisation/place-filter.ts'
import type { TokenSigner, TokenWriter } from '../sessions/token-signer.ts'
import { unstored } from '../sessions/unstored.ts'
import { ClientEntity, clientRoles, type Client } from './client.ts'
import { grantClientToken, grantReader, type ClientCredentials } from './grant-client-token.ts'
import { issueFirstSecretHalf, issueSecondSecretHalf } from './issue-client-secret.ts'

const Role = Type.Enum([...clientRoles])
const Status = Type.Enum(['pending', 'active', 'disabled'])

const ClientView = Type.Object({
  id: Uuid,
  name: Type.String(),
  role: Role,
  unitId: nullable(Uuid),
  status: Status,
  hasSecret: Type.Boolean(),
  version: Type.Integer(),
  createdAt: InstantOut,
  disabledAt: nullable(InstantOut),
})

const IssuedHalf = Type.Object({
  clientId: Uuid,
  half: Type.Enum(['first', 'second']),
  claimCode: Type.String({
    description: 'The secret is the first half and the second, one after the other.',
  }),
})

const viewOf = ({ secretHash, ...client }: Client) => ({
  ...client,
  hasSecret: secretHash !== null,
})

const GrantBody = Type.Object(
  {
    grant_type: Type.Literal('client_credentials'),
    client_id: Type.Optional(Type.String({ maxLength: 100 })),
    client_secret: Type.Optional(Type.String({ maxLength: 200 })),
  },
  { additionalProperties: false },
)

/** Machines: their tokens, their secrets and their list. They are made and ended through account changes. */
export async function clientRoutes(
  app: App,
  options: {
    readonly db: DataSource
    readonly clock: () => Date
    readonly sign: TokenSigner
    readonly write: TokenWriter
  },
): Promise<void> {
  const { db, clock, sign, write } = options
  const read = grantReader(db)

  // In a scope of its own: only the token endpoint takes forms, as RFC 6749 has it.
  await app.register((scope: App, _options, done) => {
    scope.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string' },
      (_request, body, parsed) => {
        const form = new URLSearchParams(body.toString())
        const names = [...form.keys()]
        if (new Set(names).size !== names.length)
          parsed(
            new Problem(
              'malformed-request',
              said('A parameter is sent twice.', '同一参数发送了两次。'),
            ),
          )
        else parsed(null, Object.fromEntries(form))
      },
    )
    scope.post(
      '/v1/tokens',
      {
        config: { access: 'public', clauses: ['A-4.2.4'] },
        schema: {
          operationId: 'grantClientToken',
          summary: 'An access token for a machine (OAuth 2 client credentials, RFC 6749).',
          description:
            'Credentials in the body or as HTTP Basic authentication, never both. The answer is written as RFC 6749 has it.',
          tags: ['clients'],
          consumes: ['application/json', 'application/x-www-form-urlencoded'],
          body: GrantBody,
          response: {
            200: Type.Object({
              access_token: Type.String(),
              token_type: Type.Literal('Bearer'),
              expires_in: Type.Integer({ description: 'In seconds.' }),
            }),
          },
        },
      },
      async (request, reply) => {
        const { client_id: id, client_secret: secret } = request.body
        const credentials = credentialsOf(request.headers.authorization, id, secret)
        const act = actOf(request, clock())
        const { accessToken, expiresIn } = await grantClientToken(
          { db, read, write, sign },
          credentials,
          {
            ...act,
            actor: credentials.clientId,
          },
        )
        return unstored(reply).send({
          access_token: accessToken,
          token_type: 'Bearer' as const,
          expires_in: expiresIn,
        })
      },
    )
    done()
  })

  app.get(
    '/v1/clients',
    {
      config: { access: 'client.read' },
      schema: {
        operationId: 'listClients',
        summary: 'Machines by name.',
        tags: ['clients'],
        querystring: Type.Object({
          ...PageQuery,
          nameContains: NameContains(100),
          role: Type.Optional(Role),
          status: Type.Optional(Status),
          unitCode: Type.Optional(Code),
        }),
        response: { 200: pageOf(ClientView) },
      },
    },
    async ({ query: { limit, cursor, nameContains, unitCode, ...equal } }) => {
      const [after = ''] = decodeCursor(cursor, 1) ?? []
      const { unitId } = await placeFilter(db.manager, { unitCode })
      const rows = await db.manager.find(ClientEntity, {
        where: {
          ...equal,
          ...(unitId !== null && { unitId }),
          name:
            nameContains === undefined
              ? MoreThan(after)
              : And(MoreThan(after), containing(nameContains)),
        },
        order: { name: 'asc' },
        take: limit + 1,
      })
      return page(rows.map(viewOf), limit, ({ name }) => [name])
    },
  )

  app.get(
    '/v1/clients/:id',
    {
      config: { access: 'client.read' },
      schema: {
        operationId: 'readClient',
        summary: 'One machine.',
        tags: ['clients'],
        params: Type.Object({ id: Uuid }),
        response: { 200: ClientView },
      },
    },
    async ({ params: { id } }, reply) => {
      const client = await db.manager.findOneBy(ClientEntity, { id })
      if (client === null)
        throw new Problem('client-unknown', said(`There is no client ${id}.`, `没有客户端 ${id}。`))
      void reply.header('etag', etag(client.version))
      return viewOf(client)
    },
  )

  const halves = [
    {
      path: '/v1/clients/:id/secret',
      half: 'first',
      access: 'client.issue-secret',
      operationId: 'issueClientSecret',
      summary: 'The first half of a new secret, shown this once; alone it opens nothing.',
      status: 202,
      issue: issueFirstSecretHalf,
    },
    {
      path: '/v1/clients/:id/secret/second-half',
      half: 'second',
      access: 'client.complete-secret',
      operationId: 'completeClientSecret',
      summary:
        'The second half, for another person of another role; the secret is both in a row, and the one before is void.',
      status: 201,
      issue: issueSecondSecretHalf,
    },
  ] as const
  for (const { path, half, access, operationId, summary, status, issue } of halves)
    app.post(
      path,
      {
        config: { access, approves: true, clauses: ['A-4.2.4'] },
        schema: {
          operationId,
          summary,
          tags: ['clients'],
          params: Type.Object({ id: Uuid }),
          response: { [status]: IssuedHalf },
        },
      },
      async (request, reply) => {
        const { id } = request.params
        const act = actOf(request, clock())
        const claimCode = await db.transaction((tx) => issue(tx, id, act))
        return unstored(reply).code(status).send({ clientId: id, half, claimCode })
      },
    )
}

/** @throws Problem `client-refused` when they are missing, unreadable or sent in two places */
function credentialsOf(
  authorization: string | undefined,
  id: string | undefined,
  secret: string | undefined,
): ClientCredentials {
  const basic = /^Basic ([A-Za-z0-9+/]+=*)$/.exec(authorization ?? '')?.[1]
  const inBody = id !== undefined && secret !== undefined
  if (basic === undefined && inBody) return { clientId: id, clientSecret: secret }
  if (basic !== undefined && secret === undefined) {
    const text = Buffer.from(basic, 'base64').toString()
    const at = text.indexOf(':')
    // Ids are UUIDs and secrets base64url: form encoding (RFC 6749, 2.3.1) leaves both as they are.
    if (at > 0 && (id === undefined || id === text.slice(0, at)))
      return { clientId: text.slice(0, at), clientSecret: text.slice(at + 1) }
  }
  throw new Problem(
    'client-refused',
    said(
      'Send client_id and client_secret, in one place.',
      '请在同一处发送 client_id 和 client_secret。',
    ),
    {
      error: 'invalid_client',
    },
  )
}
