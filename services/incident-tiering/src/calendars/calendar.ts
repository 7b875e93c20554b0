import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { CalendarChanged } from '@erp-steward/contracts/incident-events'
import { Problem } from '@erp-steward/contracts/problem'
import { InstantOut, nullable, Uuid } from '@erp-steward/contracts/values'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { entityOf, type RowOf } from '@erp-steward/service-kit/entity'
import { ask } from '@erp-steward/messaging/statement'
import {
  defaultCalendarDefinition,
  roundTheClockDefinition,
  type CalendarDefinition,
} from '@erp-steward/work-calendar/calendar-definition'
import {
  checkCalendarDefinition,
  type CalendarFault,
} from '@erp-steward/work-calendar/check-calendar-definition'
import { compileCalendar, type CompiledCalendar } from '@erp-steward/work-calendar/compile-calendar'
import { Type, type Static } from 'typebox'
import { IsNull, type EntityManager } from 'typeorm'
import { holidaysAt } from './holiday-year.ts'

/** One version of the working time of a unit or of the company. Rows are only ever added. */
export const CalendarView = Type.Object(
  {
    unitId: nullable(Uuid, 'Null: of the company.'),
    version: Type.Integer({
      description:
        '0: none of its own; `definition` is what holds instead: of the company, else as shipped.',
    }),
    definition: Type.Unsafe<CalendarDefinition>(
      Type.Unknown({ description: 'As it was set, with `id`, `version` and `zone`.' }),
    ),
    author: nullable(Type.String(), 'Account or client that proposed it.'),
    reason: nullable(Type.String(), 'Why it was set; null with version 0.'),
    createdAt: nullable(InstantOut, 'When it was set; null with version 0.'),
  },
  { title: 'Calendar' },
)

export const CalendarVersionEntity = entityOf(CalendarView, {
  table: 'calendar_version',
  kept: {
    // A bigint, hence text.
    id: Type.String(),
    author: Type.String(),
    reason: Type.String(),
    createdAt: InstantOut,
  },
  columns: { id: { type: 'bigint', generated: 'increment' }, definition: { type: 'json' } },
  uniques: [{ name: 'calendar_version_key', columns: ['unitId', 'version'] }],
})
export type CalendarVersion = Omit<RowOf<typeof CalendarVersionEntity>, 'id'>

/**
 * Which calendar a clock runs on, stored with the clock so that a later edit does not rewrite history:
 * `round-the-clock`, or a version of the unit's or the company's calendar; version 0 is the shipped one.
 */
export const CalendarReference = Type.Object(
  {
    scope: Type.Enum(['round-the-clock', 'unit', 'company'], {
      description: '`round-the-clock`: every hour counts; else whose working time counts.',
    }),
    unitId: nullable(Uuid, 'The unit with `unit`, else null.'),
    version: Type.Integer({ description: 'Version of the calendar; 0: as shipped.' }),
    holidays: Type.Optional(
      Type.Integer({
        description:
          'Revision of the loaded public holidays that `dueAt` was computed with; 0 or left out: as shipped.',
      }),
    ),
  },
  {
    title: 'CalendarReference',
    description: 'The working time that a clock counts, as it was when the clock started.',
  },
)
export type CalendarReference = Readonly<Static<typeof CalendarReference>>

export const ROUND_THE_CLOCK: CalendarReference = {
  scope: 'round-the-clock',
  unitId: null,
  version: 0,
}

interface NewestVersion {
  readonly scope: 'unit' | 'company' | 'holidays'
  readonly version: number
}

const NEWEST_VERSIONS = {
  name: 'newest calendar versions',
  text: `select case when unit_id is null then 'company' else 'unit' end as scope, max(version) as version
           from calendar_version where unit_id = $1 or unit_id is null group by unit_id
          union all select 'holidays', coalesce(max(revision), 0) from holiday_year`,
  reads: ['calendar_version', 'holiday_year'],
}

/** The calendar in force for a unit: its own, else the company's, else the shipped office week. */
export async function calendarOfUnit(
  tx: EntityManager,
  unitId: string,
): Promise<CalendarReference> {
  const newest = await ask<NewestVersion>(tx, NEWEST_VERSIONS, [unitId])
  const versionOf = (of: string) => newest.find(({ scope }) => scope === of)?.version
  const [own, holidays] = [versionOf('unit'), versionOf('holidays') ?? 0]
  if (own !== undefined) return { scope: 'unit', unitId, version: own, holidays }
  return { scope: 'company', unitId: null, version: versionOf('company') ?? 0, holidays }
}

/** The newest version of a unit's own calendar or (`null`) the company's; `null` when there is none. */
export async function newestVersion(
  tx: EntityManager,
  unitId: string | null,
): Promise<CalendarVersion | null> {
  return tx.findOne(CalendarVersionEntity, {
    where: { unitId: unitId ?? IsNull() },
    order: { version: 'desc' },
  })
}

const compiled = new Map<string, CompiledCalendar>()
/** Calendars kept compiled; a version never changes, so an entry is never stale. */
const COMPILED_MAX = 500

/**
 * @param later as for `compileCalendar`
 * @throws RangeError if the reference names a version that was never stored
 */
export async function compiledCalendar(
  tx: EntityManager,
  reference: CalendarReference,
  later: 'missing' | 'without-holidays' = 'missing',
): Promise<CompiledCalendar> {
  const known = ofReference[later].get(reference)
  if (known !== undefined) return known
  const calendar = await readCalendar(tx, reference, later)
  ofReference[later].set(reference, calendar)
  return calendar
}

/** The clocks of a ticket share a reference; it names one version for ever. */
const ofReference = {
  missing: new WeakMap<CalendarReference, CompiledCalendar>(),
  'without-holidays': new WeakMap<CalendarReference, CompiledCalendar>(),
}

async function readCalendar(
  tx: EntityManager,
  { scope, unitId, version, holidays = 0 }: CalendarReference,
  later: 'missing' | 'without-holidays',
): Promise<CompiledCalendar> {
  const definition =
    scope === 'round-the-clock'
      ? roundTheClockDefinition
      : version === 0
        ? defaultCalendarDefinition
        : (await tx.findOneBy(CalendarVersionEntity, { unitId: unitId ?? IsNull(), version }))
            ?.definition
  if (definition === undefined)
    throw new RangeError(
      `There is no version ${String(version)} of the calendar of ${unitId ?? 'company'}`,
    )
  const loaded = definition.kind === 'working-time' && definition.holidays ? holidays : 0
  const known = await holidaysAt(tx, loaded)
  // Databases of several tests share the process, so the definition itself is part of the key, and so are the days.
  const days = loaded === 0 ? '' : JSON.stringify([...known])
  const key = later + JSON.stringify(definition) + days
  const made = compiled.get(key)
  if (made !== undefined) return made
  const fresh = compileCalendar(definition, later, known)
  if (compiled.size >= COMPILED_MAX) compiled.clear()
  compiled.set(key, fresh)
  return fresh
}

/** A week that never opens is well-formed, but no deadline could be computed on it and no ticket opened. */
function closedWeekFaults({ weekly }: Readonly<Record<string, unknown>>): CalendarFault[] {
  const closed =
    typeof weekly === 'object' &&
    weekly !== null &&
    Object.values(weekly).every((day) => Array.isArray(day) && day.length === 0)
  return closed
    ? [{ path: '/weekly', message: 'must be open on some day', chinese: '至少须有一天开放' }]
    : []
}

export interface SetCalendar {
  readonly unitId: string | null
  /** As sent; `id` and `version` are ours to give. */
  readonly definition: Readonly<Record<string, unknown>>
  readonly reason: string
  /** Who proposed it: account or client. */
  readonly author: string
}

/** Version of the newest calendar, 0 without one, while the transaction keeps others from adding the next. */
export async function lockedVersion(tx: EntityManager, unitId: string | null): Promise<number> {
  await tx.query('select pg_advisory_xact_lock(hashtext($1))', [`calendar:${unitId ?? 'company'}`])
  return (await newestVersion(tx, unitId))?.version ?? 0
}

/**
 * The definition as it would be stored.
 *
 * @throws Problem `calendar-refused` with the faults
 */
export function checkedDefinition(
  { unitId, definition: sent }: Pick<SetCalendar, 'unitId' | 'definition'>,
  version: number,
): CalendarDefinition {
  const definition = { ...sent, id: unitId ?? 'company', version, zone: 'Asia/Shanghai' }
  const faults = [...checkCalendarDefinition(definition), ...closedWeekFaults(definition)]
  if (faults.length > 0)
    throw new Problem(
      'calendar-refused',
      said(
        faults.map(({ message }) => message).join(' '),
        faults.map(({ chinese }) => chinese).join('；'),
      ),
      {
        errors: faults.map(({ path, message, chinese }) => ({
          pointer: `#/definition${path}`,
          detail: said(message, chinese),
        })),
      },
    )
  // Checked just above: there are no faults.
  return definition as unknown as CalendarDefinition
}

/**
 * Adds a version. Clocks that run keep the version they started with.
 *
 * @throws Problem `calendar-refused` with the faults
 */
export async function setCalendar(
  tx: EntityManager,
  command: SetCalendar,
  act: Act,
): Promise<CalendarVersion> {
  const { unitId, reason, author } = command
  const version = (await lockedVersion(tx, unitId)) + 1
  const row: CalendarVersion = {
    unitId,
    version,
    definition: checkedDefinition(command, version),
    author,
    reason,
    createdAt: act.now,
  }
  await tx.insert(CalendarVersionEntity, row)
  await appendEvent(
    tx,
    'incident-tiering',
    CalendarChanged,
    unitId ?? 'company',
    { unitId, version, kind: row.definition.kind, reason },
    act,
  )
  return row
}
