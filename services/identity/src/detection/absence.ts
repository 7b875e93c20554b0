import { randomUUID } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { AbsenceRecorded } from '@erp-steward/contracts/detection-events'
import { Problem } from '@erp-steward/contracts/problem'
import { about, Id, Instant, InstantOut, Uuid, Version } from '@erp-steward/contracts/values'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { assertVersion } from '@erp-steward/service-kit/commit'
import { entityOf, type RowOf } from '@erp-steward/service-kit/entity'
import { Type, type Static } from 'typebox'
import type { EntityManager } from 'typeorm'
import { lockPerson } from '../people/lock-person.ts'
import type { Person } from '../people/person.ts'
import { noteSigns } from './note-sign.ts'
import { signsOfAbsence } from './signs-of-absence.ts'

const AbsenceKind = Type.Enum(['leave', 'travel'], {
  title: 'AbsenceKind',
  description:
    '`leave`: the person does not work, so nobody signs in; `travel`: nobody signs in where the person usually does.',
})

/** Longest absence; whoever is away for longer has the account frozen. Own choice. */
const LONGEST_MS = 366 * 86_400_000

/** A time in which somebody is away, as the personnel department tells it. Source: defaults 2.9, rule 6. */
export const AbsenceView = Type.Object(
  {
    id: Id,
    personId: about(Uuid, 'Who is away.'),
    kind: AbsenceKind,
    startsAt: about(InstantOut, 'First instant away.'),
    endsAt: about(InstantOut, 'First instant back.'),
    recordedBy: Type.String({ description: 'Account or client that told it last.' }),
    recordedAt: about(InstantOut, 'When it was told last.'),
    version: Version,
  },
  { title: 'Absence' },
)

export const AbsenceEntity = entityOf(AbsenceView, {
  table: 'absence',
  checks: [
    { name: 'absence_kind_check', expression: "kind in ('leave', 'travel')" },
    { name: 'absence_end_check', expression: 'ends_at > starts_at' },
  ],
  indices: [
    { name: 'absence_by_person', columns: ['personId', 'startsAt'] },
    { name: 'absence_by_age', columns: ['startsAt', 'id'] },
  ],
  foreignKeys: [
    {
      name: 'absence_person_id_fkey',
      target: 'person',
      columnNames: ['person_id'],
      referencedColumnNames: ['id'],
    },
  ],
})
export type Absence = RowOf<typeof AbsenceEntity>

export const RecordedAbsence = Type.Object(
  {
    personId: about(Uuid, 'Who is away.'),
    kind: AbsenceKind,
    startsAt: about(Instant, 'First instant away; may be over.'),
    endsAt: about(Instant, 'First instant back, within a year.'),
  },
  { additionalProperties: false },
)

/**
 * Keeps that somebody is away. What the account did in that time already is looked at too. The caller has looked whether the
 * person is in range.
 *
 * @throws Problem `person-unknown`, `validation-failed` for an end that is not after the beginning, or a year after it
 */
export async function recordAbsence(
  tx: EntityManager,
  { personId, kind, ...time }: Static<typeof RecordedAbsence>,
  act: Act,
): Promise<Absence> {
  const [startsAt, endsAt] = [new Date(time.startsAt), new Date(time.endsAt)]
  const ms = endsAt.getTime() - startsAt.getTime()
  if (ms <= 0 || ms > LONGEST_MS) {
    const detail = said(
      'endsAt is after startsAt, at most a year.',
      'endsAt 须晚于 startsAt，且不超过一年。',
    )
    throw new Problem('validation-failed', detail, { errors: [{ pointer: '#/endsAt', detail }] })
  }
  const absence: Absence = {
    ...{ id: randomUUID(), personId, kind, startsAt, endsAt },
    ...{ recordedBy: act.actor, recordedAt: act.now, version: 1 },
  }
  await tx.insert(AbsenceEntity, absence)
  await state(tx, absence, act)
  await noteSigns(tx, await signsOfAbsence(tx, absence, act.now), act)
  return absence
}

/**
 * Ends an absence at an earlier instant: the person is back.
 *
 * @throws Problem `not-found`, `version-stale`, `validation-failed` for an end that is not within it
 */
export async function shortenAbsence(
  tx: EntityManager,
  { id, endsAt }: { readonly id: string; readonly endsAt: Date },
  expected: number,
  act: Act,
): Promise<Absence> {
  const lock = { mode: 'pessimistic_write' } as const
  const known = await tx.findOne(AbsenceEntity, { where: { id }, lock })
  if (known === null) throw unknownAbsence(id)
  assertVersion(known.version, expected)
  if (endsAt <= known.startsAt || endsAt >= known.endsAt) {
    const detail = said('endsAt is within the absence.', 'endsAt 须在该时段之内。')
    throw new Problem('validation-failed', detail, { errors: [{ pointer: '#/endsAt', detail }] })
  }
  const shorter: Absence = {
    ...known,
    ...{ endsAt, recordedBy: act.actor, recordedAt: act.now, version: known.version + 1 },
  }
  await tx.save(AbsenceEntity, shorter)
  await state(tx, shorter, act)
  return shorter
}

export const unknownAbsence = (id: string) =>
  new Problem('not-found', said(`There is no absence ${id}.`, `没有缺勤记录 ${id}。`))

/** @throws Problem `person-unknown` */
export async function heldAbsentee(tx: EntityManager, id: string): Promise<Person> {
  const person = await lockPerson(tx, id)
  if (person === null)
    throw new Problem('person-unknown', said(`There is no person ${id}.`, `没有人员 ${id}。`))
  return person
}

async function state(
  tx: EntityManager,
  { id: absenceId, personId, kind, startsAt, endsAt }: Absence,
  act: Act,
): Promise<void> {
  const fact = {
    ...{ absenceId, personId, kind },
    startsAt: startsAt.toISOString(),
    endsAt: endsAt.toISOString(),
    recordedAt: act.now.toISOString(),
  }
  await appendEvent(tx, 'identity', AbsenceRecorded, personId, fact, act)
}
