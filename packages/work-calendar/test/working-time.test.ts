import { expect, test } from '@jest/globals'
import { CalendarYearMissing } from '../src/calendar-year-missing.ts'
import {
  defaultCalendarDefinition,
  officeWeek,
  roundTheClockDefinition,
  type WorkingTimeCalendarDefinition,
} from '../src/calendar-definition.ts'
import { compileCalendar } from '../src/compile-calendar.ts'
import {
  addWorkingTime,
  isWorkingMoment,
  missingYears,
  targetMs,
  workingDayMs,
  workingSpans,
  workingTimeBetween,
} from '../src/working-time.ts'
import { chineseDays } from './minute-oracle.ts'

const hour = 3_600_000
const office = compileCalendar(defaultCalendarDefinition)
const roundTheClock = compileCalendar(roundTheClockDefinition)
const withoutHolidays = compileCalendar({ ...defaultCalendarDefinition, holidays: false })

function at(local: string): Date {
  return new Date(`${local.replace(' ', 'T')}+08:00`)
}

function own(changes: Partial<WorkingTimeCalendarDefinition>) {
  return compileCalendar({ ...defaultCalendarDefinition, ...changes })
}

test.each([
  ['one millisecond before the start of an ordinary Monday', '2026-03-09 08:29:59.999', false],
  ['at the start', '2026-03-09 08:30:00.000', true],
  ['one second after the start', '2026-03-09 08:30:01.000', true],
  ['one millisecond before lunch', '2026-03-09 11:59:59.999', true],
  ['when lunch begins', '2026-03-09 12:00:00.000', false],
  ['one second before lunch ends', '2026-03-09 12:59:59.000', false],
  ['when lunch ends', '2026-03-09 13:00:00.000', true],
  ['one millisecond before the end', '2026-03-09 17:29:59.999', true],
  ['at the end', '2026-03-09 17:30:00.000', false],
  ['at midnight of a working day', '2026-03-09 00:00:00.000', false],
  ['on an ordinary Saturday', '2026-03-14 10:00:00.000', false],
  ['on an ordinary Sunday', '2026-03-15 10:00:00.000', false],
  ['on the make-up Sunday of New Year 2026', '2026-01-04 10:00:00.000', true],
  ['on the make-up Saturday before the Spring Festival of 2026', '2026-02-14 10:00:00.000', true],
  ['on the make-up Saturday after the Spring Festival of 2026', '2026-02-28 08:30:00.000', true],
  ['at lunch of a make-up Saturday', '2026-02-28 12:30:00.000', false],
  ['at the end of a make-up Saturday', '2026-02-28 17:30:00.000', false],
  ['on the make-up Saturday of Labour Day 2026', '2026-05-09 10:00:00.000', true],
  ['on the make-up Sunday before National Day 2026', '2026-09-20 10:00:00.000', true],
  ['on the make-up Saturday after National Day 2026', '2026-10-10 10:00:00.000', true],
  ['on the Sunday before the Spring Festival, which is off', '2026-02-15 10:00:00.000', false],
  ['on the last day of the Spring Festival of 2026', '2026-02-23 10:00:00.000', false],
  ['on the first day after the Spring Festival of 2026', '2026-02-24 10:00:00.000', true],
  ['on 30 September 2026', '2026-09-30 17:29:59.000', true],
  ['on National Day', '2026-10-01 10:00:00.000', false],
  ['on the last day of the National Day holiday', '2026-10-07 10:00:00.000', false],
  ['on the first day after it', '2026-10-08 08:30:00.000', true],
  [
    'on 1 February 2020, first a make-up day, then part of the longer holiday',
    '2020-02-01 10:00',
    false,
  ],
  ['on 3 September 2015, the holiday of one year', '2015-09-03 10:00:00.000', false],
  ['on 2 May 2019, added to the holiday in March', '2019-05-02 10:00:00.000', false],
  ['on the first covered day, a holiday', '2007-01-01 10:00:00.000', false],
  ['in the last covered working minute', '2026-12-31 17:29:00.000', true],
])('%s', (_title, local, expected) => {
  expect(isWorkingMoment(office, at(local))).toBe(expected)
})

test('every day from 2007 to 2026 is worked exactly when chinese-days says so', () => {
  const different: string[] = []
  for (let ms = Date.UTC(2007, 0, 1); ms < Date.UTC(2027, 0, 1); ms += 24 * hour) {
    const date = new Date(ms).toISOString().slice(0, 10)
    const works = isWorkingMoment(office, at(`${date} 10:00`))
    if (works !== chineseDays.isWorkday(date)) different.push(date)
  }
  expect(different).toEqual([])
})

test.each([
  ['two hours inside a morning', '2026-03-09 09:00', 2 * hour, '2026-03-09 11:00'],
  ['two hours across lunch', '2026-03-09 11:00', 2 * hour, '2026-03-09 14:00'],
  ['exactly to lunch, not to its end', '2026-03-09 08:30', 3.5 * hour, '2026-03-09 12:00'],
  [
    'exactly to the end of the day, not to the next start',
    '2026-03-09 08:30',
    8 * hour,
    '2026-03-09 17:30',
  ],
  [
    'one millisecond into the next day',
    '2026-03-09 08:30',
    8 * hour + 1,
    '2026-03-10 08:30:00.001',
  ],
  ['from a Friday evening', '2026-03-13 18:00', hour, '2026-03-16 09:30'],
  ['from the night before a working day', '2026-03-16 03:00', hour, '2026-03-16 09:30'],
  ['a Friday whose Saturday is a make-up day', '2026-02-27 17:00', hour, '2026-02-28 09:00'],
  ['over the Spring Festival of 2026', '2026-02-14 17:00', hour, '2026-02-24 09:00'],
  [
    'over National Day 2026 to the make-up Saturday',
    '2026-09-30 16:30',
    25 * hour,
    '2026-10-10 17:30',
  ],
  ['nothing, which moves nothing, even at night', '2026-03-09 23:00', 0, '2026-03-09 23:00'],
  ['to the last working moment of the data', '2026-12-31 08:30', 8 * hour, '2026-12-31 17:30'],
])('[A-5.2.3] adding working time: %s', (_title, from, workingMs, expected) => {
  expect(addWorkingTime(office, at(from), workingMs)).toEqual(at(expected))
})

test('[A-5.2.3] two working days from Friday afternoon end on Tuesday at the same time', () => {
  const workingMs = targetMs(office, { workingDays: 2 })
  expect(workingMs).toBe(16 * hour)
  expect(addWorkingTime(office, at('2026-03-13 15:00'), workingMs)).toEqual(at('2026-03-17 15:00'))
})

test('time between is negative backwards, and closed time weighs nothing', () => {
  expect(workingTimeBetween(office, at('2026-03-13 17:00'), at('2026-03-16 09:00'))).toBe(hour)
  expect(workingTimeBetween(office, at('2026-03-16 09:00'), at('2026-03-13 17:00'))).toBe(-hour)
  expect(workingTimeBetween(office, at('2026-10-01 00:00'), at('2026-10-08 08:30'))).toBe(0)
})

test('the first and the last millisecond of the opening hours count, those beside them do not', () => {
  expect(workingTimeBetween(office, at('2026-03-09 08:29:59.999'), at('2026-03-09 08:30'))).toBe(0)
  expect(workingTimeBetween(office, at('2026-03-09 08:30'), at('2026-03-09 08:30:00.001'))).toBe(1)
  expect(workingTimeBetween(office, at('2026-03-09 17:29:59.999'), at('2026-03-09 17:30'))).toBe(1)
  expect(workingTimeBetween(office, at('2026-03-09 17:30'), at('2026-03-09 17:30:00.001'))).toBe(0)
})

test('working spans are cut at both ends and skip lunch and night', () => {
  expect(workingSpans(office, at('2026-03-09 11:00'), at('2026-03-10 09:00'))).toEqual([
    { from: at('2026-03-09 11:00'), to: at('2026-03-09 12:00') },
    { from: at('2026-03-09 13:00'), to: at('2026-03-09 17:30') },
    { from: at('2026-03-10 08:30'), to: at('2026-03-10 09:00') },
  ])
  expect(workingSpans(roundTheClock, at('2026-03-10 09:00'), at('2026-03-10 09:00'))).toEqual([])
})

test.each([
  [
    'adding past the last working moment',
    () => addWorkingTime(office, at('2026-12-31 08:30'), 8 * hour + 1),
    2027,
  ],
  [
    'adding nothing to a date after the data',
    () => addWorkingTime(office, at('2027-01-01 00:00'), 0),
    2027,
  ],
  [
    'asking about the first instant after the data',
    () => isWorkingMoment(office, at('2027-01-01 00:00')),
    2027,
  ],
  [
    'asking about the last instant before the data',
    () => isWorkingMoment(office, at('2006-12-31 23:59:59.999')),
    2006,
  ],
  [
    'measuring into a later year',
    () => workingTimeBetween(office, at('2026-12-31 09:00'), at('2028-05-05 09:00')),
    2028,
  ],
])('%s names the missing year and what to do', (_title, ask, year) => {
  const error = errorOf(ask)
  expect(error).toBeInstanceOf(CalendarYearMissing)
  expect(error).toMatchObject({ year, message: expect.stringContaining(`notice for ${year}`) })
})

test('the last instant of the data is answered', () => {
  expect(isWorkingMoment(office, at('2026-12-31 23:59:59.999'))).toBe(false)
})

test('missing years are told ahead, only where holidays apply', () => {
  expect(missingYears(office, at('2026-12-31 23:59'))).toEqual([])
  expect(missingYears(office, at('2027-01-01 00:00'))).toEqual([2027])
  expect(missingYears(office, at('2028-06-01 00:00'))).toEqual([2027, 2028])
  expect(missingYears(withoutHolidays, at('2028-06-01 00:00'))).toEqual([])
  expect(missingYears(roundTheClock, at('2028-06-01 00:00'))).toEqual([])
})

test('a continuous calendar needs no data and has no limit', () => {
  expect(isWorkingMoment(roundTheClock, at('1949-10-01 03:00'))).toBe(true)
  expect(addWorkingTime(roundTheClock, at('2031-10-01 03:00'), hour)).toEqual(
    at('2031-10-01 04:00'),
  )
  expect(workingTimeBetween(roundTheClock, at('2030-01-01 00:00'), at('2030-01-02 00:00'))).toBe(
    24 * hour,
  )
  expect(targetMs(roundTheClock, { workingDays: 1 })).toBe(24 * hour)
})

test('a calendar without holidays works on National Day and beyond the data, within its own years', () => {
  expect(isWorkingMoment(withoutHolidays, at('2026-10-01 10:00'))).toBe(true)
  expect(isWorkingMoment(withoutHolidays, at('2026-10-10 10:00'))).toBe(false)
  expect(addWorkingTime(withoutHolidays, at('2026-12-31 17:00'), hour)).toEqual(
    at('2027-01-01 09:00'),
  )
  expect(() => isWorkingMoment(withoutHolidays, at('2100-01-01 00:00'))).toThrow(RangeError)
})

test('an override beats the weekday, the holiday and the make-up day', () => {
  const calendar = own({
    overrides: {
      '2026-10-01': [[600, 660]],
      '2026-10-10': 'closed',
      '2026-03-10': [[0, 1440]],
      '2031-01-01': 'closed',
    },
  })
  expect(isWorkingMoment(calendar, at('2026-10-01 10:00'))).toBe(true)
  expect(isWorkingMoment(calendar, at('2026-10-01 11:00'))).toBe(false)
  expect(isWorkingMoment(calendar, at('2026-10-10 10:00'))).toBe(false)
  expect(isWorkingMoment(calendar, at('2026-03-10 00:00'))).toBe(true)
  expect(isWorkingMoment(calendar, at('2026-03-10 23:59'))).toBe(true)
})

test('a make-up day works the hours of Monday, not those of its own weekday', () => {
  const calendar = own({ weekly: { ...officeWeek(), monday: [[600, 660]], saturday: [[0, 60]] } })
  expect(isWorkingMoment(calendar, at('2026-02-28 10:30'))).toBe(true)
  expect(isWorkingMoment(calendar, at('2026-02-28 00:30'))).toBe(false)
})

test('a working day is as long as Monday, or the first open day after it', () => {
  expect(workingDayMs(office)).toBe(8 * hour)
  expect(workingDayMs(own({ weekly: officeWeek(null) }))).toBe(9 * hour)
  expect(workingDayMs(own({ weekly: { ...officeWeek(), monday: [], tuesday: [[0, 60]] } }))).toBe(
    hour,
  )
})

test('a week without an open day has no working day and never reaches a target', () => {
  const open = officeWeek()
  const weekly = { ...open, monday: [], tuesday: [], wednesday: [], thursday: [], friday: [] }
  expect(() => workingDayMs(own({ weekly }))).toThrow(RangeError)
  expect(() => addWorkingTime(own({ weekly }), at('2026-03-09 09:00'), 1)).toThrow(
    CalendarYearMissing,
  )
  expect(() => addWorkingTime(own({ weekly, holidays: false }), at('2026-03-09 09:00'), 1)).toThrow(
    RangeError,
  )
})

test.each([
  ['negative working time', () => addWorkingTime(office, at('2026-03-09 09:00'), -1)],
  ['a fraction of a millisecond', () => addWorkingTime(office, at('2026-03-09 09:00'), 0.5)],
  [
    'working time that is not a number',
    () => addWorkingTime(office, at('2026-03-09 09:00'), Number.NaN),
  ],
  ['an invalid date', () => isWorkingMoment(office, new Date(Number.NaN))],
  [
    'an invalid date in a continuous calendar',
    () => addWorkingTime(roundTheClock, new Date(Number.NaN), 1),
  ],
  ['a negative target', () => targetMs(office, { workingDays: -1 })],
  ['an endless target', () => targetMs(office, { workingDays: Infinity })],
  ['a target of broken milliseconds', () => targetMs(office, { milliseconds: 1.5 })],
])('%s is a RangeError', (_title, ask) => {
  expect(ask).toThrow(RangeError)
})

test('a calendar keeps its answers when the definition it came from is changed', () => {
  const overrides: Record<string, 'closed'> = {}
  const calendar = own({ overrides })
  overrides['2026-03-09'] = 'closed'
  expect(isWorkingMoment(calendar, at('2026-03-09 09:00'))).toBe(true)
  expect(Object.isFrozen(calendar)).toBe(true)
})

function errorOf(ask: () => unknown): unknown {
  try {
    ask()
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}
