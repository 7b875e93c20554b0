import { Problem } from '@erp-steward/contracts/problem'
import { Code, InstantOut, Line, nullable, Uuid } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { assertReaches, principalOf } from '@erp-steward/service-kit/authentication'
import { change, createOnce, etag } from '@erp-steward/service-kit/commit'
import { decodeIdCursor, page, pageOf, PageQuery } from '@erp-steward/service-kit/paging'
import { ProposalView } from '@erp-steward/service-kit/proposal'
import { proposed } from '@erp-steward/service-kit/proposal-routes'
import { propose } from '@erp-steward/service-kit/proposals'
import type { Dependencies } from '@erp-steward/service-kit/service'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'
import type { FastifyRequest } from 'fastify'
import type { MonitoringConfig } from '../config.ts'
import { disableNeededSource, disableSource } from './disable-source.ts'
import { isSourceNeeded } from './is-source-needed.ts'
import { issueSourceToken } from './issue-source-token.ts'
import { registerSource } from './register-source.ts'
import { holdIngest } from '../thresholds/revision.ts'
import { lockActiveSource, SourceEntity, type Source } from './source.ts'

const SourceView = Type.Object({
  id: Uuid,
  name: Type.String(),
  unitId: Uuid,
  moduleCode: nullable(Code),
  state: Type.Enum(['active', 'disabled']),
  tokenIssuedAt: nullable(InstantOut),
  silentAfterSeconds: Type.Integer(),
  lastHeardAt: nullable(InstantOut),
  silentSince: nullable(InstantOut),
  createdAt: InstantOut,
  version: Type.Integer(),
})

const ById = Type.Object({ id: Uuid })
const clauses = ['A-3.2.1']
const tags = ['sources']

/** @throws Problem `source-not-found`, `outside-unit` */
async function reachedSource(tx: EntityManager, request: FastifyRequest, id: string) {
  const source = await tx.findOneBy(SourceEntity, { id })
  if (source === null) throw new Problem('source-not-found', `There is no source ${id}.`)
  assertReaches(request, source.unitId)
  return source
}

export function sourceRoutes(app: App, deps: Dependencies<MonitoringConfig>): void {
  const { db } = deps

  app.post(
    '/v1/sources',
    {
      config: { access: 'source.manage', once: true, clauses },
      schema: {
        operationId: 'registerSource',
        summary: 'Registers what sends samples: a Prometheus server or an agent.',
        tags,
        body: Type.Object(
          {
            name: Line(100),
            unitId: Uuid,
            moduleCode: nullable(Code),
            silentAfterSeconds: Type.Integer({
              minimum: 30,
              maximum: 86_400,
              default: 180,
              description: 'Longest silence before it is reported.',
            }),
          },
          { additionalProperties: false },
        ),
        response: { 201: SourceView },
      },
    },
    (request, reply) => {
      assertReaches(request, request.body.unitId)
      return createOnce(deps, request, reply, async (tx, act) => {
        const { tokenHash: _, ...body } = await registerSource(tx, request.body, act)
        return { body, version: body.version, location: `/v1/sources/${body.id}` }
      })
    },
  )

  app.get(
    '/v1/sources',
    {
      config: { access: 'source.read', clauses },
      schema: {
        operationId: 'listSources',
        summary: 'The sources of the units the caller may see.',
        tags,
        querystring: Type.Object({
          ...PageQuery,
          unitId: Type.Optional(Uuid),
          silent: Type.Boolean({ default: false, description: 'Only those reported as silent.' }),
        }),
        response: { 200: pageOf(SourceView) },
      },
    },
    async (request) => {
      const { limit, cursor, unitId, silent } = request.query
      const { range, unitId: own } = principalOf(request)
      const after = decodeIdCursor(cursor)
      const rows: Source[] = await db.query(
        `select id, name, unit_id as "unitId", module_code as "moduleCode", state,
                token_issued_at as "tokenIssuedAt", silent_after_seconds as "silentAfterSeconds",
                last_heard_at as "lastHeardAt", silent_since as "silentSince",
                created_at as "createdAt", version
           from source
          where ($1::uuid is null or unit_id = $1) and ($2 or unit_id = $3)
            and (not $4 or silent_since is not null) and ($5::uuid is null or id > $5)
          order by id limit $6`,
        [unitId ?? null, range === 'company', own, silent, after, limit + 1],
      )
      return page(rows, limit, ({ id }) => [id])
    },
  )

  app.get(
    '/v1/sources/:id',
    {
      config: { access: 'source.read', clauses },
      schema: {
        operationId: 'readSource',
        summary: 'One source, with when it was last heard.',
        tags,
        params: ById,
        response: { 200: SourceView },
      },
    },
    async (request, reply) => {
      const source = await reachedSource(db.manager, request, request.params.id)
      void reply.header('etag', etag(source.version))
      return source
    },
  )

  app.post(
    '/v1/sources/:id/token',
    {
      config: { access: 'source.manage', versioned: true, clauses },
      schema: {
        operationId: 'issueSourceToken',
        summary: 'Issues a new token, shown this once; the one before is void.',
        tags,
        params: ById,
        response: { 200: Type.Object({ ...SourceView.properties, token: Type.String() }) },
      },
    },
    (request, reply) => {
      void reply.header('cache-control', 'no-store')
      return change(deps, request, reply, async (tx, act, expected) => {
        await reachedSource(tx, request, request.params.id)
        return issueSourceToken(tx, request.params.id, expected, act)
      })
    },
  )

  app.post(
    '/v1/sources/:id/disable',
    {
      config: { access: 'source.manage', versioned: true, clauses },
      schema: {
        operationId: 'disableSource',
        summary:
          'Disables a source for good; its open alerts end with that reason. One that feeds a threshold or a key figure answers 202 and waits for a second person.',
        tags,
        params: ById,
        response: { 200: SourceView, 202: ProposalView },
      },
    },
    (request, reply) =>
      change(deps, request, reply, async (tx, act, expected) => {
        await reachedSource(tx, request, request.params.id)
        const { id: sourceId } = request.params
        await holdIngest(tx)
        await lockActiveSource(tx, sourceId, expected)
        if (!(await isSourceNeeded(tx, sourceId))) return disableSource(tx, sourceId, act)
        return proposed(
          request,
          reply,
          'monitoring-ingest',
          disableNeededSource,
          await propose(
            tx,
            'monitoring-ingest',
            disableNeededSource,
            { body: { sourceId }, reason: 'The source is to be disabled.' },
            act,
          ),
        )
      }),
  )
}
