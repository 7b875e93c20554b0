import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import type { App } from '@erp-steward/service-kit/app'
import { unitInRange } from '@erp-steward/service-kit/authentication'
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { sendScim, type ScimDependencies } from './caller.ts'
import {
  knownCodes,
  resourceTypes,
  schemasOf,
  serviceProviderConfig,
  showResourceType,
} from './discovery.ts'
import { LIST_RESPONSE } from './list-query.ts'
import type { Json } from './rules/attribute.ts'
import {
  inScim,
  ScimProviderConfig,
  ScimResourceType,
  ScimResourceTypeList,
  ScimSchemaList,
  ScimSchemaView,
} from './scim-views.ts'

const tags = ['scim']
const config = { access: 'scim.read', scim: true, clauses: ['A-1.2'] } as const

/** What this server does of SCIM, and what its resources look like. Source: RFC 7644, 4. */
export function discoveryRoutes(app: App, { db, base }: ScimDependencies): void {
  app.get(
    '/scim/v2/ServiceProviderConfig',
    {
      config,
      schema: {
        operationId: 'readScimProviderConfig',
        summary: 'What this server does of SCIM 2.0.',
        tags,
        response: { 200: inScim(ScimProviderConfig) },
      },
    },
    (_request, reply) => sendScim(reply, serviceProviderConfig(base)),
  )

  const typesFor = async (request: FastifyRequest) =>
    resourceTypes(await knownCodes(db.manager, unitInRange(request)))
  const collections = [
    {
      path: '/scim/v2/ResourceTypes',
      names: ['listScimResourceTypes', 'readScimResourceType'],
      words: ['Kinds of resource: users and groups.', 'One kind of resource.'],
      list: ScimResourceTypeList,
      one: ScimResourceType,
      id: Type.String({ maxLength: 100, description: 'Its name.' }),
      all: async (request: FastifyRequest): Promise<readonly Json[]> =>
        (await typesFor(request)).map((type) => showResourceType(type, base)),
    },
    {
      path: '/scim/v2/Schemas',
      names: ['listScimSchemas', 'readScimSchema'],
      words: [
        'Schemas with their attributes, and the codes that the caller may name.',
        'One schema with its attributes.',
      ],
      list: ScimSchemaList,
      one: ScimSchemaView,
      id: Type.String({ maxLength: 200, description: 'Its URN.' }),
      all: async (request: FastifyRequest): Promise<readonly Json[]> =>
        schemasOf(await typesFor(request), base),
    },
  ] as const
  for (const { path, names, words, list, one, id, all } of collections) {
    app.get(
      path,
      {
        config,
        schema: {
          operationId: names[0],
          summary: words[0],
          problems: ['outside-unit'],
          tags,
          response: { 200: inScim(list) },
        },
      },
      async (request, reply) => {
        const resources = await all(request)
        return sendScim(reply, {
          schemas: [LIST_RESPONSE],
          totalResults: resources.length,
          itemsPerPage: resources.length,
          startIndex: 1,
          Resources: resources,
        })
      },
    )
    app.get(
      `${path}/:id`,
      {
        config,
        schema: {
          operationId: names[1],
          summary: words[1],
          problems: ['not-found', 'outside-unit'],
          tags,
          params: Type.Object({ id }),
          response: { 200: inScim(one) },
        },
      },
      async (request, reply) => {
        const found = (await all(request)).find((each) => each.id === request.params.id)
        if (found === undefined)
          throw new Problem(
            'not-found',
            said(`There is no ${request.params.id}.`, `没有 ${request.params.id}。`),
          )
        return sendScim(reply, found)
      },
    )
  }
}
