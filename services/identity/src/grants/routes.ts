import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { about, closed, Code, Instant, Reason, Uuid } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { unitInRange } from '@erp-steward/service-kit/authentication'
import type { Committer } from '@erp-steward/service-kit/commit'
import { byInstant } from '@erp-steward/service-kit/paging'
import { changeRoute, listRoute, readRoute } from '@erp-steward/service-kit/route-shapes'
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'
import { PersonEntity } from '../people/person.ts'
import { GrantKind, GrantName, GrantSource, GrantState, GrantView } from './access-grant.ts'
import { endGrant } from './end-grant.ts'
import { grantsInRange } from './grants-in-range.ts'

const tags = ['grants']
const read = { access: 'grant.read', clauses: ['A-2.1.2', 'A-4.3.3'], tags } as const

const GrantQuery = {
  kind: Type.Optional(GrantKind),
  name: Type.Optional(GrantName),
  source: Type.Optional(GrantSource),
  state: Type.Optional(GrantState),
  endsBefore: Type.Optional(about(Instant, 'Only those with an end before this instant.')),
}

/** What people hold. */
export function grantRoutes(app: App, deps: Committer): void {
  const { db, clock } = deps

  listRoute(app, '/v1/grants', {
    ...read,
    operationId: 'listGrants',
    problems: ['outside-unit'],
    summary:
      'What people hold or held, in the order it began; of the own unit for callers of a unit.',
    query: {
      ...GrantQuery,
      personId: Type.Optional(about(Uuid, 'Who has it.')),
      positionCode: Type.Optional(about(Code, 'The position that gives it.')),
    },
    row: GrantView,
    sorting: byInstant('startsAt'),
    list: ({ request, query, ...stretch }) =>
      grantsInRange(db.manager, { ...query, unitId: unitInRange(request), ...stretch }, clock()),
  })

  listRoute(app, '/v1/persons/:id/grants', {
    ...read,
    operationId: 'listGrantsOfPerson',
    problems: ['not-found', 'outside-unit'],
    summary: 'What one person holds or held, in the order it began.',
    query: GrantQuery,
    row: GrantView,
    sorting: byInstant('startsAt'),
    list: async ({ request, query, params: { id: personId }, ...stretch }) => {
      const unitId = unitInRange(request)
      const where = { id: personId, ...(unitId !== null && { unitId }) }
      if (!(await db.manager.existsBy(PersonEntity, where)))
        throw new Problem(
          'not-found',
          said(`There is no person ${personId}.`, `没有人员 ${personId}。`),
        )
      return grantsInRange(db.manager, { ...query, personId, unitId, ...stretch }, clock())
    },
  })

  readRoute(app, '/v1/grants/:id', {
    ...read,
    operationId: 'readGrant',
    problems: ['not-found', 'outside-unit'],
    summary: 'One grant.',
    answer: GrantView,
    read: ({ request, params: { id } }) => viewOf(db.manager, request, id, clock()),
  })

  changeRoute(app, deps, 'POST', '/v1/grants/:id/end', {
    operationId: 'endGrant',
    problems: ['grant-ended', 'not-found', 'outside-unit', 'same-person'],
    summary: 'Ends one grant at once, here and in EBS; the person keeps the position.',
    description:
      'What a position gives does not come back to this person until the account is opened anew or the person moves.',
    tags,
    access: 'grant.end',
    clauses: ['A-2.1.4', 'A-4.3.3'],
    body: closed({ reason: Reason }),
    answer: GrantView,
    apply: async (tx, { request, params: { id }, body: { reason }, expected, act }) => {
      await viewOf(tx, request, id, act.now)
      await endGrant(tx, { id, reason }, expected, act)
      return viewOf(tx, request, id, act.now)
    },
  })
}

/** @throws Problem `not-found`, also outside the caller's unit */
async function viewOf(tx: EntityManager, request: FastifyRequest, id: string, at: Date) {
  const only = { id, unitId: unitInRange(request), after: [null, null] as const, limit: 1 }
  const [grant] = await grantsInRange(tx, only, at)
  if (grant === undefined)
    throw new Problem('not-found', said(`There is no grant ${id}.`, `没有授权 ${id}。`))
  return grant
}
