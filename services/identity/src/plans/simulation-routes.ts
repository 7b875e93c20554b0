import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { about, LocalDate, Uuid } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { actOf, assertReaches } from '@erp-steward/service-kit/authentication'
import type { Committer } from '@erp-steward/service-kit/commit'
import type { FastifyRequest } from 'fastify'
import { Type, type Static } from 'typebox'
import type { EntityManager } from 'typeorm'
import { UserName } from '../accounts/account-change.ts'
import { changePerson } from '../people/change-person.ts'
import { joinPerson } from '../people/join-person.ts'
import { leavePerson } from '../people/leave-person.ts'
import { lockPersonInRange } from '../people/lock-person.ts'
import { LeaveKind, type Person } from '../people/person.ts'
import {
  BirthdayOrUnknown,
  EmailOrNone,
  EmployeeNumber,
  PersonName,
} from '../people/person-values.ts'
import { findPlace, PlaceCodes } from '../people/place.ts'
import { rejoinPerson } from '../people/rejoin-person.ts'
import { chinaDay, startOfChinaDay } from '../people/rules/china-day.ts'
import { simulateChange, SimulationView } from './simulate-change.ts'

const EffectiveOn = Type.Optional(
  about(LocalDate, 'The day as of which it is tried, today or later; default today.'),
)
const PersonId = about(Uuid, 'Whom it is about.')

const SimulatedBody = Type.Union(
  [
    Type.Object(
      {
        kind: Type.Literal('join', { description: 'Somebody is taken in.' }),
        effectiveOn: EffectiveOn,
        employeeNumber: EmployeeNumber,
        name: PersonName,
        ...PlaceCodes,
        email: Type.Optional(EmailOrNone),
        birthday: Type.Optional(BirthdayOrUnknown),
        accountUserName: Type.Optional(UserName),
      },
      { title: 'SimulatedJoiner', additionalProperties: false },
    ),
    Type.Object(
      {
        kind: Type.Literal('move', { description: 'Somebody gets another place.' }),
        effectiveOn: EffectiveOn,
        personId: PersonId,
        ...PlaceCodes,
      },
      { title: 'SimulatedMover', additionalProperties: false },
    ),
    Type.Object(
      {
        kind: Type.Literal('leave', { description: 'Somebody leaves the company.' }),
        effectiveOn: EffectiveOn,
        personId: PersonId,
        leaveKind: LeaveKind,
      },
      { title: 'SimulatedLeaver', additionalProperties: false },
    ),
    Type.Object(
      {
        kind: Type.Literal('rejoin', { description: 'A former employee comes back.' }),
        effectiveOn: EffectiveOn,
        personId: PersonId,
        ...PlaceCodes,
      },
      { title: 'SimulatedReturn', additionalProperties: false },
    ),
  ],
  { title: 'SimulatedPersonChange' },
)
type SimulatedBody = Static<typeof SimulatedBody>

/** What a change of a person would do, before anybody does it. */
export function simulationRoutes(app: App, { db, clock }: Committer): void {
  app.post('/v1/person-simulations', {
    config: { access: 'person.manage', clauses: ['A-2.1.1', 'A-2.1.2', 'A-2.1.4'] },
    schema: {
      operationId: 'simulatePersonChange',
      problems: [
        'account-change-pending',
        'account-exists',
        'account-state',
        'account-unknown',
        'administrator-has-business-role',
        'department-unknown',
        'employee-number-taken',
        'last-administrator',
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
        'What a joiner, mover, leaver or return would do: account, rights, approvals, incompatible duties, calls of EBS.',
      description:
        'Everything is done by the rules and the register of now, as on the day named, and taken back: nothing is kept, announced or sent. What would be refused is refused with the same problem.',
      tags: ['people'],
      body: SimulatedBody,
      response: { 200: SimulationView },
    },
    handler: (request) => {
      const { body } = request
      const { effectiveOn, now } = dayOf(body, clock())
      const personId = body.kind === 'join' ? null : body.personId
      const apply = (tx: EntityManager, act: Act) => done(tx, request, body, act)
      return simulateChange(db, { personId, effectiveOn, apply }, actOf(request, now))
    },
  })
}

/** @throws Problem `validation-failed` for a day that is over */
function dayOf({ effectiveOn }: SimulatedBody, now: Date) {
  const today = chinaDay(now)
  if (effectiveOn === undefined || effectiveOn === today) return { effectiveOn: today, now }
  if (effectiveOn < today) {
    const detail = said('The day is over.', '该日期已过。')
    throw new Problem('validation-failed', detail, {
      errors: [{ pointer: '#/effectiveOn', detail }],
    })
  }
  return { effectiveOn, now: startOfChinaDay(effectiveOn) }
}

async function done(
  tx: EntityManager,
  request: FastifyRequest,
  body: SimulatedBody,
  act: Act,
): Promise<Pick<Person, 'id'>> {
  if (body.kind === 'leave') {
    const person = await lockPersonInRange(tx, request, body.personId)
    return leavePerson(tx, person, { kind: body.leaveKind, toldBy: 'personnel' }, act)
  }
  const place = await findPlace(tx, body)
  assertReaches(request, place.unit.id)
  if (body.kind === 'join') {
    const { employeeNumber, name, email = null, birthday = null, accountUserName = null } = body
    const joiner = { employeeNumber, name, email, birthday, place }
    const named = { ...joiner, userName: accountUserName, withAccount: true }
    return (await joinPerson(tx, named, act)).person
  }
  const person = await lockPersonInRange(tx, request, body.personId)
  if (body.kind === 'rejoin') return rejoinPerson(tx, person, { place }, act)
  return (await changePerson(tx, person, { place }, act)).person
}
