import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { about, closed, Code, Line, nullable, OfUnit, Uuid } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { assertReaches, principalOf } from '@erp-steward/service-kit/authentication'
import { columnsOf } from '@erp-steward/service-kit/entity'
import { byId } from '@erp-steward/service-kit/paging'
import { ProposalView } from '@erp-steward/service-kit/proposal'
import { proposed } from '@erp-steward/service-kit/proposal-routes'
import { propose } from '@erp-steward/service-kit/proposals'
import {
  changeRoute,
  createRoute,
  listRoute,
  readRoute,
} from '@erp-steward/service-kit/route-shapes'
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
import { lockActiveSource, SourceEntity, SourceView, type Source } from './source.ts'

const COLUMNS = columnsOf(SourceEntity)
const declared = { tags: ['sources'], clauses: ['A-3.2.1'] }
const read = { ...declared, access: 'source.read' } as const
const manage = { ...declared, access: 'source.manage' } as const

/** @throws Problem `source-not-found`, `outside-unit` */
async function reachedSource(tx: EntityManager, request: FastifyRequest, id: string) {
  const source = await tx.findOneBy(SourceEntity, { id })
  if (source === null)
    throw new Problem('source-not-found', said(`There is no source ${id}.`, `没有数据源 ${id}。`))
  assertReaches(request, source.unitId)
  return source
}

export function sourceRoutes(app: App, deps: Dependencies<MonitoringConfig>): void {
  const { db } = deps

  createRoute(app, deps, '/v1/sources', {
    ...manage,
    operationId: 'registerSource',
    problems: ['module-unknown', 'outside-unit', 'source-exists', 'unit-unknown'],
    summary: 'Registers what sends samples: a Prometheus server or an agent.',
    body: closed({
      name: about(Line(100), 'What people call it; once in a unit.'),
      unitId: about(Uuid, 'The unit whose systems it watches.'),
      moduleCode: nullable(Code, 'The module that it watches; null: of none in particular.'),
      silentAfterSeconds: Type.Integer({
        minimum: 30,
        maximum: 86_400,
        default: 180,
        description: 'Longest silence before it is reported.',
      }),
    }),
    answer: SourceView,
    admit: ({ request, body }) => {
      assertReaches(request, body.unitId)
    },
    create: async (tx, { body, act }) => {
      const { tokenHash: _, ...source } = await registerSource(tx, body, act)
      return source
    },
  })

  listRoute(app, '/v1/sources', {
    ...read,
    operationId: 'listSources',
    summary: 'The sources of the units the caller may see.',
    query: {
      unitId: Type.Optional(OfUnit),
      silent: Type.Boolean({ default: false, description: 'Only those reported as silent.' }),
    },
    row: SourceView,
    sorting: byId,
    list: ({ query: { unitId, silent }, request, after, limit }): Promise<Source[]> => {
      const { range, unitId: own } = principalOf(request)
      return db.query(
        `select ${COLUMNS} from source
          where ($1::uuid is null or unit_id = $1) and ($2 or unit_id = $3)
            and (not $4 or silent_since is not null) and ($5::uuid is null or id > $5)
          order by id limit $6`,
        [unitId ?? null, range === 'company', own, silent, after, limit],
      )
    },
  })

  readRoute(app, '/v1/sources/:id', {
    ...read,
    operationId: 'readSource',
    problems: ['outside-unit', 'source-not-found'],
    summary: 'One source, with when it was last heard.',
    answer: SourceView,
    read: ({ params, request }) => reachedSource(db.manager, request, params.id),
  })

  changeRoute(app, deps, 'POST', '/v1/sources/:id/token', {
    ...manage,
    operationId: 'issueSourceToken',
    problems: ['outside-unit', 'source-disabled', 'source-not-found'],
    summary: 'Issues a new token, shown this once; the one before is void.',
    answer: Type.Object(
      {
        ...SourceView.properties,
        token: Type.String({ description: 'The bearer token that the source sends.' }),
      },
      { title: 'MonitoringSourceWithToken' },
    ),
    admit: ({ reply }) => {
      void reply.header('cache-control', 'no-store')
    },
    apply: async (tx, { params, request, expected, act }) => {
      await reachedSource(tx, request, params.id)
      return issueSourceToken(tx, params.id, expected, act)
    },
  })

  changeRoute(app, deps, 'POST', '/v1/sources/:id/disable', {
    ...manage,
    operationId: 'disableSource',
    problems: [
      'administrator-unnamed',
      'outside-unit',
      'proposal-pending',
      'source-disabled',
      'source-not-found',
    ],
    summary:
      'Disables a source for good; its open alerts end with that reason. One that feeds a threshold or a key figure answers 202 and waits for a second person.',
    answer: SourceView,
    also: { 202: ProposalView },
    apply: async (tx, { params: { id: sourceId }, request, reply, expected, act }) => {
      await reachedSource(tx, request, sourceId)
      await holdIngest(tx)
      await lockActiveSource(tx, sourceId, expected)
      if (!(await isSourceNeeded(tx, sourceId))) return disableSource(tx, sourceId, act)
      const command = { body: { sourceId }, reason: 'The source is to be disabled.' }
      const made = await propose(tx, 'monitoring-ingest', disableNeededSource, command, act)
      return proposed(request, reply, 'monitoring-ingest', disableNeededSource, made)
    },
  })
}
