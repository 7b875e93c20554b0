import { about, closed, Instant, Uuid } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { assertReaches, unitInRange } from '@erp-steward/service-kit/authentication'
import type { Committer } from '@erp-steward/service-kit/commit'
import { columnsOf } from '@erp-steward/service-kit/entity'
import { byInstant } from '@erp-steward/service-kit/paging'
import {
  changeRoute,
  createRoute,
  listRoute,
  readRoute,
} from '@erp-steward/service-kit/route-shapes'
import { Type } from 'typebox'
import { PersonEntity } from '../people/person.ts'
import {
  AbsenceEntity,
  AbsenceView,
  heldAbsentee,
  recordAbsence,
  RecordedAbsence,
  shortenAbsence,
  unknownAbsence,
} from './absence.ts'

const absences = '/v1/absences'
const shared = { access: 'person.manage', clauses: ['A-2.1.6'], tags: ['people'] } as const

/** Who is on leave or travels, as the personnel department tells it. */
export function absenceRoutes(app: App, deps: Committer): void {
  const { db } = deps

  createRoute(app, deps, absences, {
    ...shared,
    operationId: 'recordAbsence',
    problems: ['outside-unit', 'person-unknown'],
    summary: 'Says that somebody is on leave or travels; who signs in meanwhile is looked at.',
    body: RecordedAbsence,
    answer: AbsenceView,
    create: async (tx, { request, body, act }) => {
      assertReaches(request, (await heldAbsentee(tx, body.personId)).unitId)
      return recordAbsence(tx, body, act)
    },
  })

  listRoute(app, absences, {
    ...shared,
    operationId: 'listAbsences',
    problems: ['outside-unit'],
    summary: 'Absences by their beginning; of the own unit for callers of a unit.',
    query: {
      personId: Type.Optional(about(Uuid, 'Who is away.')),
      at: Type.Optional(about(Instant, 'Only those that this instant is in.')),
    },
    row: AbsenceView,
    sorting: byInstant('startsAt'),
    list: ({ request, query: { personId, at: during }, after: [at, id], limit }) =>
      db.query(
        `select ${columnsOf(AbsenceEntity, 'absence')}
           from absence join person on person.id = absence.person_id
          where ($1::uuid is null or absence.person_id = $1)
            and ($2::timestamptz is null or starts_at <= $2 and ends_at > $2)
            and ($3::uuid is null or person.unit_id = $3)
            and ($4::timestamptz is null or (starts_at, absence.id) > ($4, $5::uuid))
          order by starts_at, absence.id limit $6`,
        [personId ?? null, during ?? null, unitInRange(request), at, id, limit],
      ),
  })

  readRoute(app, `${absences}/:id`, {
    ...shared,
    operationId: 'readAbsence',
    problems: ['not-found', 'outside-unit'],
    summary: 'One absence.',
    answer: AbsenceView,
    read: async ({ request, params: { id } }) => {
      const found = await db.manager.findOneBy(AbsenceEntity, { id })
      const person =
        found === null ? null : await db.manager.findOneBy(PersonEntity, { id: found.personId })
      if (found === null || person === null) throw unknownAbsence(id)
      assertReaches(request, person.unitId)
      return found
    },
  })

  changeRoute(app, deps, 'POST', `${absences}/:id/end`, {
    ...shared,
    operationId: 'endAbsence',
    problems: ['not-found', 'outside-unit'],
    summary: 'Says that somebody is back, or comes back, earlier.',
    body: closed({ endsAt: about(Instant, 'First instant back, within the absence.') }),
    answer: AbsenceView,
    apply: async (tx, { request, params: { id }, body: { endsAt }, expected, act }) => {
      const known = await tx.findOneBy(AbsenceEntity, { id })
      if (known === null) throw unknownAbsence(id)
      assertReaches(request, (await heldAbsentee(tx, known.personId)).unitId)
      return shortenAbsence(tx, { id, endsAt: new Date(endsAt) }, expected, act)
    },
  })
}
