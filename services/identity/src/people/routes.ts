import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { Code, InstantOut, LocalDate, nullable, Uuid } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { assertReaches, unitInRange } from '@erp-steward/service-kit/authentication'
import {
  assertVersion,
  change,
  createOnce,
  etag,
  type Committer,
} from '@erp-steward/service-kit/commit'
import { page, pageOf, PageQuery } from '@erp-steward/service-kit/paging'
import {
  ChangedSince,
  decodeSortCursor,
  sortKeyOf,
  SortQuery,
  type ListPosition,
} from '@erp-steward/service-kit/sorted-list'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'
import { UserName } from '../accounts/account-change.ts'
import { placeFilter, PlaceQuery } from '../organisation/place-filter.ts'
import { changePerson } from './change-person.ts'
import { joinPerson } from './join-person.ts'
import { leavePerson, withdrawLeave } from './leave-person.ts'
import { lockPerson } from './lock-person.ts'
import { peopleInRange, type PersonFilter, type PersonInRange } from './people-in-range.ts'
import { leaveKinds, type Person } from './person.ts'
import { Birthday, Email, EmployeeNumber, PersonName } from './person-values.ts'
import { findPlace } from './place.ts'
import { comparable, searchPage } from './search-page.ts'
import { rejoinPerson } from './rejoin-person.ts'
import { openName } from './sealed-person.ts'
import { seesName, showPerson, viewerOf } from './show-person.ts'

const PersonView = Type.Object({
  id: Uuid,
  employeeNumber: Type.String(),
  name: Type.String(),
  unitId: Uuid,
  unitCode: Code,
  departmentId: Uuid,
  departmentCode: Code,
  positionId: Uuid,
  positionCode: Code,
  email: nullable(Type.String()),
  birthday: nullable(
    Type.String({ description: 'A calendar date, or `****-**-**` for whoever may not read it.' }),
  ),
  active: Type.Boolean(),
  leaveOn: nullable(LocalDate),
  leaveKind: nullable(Type.Enum([...leaveKinds])),
  leftOn: nullable(LocalDate),
  accountId: nullable(Uuid),
  userName: nullable(Type.String()),
  createdAt: InstantOut,
  changedAt: InstantOut,
  version: Type.Integer(),
})

const PlaceBody = { unitCode: Code, departmentCode: Code, positionCode: Code }
const strict = { additionalProperties: false }
const ById = Type.Object({ id: Uuid })
const manage = { access: 'person.manage' } as const
const tags = ['people']

/** Joiners, movers and leavers. */
export function personRoutes(app: App, deps: Committer): void {
  readingRoutes(app, deps)

  app.post('/v1/persons', {
    config: { ...manage, once: true, clauses: ['A-1.2', 'A-2.1.1', 'A-2.1.2'] },
    schema: {
      operationId: 'joinPerson',
      summary: 'A joiner: person, account and EBS user with the rights of the position, at once.',
      tags,
      body: Type.Object(
        {
          employeeNumber: EmployeeNumber,
          name: PersonName,
          ...PlaceBody,
          email: Type.Optional(nullable(Email)),
          birthday: Type.Optional(nullable(Birthday)),
          accountUserName: Type.Optional(UserName),
          withAccount: Type.Boolean({ default: true }),
        },
        strict,
      ),
      response: { 201: PersonView },
    },
    handler: (request, reply) =>
      createOnce(deps, request, reply, async (tx, act) => {
        const { accountUserName, withAccount, ...named } = request.body
        const { employeeNumber, name, email = null, birthday = null } = named
        const place = await findPlace(tx, request.body)
        assertReaches(request, place.unit.id)
        const userName = accountUserName ?? null
        const joiner = { employeeNumber, name, email, birthday, place, userName, withAccount }
        const { person } = await joinPerson(tx, joiner, act)
        const body = await viewOf(request, tx, person.id, act.now)
        return { body, location: `/v1/persons/${person.id}`, version: person.version }
      }),
  })

  app.patch('/v1/persons/:id', {
    config: { ...manage, versioned: true, clauses: ['A-1.2'] },
    schema: {
      operationId: 'changePerson',
      summary: 'Changes name, address or birthday of a person.',
      tags,
      params: ById,
      body: Type.Object(
        {
          name: Type.Optional(PersonName),
          email: Type.Optional(nullable(Email)),
          birthday: Type.Optional(nullable(Birthday)),
        },
        { ...strict, minProperties: 1 },
      ),
      response: { 200: PersonView },
    },
    handler: (request, reply) =>
      changeLocked(deps, request, reply, async (tx, person, act) => {
        await changePerson(tx, person, request.body, act)
      }),
  })

  app.post('/v1/persons/:id/move', {
    config: { ...manage, versioned: true, clauses: ['A-2.1.3', 'A-2.1.4'] },
    schema: {
      operationId: 'movePerson',
      summary:
        'A mover: the old set of rights ends, tokens are void; the new set waits for an approval.',
      tags,
      params: ById,
      body: Type.Object(PlaceBody, strict),
      response: { 200: PersonView },
    },
    handler: async (request, reply) =>
      change(deps, request, reply, async (tx, act, expected) => {
        const place = await findPlace(tx, request.body)
        assertReaches(request, place.unit.id)
        const person = await reached(tx, request, expected)
        await changePerson(tx, person, { place }, act)
        return viewOf(request, tx, person.id, act.now)
      }),
  })

  app.post('/v1/persons/:id/rejoin', {
    config: { ...manage, versioned: true, clauses: ['A-2.1.1'] },
    schema: {
      operationId: 'rejoinPerson',
      summary:
        'A former employee comes back under the same number; the account that the leave shut opens, its rights wait for an approval.',
      tags,
      params: ById,
      body: Type.Object({ ...PlaceBody, birthday: Type.Optional(nullable(Birthday)) }, strict),
      response: { 200: PersonView },
    },
    handler: async (request, reply) =>
      change(deps, request, reply, async (tx, act, expected) => {
        const place = await findPlace(tx, request.body)
        assertReaches(request, place.unit.id)
        const person = await reached(tx, request, expected)
        await rejoinPerson(tx, person, { place, birthday: request.body.birthday }, act)
        return viewOf(request, tx, person.id, act.now)
      }),
  })

  app.post('/v1/persons/:id/leave', {
    config: { ...manage, versioned: true, clauses: ['A-2.1.3', 'A-2.1.4'] },
    schema: {
      operationId: 'leavePerson',
      summary: 'A leaver: account, tokens and EBS user end at the start of the date, or at once.',
      description:
        'leaveOn is the first day the person no longer belongs to the company, default today. A past date and any dismissal take effect at once.',
      tags,
      params: ById,
      body: Type.Object(
        { leaveOn: Type.Optional(LocalDate), kind: Type.Enum([...leaveKinds]) },
        strict,
      ),
      response: { 200: PersonView },
    },
    handler: (request, reply) =>
      changeLocked(deps, request, reply, async (tx, person, act) => {
        await leavePerson(tx, person, request.body, act)
      }),
  })

  app.post('/v1/persons/:id/withdraw-leave', {
    config: { ...manage, versioned: true, clauses: ['A-2.1.3'] },
    schema: {
      operationId: 'withdrawLeave',
      summary: 'Takes the notice of a leave back before its date.',
      tags,
      params: ById,
      response: { 200: PersonView },
    },
    handler: (request, reply) =>
      changeLocked(deps, request, reply, async (tx, person, act) => {
        await withdrawLeave(tx, person, act)
      }),
  })
}

function readingRoutes(app: App, { db, clock }: Committer): void {
  app.get('/v1/persons', {
    config: { access: 'person.read', clauses: ['A-1.2'] },
    schema: {
      operationId: 'listPersons',
      summary: 'People in the order they were taken in; of the own unit for callers of a unit.',
      description:
        'A number, name or address is searched for whole, `nameContains` for a part of a name; case does not matter. What the caller may not see of a person is masked, and no part of it is found. A search for a part opens at most 20,000 names a request: a page may then have fewer rows than `limit`, or none, and still a `next`.',
      tags,
      querystring: Type.Object({
        ...PageQuery,
        ...SortQuery,
        ...PlaceQuery,
        employeeNumber: Type.Optional(EmployeeNumber),
        name: Type.Optional(PersonName),
        nameContains: Type.Optional(PersonName),
        email: Type.Optional(Email),
        active: Type.Optional(Type.Boolean()),
        changedSince: Type.Optional(ChangedSince),
      }),
      response: { 200: pageOf(PersonView) },
    },
    handler: async (request) => {
      const { limit, cursor, sort, nameContains, ...filter } = request.query
      const after = decodeSortCursor(cursor, sort)
      const keyOf = sortKeyOf(sort)
      const place = await placeFilter(db.manager, filter)
      const range = { ...filter, place, sort, unitId: unitInRange(request) }
      const viewer = await viewerOf(request, db.manager, clock())
      const read = (from: ListPosition, most: number) =>
        peopleInRange(db.manager, { ...range, after: from, limit: most })
      const found =
        nameContains === undefined
          ? page(await read(after, limit + 1), limit, keyOf)
          : await searchPage({ read, keyOf, after, limit, fits: partOfName(nameContains) })
      return { ...found, items: found.items.map((row) => showPerson(db.manager, viewer, row)) }

      function partOfName(part: string) {
        const wanted = comparable(part)
        return (row: PersonInRange) =>
          seesName(viewer, row) && comparable(openName(db.manager, row)).includes(wanted)
      }
    },
  })

  app.get('/v1/persons/:id', {
    config: { access: 'person.read', clauses: ['A-1.2'] },
    schema: {
      operationId: 'readPerson',
      summary: 'One person with the account.',
      tags,
      params: ById,
      response: { 200: PersonView },
    },
    handler: async (request, reply) => {
      const { id } = request.params
      const person = await viewOf(request, db.manager, id, clock(), unitInRange(request))
      void reply.header('etag', etag(person.version))
      return person
    },
  })
}

/** Changes a person of the caller's range under the version of `If-Match`. */
function changeLocked(
  deps: Committer,
  request: FastifyRequest<{ Params: { id: string } }>,
  reply: FastifyReply,
  apply: (tx: EntityManager, person: Person, act: Act) => Promise<void>,
): Promise<PersonInRange> {
  return change(deps, request, reply, async (tx, act, expected) => {
    const person = await reached(tx, request, expected)
    await apply(tx, person, act)
    return viewOf(request, tx, person.id, act.now)
  })
}

/** @throws Problem `not-found` also outside the caller's unit, `version-stale` */
async function reached(
  tx: EntityManager,
  request: FastifyRequest<{ Params: { id: string } }>,
  expected: number,
): Promise<Person> {
  const { id } = request.params
  const own = unitInRange(request)
  const person = await lockPerson(tx, id)
  if (person === null || (own !== null && person.unitId !== own))
    throw new Problem('not-found', said(`There is no person ${id}.`, `没有人员 ${id}。`))
  assertVersion(person.version, expected)
  return person
}

/** The person as the caller may see it. */
async function viewOf(
  request: FastifyRequest,
  tx: EntityManager,
  id: string,
  at: Date,
  unitId: PersonFilter['unitId'] = null,
): Promise<PersonInRange> {
  const [person] = await peopleInRange(tx, { id, unitId, after: [null, null], limit: 1 })
  if (person === undefined)
    throw new Problem('not-found', said(`There is no person ${id}.`, `没有人员 ${id}。`))
  return showPerson(tx, await viewerOf(request, tx, at), person)
}
