import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import type { App } from '@erp-steward/service-kit/app'
import { languageOf } from '@erp-steward/service-kit/language'
import { Type } from 'typebox'
import { doBulk } from './bulk.ts'
import { sendScim, type ScimDependencies } from './caller.ts'
import { MOST_BULK_BYTES, MOST_BULK_OPERATIONS } from './discovery.ts'
import { bulkOperations } from './rules/bulk.ts'
import { inScim } from './scim-views.ts'
import { writerOf } from './write-routes.ts'

const BULK_REQUEST = 'urn:ietf:params:scim:api:messages:2.0:BulkRequest'
const BULK_RESPONSE = 'urn:ietf:params:scim:api:messages:2.0:BulkResponse'

const BulkBody = Type.Object(
  {
    schemas: Type.Array(Type.Enum([BULK_REQUEST]), {
      maxItems: 1,
      description: 'That it is a bulk request.',
    }),
    failOnErrors: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1_000_000,
        description: 'After so many refusals the rest is left undone.',
      }),
    ),
    Operations: Type.Array(Type.Object({}, { additionalProperties: true }), {
      minItems: 1,
      // Above what is done, so that too many are told by the status that RFC 7644 has for it.
      maxItems: 10_000,
      description: `At most ${String(MOST_BULK_OPERATIONS)}: each with method, path, bulkId, version and data, as RFC 7644, 3.7 has it.`,
    }),
  },
  { title: 'ScimBulk', additionalProperties: false },
)

const BulkAnswer = Type.Object(
  {
    schemas: Type.Array(Type.String(), { description: 'That it answers a bulk request.' }),
    Operations: Type.Array(Type.Object({}, { additionalProperties: true }), {
      description: 'What became of those that were tried, in the order they were sent.',
    }),
  },
  { title: 'ScimBulkAnswer' },
)

/** Several operations in one request. */
export function bulkRoutes(app: App, deps: ScimDependencies): void {
  app.post(
    '/scim/v2/Bulk',
    {
      config: {
        access: 'scim.manage',
        scim: true,
        clauses: ['A-1.2', 'A-2.1.1', 'A-2.1.2', 'A-2.1.4', 'A-2.1.7'],
      },
      bodyLimit: MOST_BULK_BYTES,
      schema: {
        operationId: 'doScimBulk',
        summary: 'Several users are written, one after the other; what is done stays.',
        description:
          'An operation comes after those whose `bulkId` it refers to. Each is answered with its own status; 202 where something of it waits for an approval.',
        problems: ['outside-unit'],
        tags: ['scim'],
        consumes: ['application/scim+json', 'application/json'],
        body: BulkBody,
        response: { 200: inScim(BulkAnswer) },
      },
    },
    async (request, reply) => {
      const { Operations, failOnErrors = null } = request.body
      if (Operations.length > MOST_BULK_OPERATIONS)
        throw new Problem(
          'body-too-large',
          said(
            `A bulk request has at most ${String(MOST_BULK_OPERATIONS)} operations.`,
            `批量请求最多包含 ${String(MOST_BULK_OPERATIONS)} 个操作。`,
          ),
        )
      const operations = bulkOperations(Operations)
      const writer = writerOf(request, deps)
      const bulk = { operations, failOnErrors }
      const outcomes = await doBulk(writer, bulk, languageOf(request), (error) => {
        request.log.error({ err: error }, 'an operation of a bulk request failed')
      })
      return sendScim(reply, { schemas: [BULK_RESPONSE], Operations: outcomes })
    },
  )
}
