import { randomUUID } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import type { SupportTier } from '@erp-steward/contracts/values'
import { durationMs } from '@erp-steward/regulation/duration'
import type { Target as TargetValue } from '@erp-steward/regulation/parameter'
import type { ParameterKey, ParameterValue } from '@erp-steward/regulation/parameters'
import type { ResolvedParameter } from '@erp-steward/regulation/resolve'
import { insertRows } from '@erp-steward/service-kit/insert-rows'
import { enqueueAll } from '@erp-steward/service-kit/jobs'
import { readParameter, readParameters } from '@erp-steward/service-kit/parameters'
import { CalendarYearMissing } from '@erp-steward/work-calendar/calendar-year-missing'
import { deadlineOf, elapsed, type ClockFact } from '@erp-steward/work-calendar/clock'
import { targetMs, type Target } from '@erp-steward/work-calendar/working-time'
import { IsNull, type EntityManager } from 'typeorm'
import {
  calendarOfUnit,
  compiledCalendar,
  ROUND_THE_CLOCK,
  type CalendarReference,
} from '../calendars/calendar.ts'
import { firstMissingYear, newestRevision } from '../calendars/holiday-year.ts'
import { announceMissingYear } from '../calendars/watch-calendars.ts'
import { breachClock } from './breach-clock.ts'
import {
  TicketClockEntity,
  type ClockKind,
  type StoredFact,
  type TicketClock,
} from './ticket-clock.ts'

/** Keys of parameters whose value is a clock target. */
export type TargetKey = {
  [Key in ParameterKey]: ParameterValue<Key> extends TargetValue
    ? TargetValue extends ParameterValue<Key>
      ? Key
      : never
    : never
}[ParameterKey]

/** The ticket that a clock is about. */
export interface ClockSubject {
  readonly ticketId: string
  readonly unitId: string
}

export interface ClockStart {
  readonly kind: ClockKind
  readonly tier: SupportTier | null
  /** The parameter that holds the target. */
  readonly parameter: TargetKey
}

/** Name of the task that looks at a clock when it falls due. */
export const CLOCK_DUE = 'ticket-clock-due'

/** What the clocks of a unit that start now run under. */
export interface ClockTerms {
  readonly parameters: { readonly [Key in TargetKey]?: ResolvedParameter<Key> }
  readonly ofUnit: CalendarReference
}

/** The calendar and the parameter versions in force for the unit now. */
export async function clockTerms(
  tx: EntityManager,
  unitId: string,
  keys: readonly TargetKey[],
  act: Act,
): Promise<ClockTerms> {
  const [parameters, ofUnit] = await Promise.all([
    readParameters(tx, keys, unitId, act.now),
    calendarOfUnit(tx, unitId),
  ])
  return { parameters, ofUnit }
}

/**
 * Starts clocks under the calendar and the parameter versions in force for the unit now; answers them in order.
 *
 * @param terms read before, for all parameters of `starts`
 */
export async function startClocks<const Starts extends readonly ClockStart[]>(
  tx: EntityManager,
  { ticketId, unitId }: ClockSubject,
  starts: Starts,
  act: Act,
  terms?: ClockTerms,
): Promise<{ [At in keyof Starts]: TicketClock }> {
  const keys = starts.map(({ parameter }) => parameter)
  const { parameters, ofUnit } = terms ?? (await clockTerms(tx, unitId, keys, act))
  const clocks: TicketClock[] = []
  for (const { kind, tier, parameter } of starts) {
    const resolved = parameters[parameter]
    if (resolved === undefined) throw new RangeError(`${parameter} was not read`)
    const { value, version } = resolved
    const calendar = isContinuous(value) ? ROUND_THE_CLOCK : ofUnit
    const parameterOf = { parameterKey: parameter, parameterVersion: version }
    const origin = { ticketId, kind, tier, calendar, ...parameterOf }
    clocks.push(await newClock(tx, origin, targetOf(value), parameter, act))
  }
  await insertRows(tx, TicketClockEntity, clocks)
  await watchClocks(tx, clocks, act)
  if (clocks.some(({ fault }) => fault !== null))
    await announceMissingYear(tx, await firstMissingYear(tx), act)
  // One clock per start.
  return clocks as { [At in keyof Starts]: TicketClock }
}

type ClockOrigin = Pick<
  TicketClock,
  'ticketId' | 'kind' | 'tier' | 'calendar' | 'parameterKey' | 'parameterVersion'
>

async function newClock(
  tx: EntityManager,
  origin: ClockOrigin,
  target: Target,
  reason: string,
  act: Act,
): Promise<TicketClock> {
  const facts: StoredFact[] = [{ at: act.now.toISOString(), kind: 'start', target, reason }]
  return {
    ...origin,
    id: randomUUID(),
    facts,
    ...(await dueOf(tx, facts, origin.calendar)),
    breachedAt: null,
    stoppedAt: null,
    startedAt: act.now,
  }
}

/** The clocks of a ticket that have not stopped. The caller holds the lock of the ticket. */
export async function openClocks(
  tx: EntityManager,
  ticketId: string,
  kind?: ClockKind,
): Promise<TicketClock[]> {
  return tx.find(TicketClockEntity, {
    where: { ticketId, stoppedAt: IsNull(), ...(kind !== undefined && { kind }) },
    order: { startedAt: 'asc' },
  })
}

/** Clocks that stand while a resolved ticket waits for its user, and run on when the user is not content. */
const WAITING: readonly ClockKind[] = [
  'restore',
  'final',
  'unsolved',
  'department-head',
  'leading-group',
  'top-manager',
]

/** Lets the clocks of the work stand or run on. */
export async function letWorkClocks(
  tx: EntityManager,
  ticketId: string,
  kind: 'pause' | 'resume',
  reason: string,
  act: Act,
): Promise<void> {
  for (const clock of await openClocks(tx, ticketId))
    if (WAITING.includes(clock.kind))
      await addFact(tx, clock, { at: act.now.toISOString(), kind, reason }, act)
}

/** Adds a fact and computes the deadline anew; a clock that ends or stands too late is breached first. */
export async function addFact(
  tx: EntityManager,
  before: TicketClock,
  fact: StoredFact,
  act: Act,
): Promise<TicketClock> {
  const ends = fact.kind === 'stop' || fact.kind === 'pause'
  const clock = ends && isLate(before, act.now) ? await breachClock(tx, before, act) : before
  const facts = [...clock.facts, fact]
  const runsOn = fact.kind === 'resume' || fact.kind === 'target-changed'
  const calendar = runsOn ? await withNewestHolidays(tx, clock.calendar) : clock.calendar
  const changed: TicketClock = {
    ...clock,
    calendar,
    facts,
    ...(await dueOf(tx, facts, calendar)),
    stoppedAt: fact.kind === 'stop' ? act.now : null,
  }
  await tx.update(TicketClockEntity, { id: clock.id }, changed)
  if (runsOn) await watchClocks(tx, [changed], act)
  return changed
}

/** Computes the deadline of an open clock anew with the holidays that are known now, for example of a missing year. */
export async function computeAgain(
  tx: EntityManager,
  clock: TicketClock,
  act: Act,
): Promise<TicketClock> {
  const calendar = await withNewestHolidays(tx, clock.calendar)
  const due = { calendar, ...(await dueOf(tx, clock.facts, calendar)) }
  await tx.update(TicketClockEntity, { id: clock.id }, due)
  const changed = { ...clock, ...due }
  await watchClocks(tx, [changed], act)
  return changed
}

/** Stops every open clock of the kind, or of all kinds. */
export async function stopClocks(
  tx: EntityManager,
  ticketId: string,
  kind: ClockKind | undefined,
  reason: string,
  act: Act,
): Promise<TicketClock[]> {
  const stopped: TicketClock[] = []
  for (const clock of await openClocks(tx, ticketId, kind))
    stopped.push(await addFact(tx, clock, { at: act.now.toISOString(), kind: 'stop', reason }, act))
  return stopped
}

/**
 * Gives an open clock the target of another parameter, for example after the priority rose; time used stays used.
 *
 * A clock keeps its calendar for life. Where the new target counts otherwise (round the clock instead of working time),
 * a new clock takes over what is left of it. One that is breached already is left as it is.
 */
export async function retarget(
  tx: EntityManager,
  clock: TicketClock,
  parameter: TargetKey,
  unitId: string,
  act: Act,
): Promise<TicketClock> {
  if (clock.breachedAt !== null) return clock
  const { value, version } = await readParameter(tx, parameter, unitId, act.now)
  const { ticketId, kind, tier } = clock
  const at = act.now.toISOString()
  const parameters = { parameterKey: parameter, parameterVersion: version }
  const continuous = clock.calendar.scope === 'round-the-clock'
  if (continuous === isContinuous(value)) {
    const fact = { at, kind: 'target-changed', target: targetOf(value), reason: parameter } as const
    return addFact(tx, { ...clock, ...parameters }, fact, act)
  }
  const usedMs = await usedUntil(tx, clock, act.now)
  await addFact(tx, clock, { at, kind: 'stop', reason: `goes on under ${parameter}` }, act)
  const calendar = isContinuous(value) ? ROUND_THE_CLOCK : await calendarOfUnit(tx, unitId)
  const wholeMs = targetMs(await compiledCalendar(tx, calendar), targetOf(value))
  const next = await newClock(
    tx,
    { ticketId, kind, tier, calendar, ...parameters },
    { milliseconds: Math.max(0, wholeMs - usedMs) },
    `${parameter} less ${String(Math.round(usedMs / 1_000))} s used`,
    act,
  )
  await insertRows(tx, TicketClockEntity, [next])
  await watchClocks(tx, [next], act)
  return next
}

/** Working milliseconds used; a year that the calendar lacks counts without holidays. */
async function usedUntil(tx: EntityManager, clock: TicketClock, now: Date): Promise<number> {
  const calendar = await compiledCalendar(tx, clock.calendar, 'without-holidays')
  return elapsed(clockFacts(clock), calendar, now)
}

/** Whether the clock had run past its deadline at `now`; being done at the deadline itself is in time. */
export function isLate(clock: TicketClock, now: Date): boolean {
  return clock.breachedAt !== null || (clock.dueAt !== null && now > clock.dueAt)
}

/** The facts with their instants, for the rules of the work calendar. */
export function clockFacts(clock: Pick<TicketClock, 'facts'>): ClockFact[] {
  // Only this file writes facts, always with a target where the kind needs one.
  return clock.facts.map((fact) => ({ ...fact, at: new Date(fact.at) }) as ClockFact)
}

/** Has the clocks looked at when they fall due; a later call takes the earlier one's place. */
export async function watchClocks(
  tx: EntityManager,
  clocks: readonly TicketClock[],
  act: Act,
): Promise<void> {
  const jobs = clocks.flatMap(({ id, ticketId, dueAt }) =>
    dueAt === null
      ? []
      : [{ payload: { clockId: id, ticketId }, runAt: dueAt, key: `clock:${id}` }],
  )
  await enqueueAll(tx, 'incident-tiering', CLOCK_DUE, jobs, act)
}

function isContinuous(value: TargetValue): boolean {
  return value.clock === 'continuous'
}

function targetOf(value: TargetValue): Target {
  return 'within' in value
    ? { milliseconds: durationMs(value.within) }
    : { workingDays: value.workingDays }
}

/** The working time of the unit stays as it was; public holidays are the State Council's, and hold for whoever still works. */
async function withNewestHolidays(
  tx: EntityManager,
  calendar: CalendarReference,
): Promise<CalendarReference> {
  if (calendar.scope === 'round-the-clock') return calendar
  return { ...calendar, holidays: await newestRevision(tx) }
}

/** A clock always has an end: where the calendar lacks a year it is provisional, and the clock says so. */
async function dueOf(
  tx: EntityManager,
  facts: readonly StoredFact[],
  calendar: CalendarReference,
): Promise<Pick<TicketClock, 'dueAt' | 'fault'>> {
  const read = clockFacts({ facts: [...facts] })
  try {
    return { dueAt: deadlineOf(read, await compiledCalendar(tx, calendar)), fault: null }
  } catch (error) {
    if (!(error instanceof CalendarYearMissing)) throw error
    const guessed = await compiledCalendar(tx, calendar, 'without-holidays')
    return { dueAt: deadlineOf(read, guessed), fault: error.message }
  }
}
