import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { about, closed, LocalDate } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { assertReaches, unitInRange } from '@erp-steward/service-kit/authentication'
import { assertVersion, type Committer } from '@erp-steward/service-kit/commit'
import { boundTo, cursorOf, page, pageOf, PageQuery } from '@erp-steward/service-kit/paging'
import { changeRoute, createRoute, readRoute } from '@erp-steward/service-kit/route-shapes'
import {
  ChangedSince,
  decodeSortCursor,
  sortKeyOf,
  SortQuery,
  type ListPosition,
} from '@erp-steward/service-kit/sorted-list'
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'
import { UserName } from '../accounts/account-change.ts'
import { placeFilter, PlaceQuery } from '../organisation/place-filter.ts'
import { changePerson } from './change-person.ts'
import { joinPerson } from './join-person.ts'
import { leavePerson, withdrawLeave } from './leave-person.ts'
import { lockPersonInRange } from './lock-person.ts'
import { peopleInRange, type PersonFilter, type PersonInRange } from './people-in-range.ts'
import { LeaveKind, PersonView, type Person } from './person.ts'
import {
  BirthdayOrUnknown,
  Email,
  EmailOrNone,
  EmployeeNumber,
  PersonName,
} from './person-values.ts'
import { findPlace, PlaceCodes } from './place.ts'
import { comparable, searchPage } from './search-page.ts'
import { rejoinPerson } from './rejoin-person.ts'
import { openName } from './sealed-person.ts'
import { seesName, showPerson, viewerOf } from './show-person.ts'

const tags = ['people']
const manage = { access: 'person.manage', tags, answer: PersonView } as const
const read = { access: 'person.read', clauses: ['A-1.2'], tags } as const

/** Joiners, movers and leavers. */
export function personRoutes(app: App, deps: Committer): void {
  readingRoutes(app, deps)

  createRoute(app, deps, '/v1/persons', {
    ...manage,
    operationId: 'joinPerson',
    problems: [
      'account-change-pending',
      'account-exists',
      'department-unknown',
      'employee-number-taken',
      'not-found',
      'outside-unit',
      'person-twin',
      'position-unknown',
      'unit-unknown',
      'user-name-taken',
    ],
    summary: 'A joiner: person, account and EBS user with the rights of the position, at once.',
    clauses: ['A-1.2', 'A-2.1.1', 'A-2.1.2'],
    body: closed({
      employeeNumber: EmployeeNumber,
      name: PersonName,
      ...PlaceCodes,
      email: Type.Optional(EmailOrNone),
      birthday: Type.Optional(BirthdayOrUnknown),
      accountUserName: Type.Optional(UserName),
      withAccount: Type.Boolean({
        default: true,
        description: 'Whether the person gets an account and an EBS user.',
      }),
    }),
    create: async (tx, { request, body, act }) => {
      const { accountUserName: userName = null, email = null, birthday = null, ...named } = body
      const place = await findPlace(tx, body)
      assertReaches(request, place.unit.id)
      const { employeeNumber, name, withAccount } = named
      const joiner = { employeeNumber, name, email, birthday, place, userName, withAccount }
      const { person } = await joinPerson(tx, joiner, act)
      return viewOf(request, tx, person.id, act.now)
    },
  })

  changeRoute(app, deps, 'PATCH', '/v1/persons/:id', {
    ...manage,
    operationId: 'changePerson',
    problems: [
      'account-change-pending',
      'account-unknown',
      'administrator-has-business-role',
      'not-found',
      'outside-unit',
      'person-left',
      'person-twin',
      'same-person',
    ],
    summary: 'Changes name, address or birthday of a person.',
    clauses: ['A-1.2'],
    body: Type.Object(
      {
        name: Type.Optional(PersonName),
        email: Type.Optional(EmailOrNone),
        birthday: Type.Optional(BirthdayOrUnknown),
      },
      { additionalProperties: false, minProperties: 1 },
    ),
    apply: (tx, call) =>
      changed(tx, call, (person) => changePerson(tx, person, call.body, call.act)),
  })

  changeRoute(app, deps, 'POST', '/v1/persons/:id/move', {
    ...manage,
    operationId: 'movePerson',
    problems: [
      'account-change-pending',
      'account-unknown',
      'administrator-has-business-role',
      'department-unknown',
      'not-found',
      'outside-unit',
      'person-left',
      'person-twin',
      'position-unknown',
      'same-person',
      'unit-unknown',
    ],
    summary:
      'A mover: the old set of rights ends, tokens are void; the new set waits for an approval.',
    clauses: ['A-2.1.3', 'A-2.1.4'],
    body: closed(PlaceCodes),
    apply: async (tx, call) => {
      const place = await findPlace(tx, call.body)
      assertReaches(call.request, place.unit.id)
      return changed(tx, call, (person) => changePerson(tx, person, { place }, call.act))
    },
  })

  changeRoute(app, deps, 'POST', '/v1/persons/:id/rejoin', {
    ...manage,
    operationId: 'rejoinPerson',
    problems: [
      'account-change-pending',
      'account-exists',
      'account-state',
      'administrator-has-business-role',
      'department-unknown',
      'not-found',
      'outside-unit',
      'person-active',
      'person-left',
      'person-twin',
      'position-unknown',
      'same-person',
      'unit-unknown',
      'user-name-taken',
    ],
    summary:
      'A former employee comes back under the same number; the account that the leave shut opens, its rights wait for an approval.',
    clauses: ['A-2.1.1'],
    body: closed({ ...PlaceCodes, birthday: Type.Optional(BirthdayOrUnknown) }),
    apply: async (tx, call) => {
      const place = await findPlace(tx, call.body)
      assertReaches(call.request, place.unit.id)
      const { birthday } = call.body
      return changed(tx, call, (person) => rejoinPerson(tx, person, { place, birthday }, call.act))
    },
  })

  changeRoute(app, deps, 'POST', '/v1/persons/:id/leave', {
    ...manage,
    operationId: 'leavePerson',
    problems: [
      'account-state',
      'account-unknown',
      'last-administrator',
      'not-found',
      'outside-unit',
      'person-left',
      'same-person',
    ],
    summary: 'A leaver: account, tokens and EBS user end at the start of the date, or at once.',
    description:
      'leaveOn is the first day the person no longer belongs to the company, default today. A past date and any dismissal take effect at once.',
    clauses: ['A-2.1.3', 'A-2.1.4'],
    body: closed({
      leaveOn: Type.Optional(
        about(LocalDate, 'First day the person no longer belongs to the company; default today.'),
      ),
      kind: LeaveKind,
    }),
    apply: (tx, call) =>
      changed(tx, call, (person) =>
        leavePerson(tx, person, { ...call.body, toldBy: 'personnel' }, call.act),
      ),
  })

  changeRoute(app, deps, 'POST', '/v1/persons/:id/withdraw-leave', {
    ...manage,
    operationId: 'withdrawLeave',
    problems: ['no-leave-noticed', 'not-found', 'outside-unit', 'person-left', 'same-person'],
    summary: 'Takes the notice of a leave back before its date.',
    clauses: ['A-2.1.3'],
    apply: (tx, call) => changed(tx, call, (person) => withdrawLeave(tx, person, call.act)),
  })
}

function readingRoutes(app: App, { db, clock }: Committer): void {
  app.get('/v1/persons', {
    config: { access: read.access, clauses: read.clauses },
    schema: {
      operationId: 'listPersons',
      problems: ['department-unknown', 'outside-unit', 'position-unknown', 'unit-unknown'],
      summary: 'People in the order they were taken in; of the own unit for callers of a unit.',
      description:
        'A number, name or address is searched for whole, `nameContains` for a part of a name; case does not matter. What the caller may not see of a person is masked, and no part of it is found. A search for a part opens at most 20,000 names a request: a page may then have fewer rows than `limit`, or none, and still a `next`.',
      tags,
      querystring: Type.Object({
        ...PageQuery,
        ...SortQuery,
        ...PlaceQuery,
        employeeNumber: Type.Optional(EmployeeNumber),
        name: Type.Optional(about(PersonName, 'The whole name; case does not matter.')),
        nameContains: Type.Optional(about(PersonName, 'A part of the name; case does not matter.')),
        email: Type.Optional(about(Email, 'The whole address; case does not matter.')),
        active: Type.Optional(
          Type.Boolean({ description: 'Whether the person still belongs to the company.' }),
        ),
        changedSince: Type.Optional(ChangedSince),
      }),
      response: { 200: pageOf(PersonView) },
    },
    handler: async (request) => {
      const { limit, cursor, sort, nameContains, ...filter } = request.query
      const after = decodeSortCursor(cursorOf('listPersons', cursor), sort)
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
      const items = found.items.map((row) => showPerson(db.manager, viewer, row))
      return boundTo('listPersons', { ...found, items })

      function partOfName(part: string) {
        const wanted = comparable(part)
        return (row: PersonInRange) =>
          seesName(viewer, row) && comparable(openName(db.manager, row)).includes(wanted)
      }
    },
  })

  readRoute(app, '/v1/persons/:id', {
    ...read,
    operationId: 'readPerson',
    problems: ['not-found', 'outside-unit'],
    summary: 'One person with the account.',
    answer: PersonView,
    read: ({ request, params: { id } }) =>
      viewOf(request, db.manager, id, clock(), unitInRange(request)),
  })
}

/** A call that changes the version of a person that it expects. */
interface Changing {
  readonly request: FastifyRequest
  readonly params: { readonly id: string }
  readonly expected: number
  readonly act: Act
}

/**
 * Changes a person of the caller's range, locked, and answers it as the caller may see it.
 *
 * @throws Problem `not-found` also outside the caller's unit, `version-stale`
 */
async function changed(
  tx: EntityManager,
  { request, params: { id }, expected, act }: Changing,
  apply: (person: Person) => Promise<unknown>,
): Promise<PersonInRange> {
  const person = await lockPersonInRange(tx, request, id)
  assertVersion(person.version, expected)
  await apply(person)
  return viewOf(request, tx, person.id, act.now)
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
