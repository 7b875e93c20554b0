import { randomUUID } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import { DepartureJudged } from '@erp-steward/contracts/directory-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { companyCalendar, companyDeadline } from '@erp-steward/service-kit/company-calendar'
import { columnsOf } from '@erp-steward/service-kit/entity'
import { readParameter } from '@erp-steward/service-kit/parameters'
import type { EntityManager } from 'typeorm'
import type { Person } from '../people/person.ts'
import { chinaDay, startOfChinaDay } from '../people/rules/china-day.ts'
import { DepartureEntity, type Departure, type DepartureKind, type Teller } from './departure.ts'
import { verdictOf } from './rules/verdict.ts'

export interface TellDeparture {
  readonly kind: DepartureKind
  /** First day without the old place. */
  readonly effectiveOn: string
  readonly toldBy: Teller
}

/** Two words with days that lie closer together are of the same departure. Own choice. */
const SAME_WITHIN_DAYS = 31

/**
 * Keeps who told of a departure and when, beside what the other told, and judges whether the department told in time. Of the
 * day the personnel system has the last word; a second word of the same teller changes the day alone.
 *
 * Source. The caller holds the person's row, as it was before.
 */
export async function tellDeparture(
  tx: EntityManager,
  person: Person,
  told: TellDeparture,
  act: Act,
): Promise<Departure> {
  const known = await departureToldBefore(tx, person.id, told)
  const word =
    told.toldBy === 'personnel'
      ? { personnelToldAt: known?.personnelToldAt ?? act.now }
      : {
          departmentToldAt: known?.departmentToldAt ?? act.now,
          departmentToldBy: known?.departmentToldBy ?? act.actor,
          departmentSaid: told.effectiveOn,
        }
  const day =
    told.toldBy === 'personnel' || known === undefined || known.personnelToldAt === null
      ? told.effectiveOn
      : known.effectiveOn
  const due =
    known?.effectiveOn === day && known.dueAt !== null
      ? { dueAt: known.dueAt, parameterVersion: known.parameterVersion }
      : await dueOf(tx, person.unitId, day, act)
  const departure: Departure = {
    ...{ id: randomUUID(), personId: person.id, kind: told.kind },
    ...{ unitId: person.unitId, departmentId: person.departmentId },
    ...{ personnelToldAt: null, departmentToldAt: null, departmentToldBy: null },
    ...{ departmentSaid: null, openedAt: act.now, version: 0 },
    ...{ verdict: 'awaited', lagSeconds: null },
    ...known,
    ...word,
    effectiveOn: day,
    ...due,
  }
  return judgeDeparture(tx, known ?? null, departure, act)
}

/** Nobody leaves after all: what was told of a leave ahead of its day counts for nobody. */
export async function withdrawDeparture(
  tx: EntityManager,
  personId: string,
  effectiveOn: string,
  act: Act,
): Promise<void> {
  const known = await departureToldBefore(tx, personId, {
    ...{ kind: 'leave', effectiveOn, toldBy: 'personnel' },
  })
  if (known === undefined) return
  await judgeDeparture(tx, known, { ...known, verdict: 'withdrawn' }, act)
}

/**
 * Writes a departure as it is now, and states the verdict where it is another than before.
 *
 * @param before as the table has it; `null`: it is new
 */
export async function judgeDeparture(
  tx: EntityManager,
  before: Departure | null,
  told: Departure,
  act: Act,
): Promise<Departure> {
  const departure: Departure = {
    ...told,
    ...verdictOf(told, act.now),
    version: told.version + 1,
  }
  await tx.save(DepartureEntity, departure)
  const { verdict } = departure
  if (verdict === 'awaited' || verdict === before?.verdict) return departure
  const { id: departureId, personId, kind, unitId, departmentId, effectiveOn } = departure
  const { dueAt, lagSeconds, parameterVersion } = departure
  await appendEvent(
    tx,
    'identity',
    DepartureJudged,
    personId,
    {
      ...{ departureId, personId, kind, unitId, departmentId, effectiveOn, verdict },
      ...{ dueAt: dueAt?.toISOString() ?? null, lagSeconds, parameterVersion },
    },
    act,
  )
  return departure
}

/** Until when the department of a unit has to tell of a departure on a day. */
export async function dueOf(
  tx: EntityManager,
  unitId: string,
  effectiveOn: string,
  { now }: Act,
): Promise<Pick<Departure, 'dueAt' | 'parameterVersion'>> {
  const { value, version } = await readParameter(tx, 'identity.leaver.notice_due', unitId, now)
  // Of what is of today the department may know no sooner than we.
  const from = effectiveOn === chinaDay(now) ? now : startOfChinaDay(effectiveOn)
  const { dueAt } = companyDeadline(await companyCalendar(tx), value, from)
  return { dueAt, parameterVersion: version }
}

/** The departure that a word is about, if somebody told of it before. */
export async function departureToldBefore(
  tx: EntityManager,
  personId: string,
  { kind, effectiveOn, toldBy }: TellDeparture,
): Promise<Departure | undefined> {
  const [known]: Departure[] = await tx.query(
    `select ${columnsOf(DepartureEntity)} from departure
      where person_id = $1 and kind = $2 and verdict <> 'withdrawn'
        and effective_on between $3::date - ${String(SAME_WITHIN_DAYS)} and $3::date + ${String(SAME_WITHIN_DAYS)}
        -- Each move is one of its own; of a leave the day may change.
        and (kind = 'leave' or case when $4 = 'personnel' then personnel_told_at else department_told_at end is null)
      order by opened_at desc, id limit 1`,
    [personId, kind, effectiveOn, toldBy],
  )
  return known
}
