import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { about, closed, Code, Uuid } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { actOf } from '@erp-steward/service-kit/authentication'
import { inOrder } from '@erp-steward/service-kit/list-rows'
import { containing, NameContains } from '@erp-steward/service-kit/name-contains'
import { byText, listOf } from '@erp-steward/service-kit/paging'
import { listRoute, PathId, readRoute } from '@erp-steward/service-kit/route-shapes'
import { Type } from 'typebox'
import type { DataSource } from 'typeorm'
import { placeFilter } from '../organisation/place-filter.ts'
import { unstored } from '../sessions/unstored.ts'
import { confirmClientKey, endClientKey, registerClientKey } from './change-client-keys.ts'
import { ClientKeyEntity, ClientKeyView, PublicJwk } from './client-key.ts'
import { ClientEntity, ClientRole, ClientStatus, ClientView, type Client } from './client.ts'
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

const tags = ['clients']
const readClient = { access: 'client.read', tags } as const

const viewOf = ({ secretHash, ...client }: Client) => ({
  ...client,
  hasSecret: secretHash !== null,
})

/** Machines: their list, their secrets and their keys. They are made and ended through account changes. */
export function clientRoutes(
  app: App,
  { db, clock }: { readonly db: DataSource; readonly clock: () => Date },
): void {
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
  keyRoutes(app, { db, clock })
}

const ClientPath = Type.Object({ id: PathId })
const KeyPath = Type.Object({
  id: PathId,
  thumbprint: Type.String({
    pattern: '^[A-Za-z0-9_-]{43}$',
    description: 'Thumbprint of the key (RFC 7638).',
  }),
})

/** Keys by which machines prove who they are: registered by one person, confirmed by another of another role. */
function keyRoutes(
  app: App,
  { db, clock }: { readonly db: DataSource; readonly clock: () => Date },
): void {
  const clauses = ['A-4.2.4']
  app.get(
    '/v1/clients/:id/keys',
    {
      config: { access: 'client.read' },
      schema: {
        operationId: 'listClientKeys',
        problems: ['client-unknown'],
        summary: 'Public keys of a machine, the newest first.',
        tags,
        params: ClientPath,
        response: { 200: listOf(ClientKeyView) },
      },
    },
    async ({ params: { id } }) => {
      if (!(await db.manager.existsBy(ClientEntity, { id })))
        throw new Problem('client-unknown', said(`There is no client ${id}.`, `没有客户端 ${id}。`))
      return {
        items: await db.manager.find(ClientKeyEntity, {
          where: { clientId: id },
          order: { askedAt: 'DESC', thumbprint: 'ASC' },
          take: 100,
        }),
      }
    },
  )

  app.post(
    '/v1/clients/:id/keys',
    {
      config: { access: 'client.issue-secret', approves: true, clauses },
      schema: {
        operationId: 'registerClientKey',
        problems: ['administrator-unnamed', 'client-key-refused', 'client-state', 'client-unknown'],
        summary: 'Registers a public key for `private_key_jwt`; another person confirms it.',
        tags,
        params: ClientPath,
        body: closed({ jwk: PublicJwk }),
        response: { 202: ClientKeyView },
      },
    },
    async (request, reply) => {
      const { params, body } = request
      const act = actOf(request, clock())
      const key = await db.transaction((tx) => registerClientKey(tx, params.id, body.jwk, act))
      return reply.code(202).header('location', `/v1/clients/${params.id}/keys`).send(key)
    },
  )

  app.post(
    '/v1/clients/:id/keys/:thumbprint/confirmation',
    {
      config: { access: 'client.complete-secret', approves: true, clauses },
      schema: {
        operationId: 'confirmClientKey',
        problems: [
          'administrator-unnamed',
          'client-key-unknown',
          'client-state',
          'client-unknown',
          'half-not-for-role',
          'same-person',
        ],
        summary: 'Lets a registered key prove who the machine is.',
        tags,
        params: KeyPath,
        response: { 200: ClientKeyView },
      },
    },
    (request) => {
      const { id: clientId, thumbprint } = request.params
      const act = actOf(request, clock())
      return db.transaction((tx) => confirmClientKey(tx, { clientId, thumbprint }, act))
    },
  )

  app.delete(
    '/v1/clients/:id/keys/:thumbprint',
    {
      config: { access: 'client.issue-secret', clauses },
      schema: {
        operationId: 'endClientKey',
        problems: ['client-key-unknown', 'client-state', 'client-unknown'],
        summary: 'Ends a key at once; the tokens of the machine are void.',
        tags,
        params: KeyPath,
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) => {
      const { id: clientId, thumbprint } = request.params
      const act = actOf(request, clock())
      await db.transaction((tx) => endClientKey(tx, { clientId, thumbprint }, act))
      return reply.code(204).send(null)
    },
  )
}
