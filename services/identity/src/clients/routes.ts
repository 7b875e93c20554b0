import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { about, Code, Uuid } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { actOf } from '@erp-steward/service-kit/authentication'
import { inOrder } from '@erp-steward/service-kit/list-rows'
import { containing, NameContains } from '@erp-steward/service-kit/name-contains'
import { byText } from '@erp-steward/service-kit/paging'
import { listRoute, PathId, readRoute } from '@erp-steward/service-kit/route-shapes'
import { Type } from 'typebox'
import type { DataSource } from 'typeorm'
import { placeFilter } from '../organisation/place-filter.ts'
import type { TokenSigner, TokenWriter } from '../sessions/token-signer.ts'
import { unstored } from '../sessions/unstored.ts'
import { ClientEntity, ClientRole, ClientStatus, ClientView, type Client } from './client.ts'
import { grantClientToken, grantReader, type ClientCredentials } from './grant-client-token.ts'
import { issueFirstSecretHalf, issueSecondSecretHalf } from './issue-client-secret.ts'

const IssuedHalf = Type.Object(
  {
    clientId: about(Uuid, 'The machine.'),
    half: Type.Enum(['first', 'second'], { description: 'Which half.' }),
    claimCode: Type.String({
      description: 'The secret is the first half and the second, one after the other.',
    }),
  },
  { title: 'ClientSecretHalf' },
)

const ClientToken = Type.Object(
  {
    access_token: Type.String({ description: 'Sent as `Authorization: Bearer …`.' }),
    token_type: Type.Literal('Bearer', { description: 'RFC 6750.' }),
    expires_in: Type.Integer({ description: 'Life of the token in seconds.' }),
  },
  { title: 'ClientToken' },
)

const tags = ['clients']
const readClient = { access: 'client.read', tags } as const

const viewOf = ({ secretHash, ...client }: Client) => ({
  ...client,
  hasSecret: secretHash !== null,
})

const GrantBody = Type.Object(
  {
    grant_type: Type.Literal('client_credentials', { description: 'RFC 6749, 4.4.' }),
    client_id: Type.Optional(
      Type.String({ maxLength: 100, description: 'Id of the machine, unless sent as HTTP Basic.' }),
    ),
    client_secret: Type.Optional(
      Type.String({
        maxLength: 200,
        description: 'Both halves of its secret, one after the other, unless sent as HTTP Basic.',
      }),
    ),
  },
  { title: 'ClientGrant', additionalProperties: false },
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
          problems: ['client-refused'],
          summary: 'An access token for a machine (OAuth 2 client credentials, RFC 6749).',
          description:
            'Credentials in the body or as HTTP Basic authentication, never both. The answer is written as RFC 6749 has it.',
          tags,
          consumes: ['application/json', 'application/x-www-form-urlencoded'],
          body: GrantBody,
          response: { 200: ClientToken },
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

  listRoute(app, '/v1/clients', {
    ...readClient,
    operationId: 'listClients',
    problems: ['department-unknown', 'position-unknown', 'unit-unknown'],
    summary: 'Machines by name.',
    query: {
      nameContains: NameContains(100),
      role: Type.Optional(ClientRole),
      status: Type.Optional(ClientStatus),
      unitCode: Type.Optional(about(Code, 'Code of the unit that they may act for.')),
    },
    row: ClientView,
    sorting: byText('name'),
    list: async ({ query: { nameContains, unitCode, role, status }, after, limit }) => {
      const { unitId } = await placeFilter(db.manager, { unitCode })
      const found = await inOrder(
        db.manager,
        ClientEntity,
        'name',
        { after, limit },
        {
          role,
          status,
          unitId,
          ...(nameContains !== undefined && { name: containing(nameContains) }),
        },
      )
      return found.map(viewOf)
    },
  })

  readRoute(app, '/v1/clients/:id', {
    ...readClient,
    operationId: 'readClient',
    problems: ['client-unknown'],
    summary: 'One machine.',
    answer: ClientView,
    read: async ({ params: { id } }) => {
      const client = await db.manager.findOneBy(ClientEntity, { id })
      if (client === null)
        throw new Problem('client-unknown', said(`There is no client ${id}.`, `没有客户端 ${id}。`))
      return viewOf(client)
    },
  })

  const halves = [
    {
      path: '/v1/clients/:id/secret',
      half: 'first',
      access: 'client.issue-secret',
      operationId: 'issueClientSecret',
      problems: ['administrator-unnamed', 'client-state', 'client-unknown'],
      summary: 'The first half of a new secret, shown this once; alone it opens nothing.',
      status: 202,
      issue: issueFirstSecretHalf,
    },
    {
      path: '/v1/clients/:id/secret/second-half',
      half: 'second',
      access: 'client.complete-secret',
      operationId: 'completeClientSecret',
      problems: [
        'administrator-unnamed',
        'client-state',
        'client-unknown',
        'first-half-missing',
        'half-not-for-role',
        'same-person',
      ],
      summary:
        'The second half, for another person of another role; the secret is both in a row, and the one before is void.',
      status: 201,
      issue: issueSecondSecretHalf,
    },
  ] as const
  for (const { path, half, access, operationId, problems, summary, status, issue } of halves)
    app.post(
      path,
      {
        config: { access, approves: true, clauses: ['A-4.2.4'] },
        schema: {
          operationId,
          problems,
          summary,
          tags,
          params: Type.Object({ id: PathId }),
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
