import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { about, LocalDate, Uuid } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { unitInRange } from '@erp-steward/service-kit/authentication'
import type { Committer } from '@erp-steward/service-kit/commit'
import { newestFirst } from '@erp-steward/service-kit/list-rows'
import { decodeInstantCursor, listOf } from '@erp-steward/service-kit/paging'
import { createRoute, listRoute, readRoute } from '@erp-steward/service-kit/route-shapes'
import { Type, type Static } from 'typebox'
import { LeaveKind } from '../people/person.ts'
import { departureLag, DepartureLag } from './departure-lag.ts'
import { DepartureEntity, DepartureKind, DepartureVerdict, DepartureView } from './departure.ts'
import { tellAsDepartment } from './tell-as-department.ts'

const tags = ['people']
const clauses = ['A-2.1.3']
const read = { access: 'departure.read', clauses, tags } as const

const NoticeBody = Type.Union(
  [
    Type.Object(
      {
        kind: Type.Literal('leave', { description: 'The person leaves the company.' }),
        personId: about(Uuid, 'Who leaves.'),
        effectiveOn: about(LocalDate, 'First day the person no longer belongs to the company.'),
        leaveKind: LeaveKind,
      },
      { title: 'DepartmentLeaveNotice', additionalProperties: false },
    ),
    Type.Object(
      {
        kind: Type.Literal('move', { description: 'The person gets another place.' }),
        personId: about(Uuid, 'Who moves.'),
        effectiveOn: about(LocalDate, 'First day in the other place.'),
      },
      { title: 'DepartmentMoveNotice', additionalProperties: false },
    ),
  ],
  { title: 'DepartmentNotice' },
)

/** Notices of departments that somebody leaves, beside those of the personnel system. */
export function departureRoutes(app: App, deps: Committer): void {
  const { db } = deps

  createRoute(app, deps, '/v1/departures', {
    access: 'departure.tell',
    operationId: 'tellDeparture',
    problems: [
      'account-state',
      'account-unknown',
      'last-administrator',
      'not-found',
      'outside-unit',
      'person-left',
      'same-person',
    ],
    summary: 'The department tells that one of its people leaves or moves.',
    description:
      'A leave takes effect by it, as by leavePerson, unless the register knows of one that is sooner. A move is kept, and takes effect when whoever runs the register says where to. Telling again changes no time; of the day the personnel system has the last word.',
    clauses,
    tags,
    body: NoticeBody,
    answer: DepartureView,
    create: (tx, { request, body, act }) => {
      const { kind, personId, effectiveOn } = body
      const leaveKind = body.kind === 'leave' ? body.leaveKind : null
      const notice = { kind, personId, effectiveOn, leaveKind, unitId: unitInRange(request) }
      return tellAsDepartment(tx, notice, act)
    },
  })

  listRoute(app, '/v1/departures', {
    ...read,
    operationId: 'listDepartures',
    problems: ['outside-unit'],
    summary:
      'Leaves and moves with who told of them and when, the newest first; from the own unit for callers of a unit.',
    query: {
      personId: Type.Optional(about(Uuid, 'Who leaves or moves.')),
      departmentId: Type.Optional(about(Uuid, 'The department that is left.')),
      kind: Type.Optional(DepartureKind),
      verdict: Type.Optional(DepartureVerdict),
    },
    row: DepartureView,
    sorting: {
      after: decodeInstantCursor,
      keyOf: ({ openedAt, id }: Static<typeof DepartureView>) => [openedAt.toISOString(), id],
    },
    list: ({ request, query: { personId, departmentId, kind, verdict }, ...stretch }) => {
      const filter = { personId, departmentId, kind, verdict, unitId: unitInRange(request) }
      return newestFirst(db.manager, DepartureEntity, 'openedAt', stretch, filter)
    },
  })

  readRoute(app, '/v1/departures/:id', {
    ...read,
    operationId: 'readDeparture',
    problems: ['not-found', 'outside-unit'],
    summary: 'One departure, and who told of it when.',
    answer: DepartureView,
    read: async ({ request, params: { id } }) => {
      const unitId = unitInRange(request)
      const where = { id, ...(unitId !== null && { unitId }) }
      const departure = await db.manager.findOneBy(DepartureEntity, where)
      if (departure === null)
        throw new Problem('not-found', said(`There is no departure ${id}.`, `没有离岗记录 ${id}。`))
      return departure
    },
  })

  app.get('/v1/departure-lag', {
    config: { access: read.access, clauses },
    schema: {
      operationId: 'readDepartureLag',
      problems: ['outside-unit'],
      summary:
        'How each department told of those who left it between two days, those with most to answer for first.',
      tags,
      querystring: Type.Object({
        from: about(LocalDate, 'First day of departures that count.'),
        to: about(LocalDate, 'Last day of departures that count.'),
      }),
      response: { 200: listOf(DepartureLag) },
    },
    handler: async (request) => ({
      items: await departureLag(db.manager, { ...request.query, unitId: unitInRange(request) }),
    }),
  })
}
