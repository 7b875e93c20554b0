import { dateOf, dayMs, dayNumberOf, weekdayOf, zoneOffsetMs } from './calendar-date.ts'
import {
  weekdays,
  type CalendarDefinition,
  type MinuteInterval,
  type WorkingTimeCalendarDefinition,
} from './calendar-definition.ts'
import { checkCalendarDefinition } from './check-calendar-definition.ts'
import {
  firstYearOf,
  lastYearOf,
  noticeFor,
  shippedHolidays,
  type HolidayYears,
} from './china-holidays.ts'

/** A compiled calendar in which every moment is working time. */
export interface ContinuousCalendar {
  readonly kind: 'continuous'
  readonly id: string
  readonly version: number
}

/** The opening hours of one kind of day, in milliseconds after local midnight. */
export interface DayPlan {
  readonly starts: readonly number[]
  readonly ends: readonly number[]
  /** Working milliseconds of the day before each interval. */
  readonly before: readonly number[]
}

/**
 * A compiled calendar with opening hours. Ask it through the functions of `working-time.ts`; its tables are never
 * written again after `compileCalendar`.
 */
export interface WorkingTimeCalendar {
  readonly kind: 'working-time'
  readonly id: string
  readonly version: number
  /** Whether public holidays apply, so that a year without data is an error. */
  readonly holidays: boolean
  /** Local years covered, both inclusive. */
  readonly firstYear: number
  readonly lastYear: number
  /** Epoch milliseconds of the first covered local midnight. */
  readonly startMs: number
  readonly dayCount: number
  readonly plans: readonly DayPlan[]
  /** Index into `plans` for each covered day. */
  readonly planOfDay: Uint16Array
  /** Working milliseconds before each covered day; one entry more than there are days. */
  readonly workedBefore: Float64Array
  /** Working milliseconds of a standard working day, 0 in a week without an open day. */
  readonly standardDayMs: number
}

/** An immutable calendar, ready to be asked. Compile a version once and keep it. */
export type CompiledCalendar = ContinuousCalendar | WorkingTimeCalendar

// Without holidays a week repeats for ever; these years are only the size of the tables.
const firstYearWithoutHolidays = 1970
const lastYearWithoutHolidays = 2099

const minuteMs = 60_000

/**
 * Makes a calendar out of its definition. Costs milliseconds and, without holidays, about 0.5 MB.
 * @param later what years after the last known holidays are: an error when asked about, or taken for years without
 *   holidays, for an answer that the caller marks as provisional
 * @param known the years whose public holidays are known; those that are shipped unless a site has loaded others
 * @throws RangeError naming every fault when `checkCalendarDefinition` finds one.
 */
export function compileCalendar(
  definition: CalendarDefinition,
  later: 'missing' | 'without-holidays' = 'missing',
  known: HolidayYears = shippedHolidays,
): CompiledCalendar {
  const faults = checkCalendarDefinition(definition)
  if (faults.length > 0) {
    const list = faults.map(({ path, message }) => `${path} ${message}`).join('; ')
    throw new RangeError(`The calendar definition has faults: ${list}.`)
  }
  const { id, version } = definition
  if (definition.kind === 'continuous') return Object.freeze({ kind: 'continuous', id, version })

  const { holidays } = definition
  const firstYear = holidays ? firstYearOf(known) : firstYearWithoutHolidays
  const lastYear = holidays && later === 'missing' ? lastYearOf(known) : lastYearWithoutHolidays
  const firstDay = Date.UTC(firstYear, 0, 1) / dayMs
  const dayCount = Date.UTC(lastYear + 1, 0, 1) / dayMs - firstDay

  return Object.freeze({
    kind: 'working-time',
    id,
    version,
    holidays,
    firstYear,
    lastYear,
    startMs: firstDay * dayMs - zoneOffsetMs,
    dayCount,
    ...dayTables(definition, firstDay, dayCount, known),
    standardDayMs: standardDayMs(definition),
  })
}

/** Working milliseconds of Monday, or of the first open day after it. */
function standardDayMs({ weekly }: WorkingTimeCalendarDefinition): number {
  const day = weekdays.find((weekday) => weekly[weekday].length > 0)
  return day ? lengthMs(weekly[day]) : 0
}

function lengthMs(intervals: readonly MinuteInterval[]): number {
  return intervals.reduce((sum, [start, end]) => sum + (end - start) * minuteMs, 0)
}

function dayTables(
  definition: WorkingTimeCalendarDefinition,
  firstDay: number,
  dayCount: number,
  known: HolidayYears,
): Pick<WorkingTimeCalendar, 'plans' | 'planOfDay' | 'workedBefore'> {
  const { weekly, overrides } = definition
  const week = weekdays.map((weekday) => weekly[weekday])
  const kinds: (readonly MinuteInterval[])[] = [...week, []]
  const closedKind = 7
  const planOfDay = new Uint16Array(dayCount)
  for (let day = 0; day < dayCount; day += 1) {
    const dayNumber = firstDay + day
    const notice = definition.holidays ? noticeFor(dateOf(dayNumber), known) : null
    if (notice === 'holiday') planOfDay[day] = closedKind
    else if (notice === 'make-up day') planOfDay[day] = 0
    else planOfDay[day] = weekdayOf(dayNumber)
  }
  for (const [date, intervals] of Object.entries(overrides)) {
    const day = (dayNumberOf(date) ?? 0) - firstDay
    if (day < 0 || day >= dayCount) continue
    planOfDay[day] = intervals === 'closed' ? closedKind : kinds.push(intervals) - 1
  }

  const workedBefore = new Float64Array(dayCount + 1)
  const lengths = kinds.map(lengthMs)
  let worked = 0
  for (const [day, kind] of planOfDay.entries()) {
    worked += lengths[kind] ?? 0
    workedBefore[day + 1] = worked
  }
  return { plans: kinds.map(planOf), planOfDay, workedBefore }
}

function planOf(intervals: readonly MinuteInterval[]): DayPlan {
  const before: number[] = []
  let worked = 0
  for (const [start, end] of intervals) {
    before.push(worked)
    worked += (end - start) * minuteMs
  }
  return {
    starts: intervals.map(([start]) => start * minuteMs),
    ends: intervals.map(([, end]) => end * minuteMs),
    before,
  }
}
