import { expect, test } from '@jest/globals'
import { defaultCalendarDefinition } from '../src/calendar-definition.ts'
import { CalendarYearMissing } from '../src/calendar-year-missing.ts'
import { checkHolidayYear } from '../src/check-holiday-year.ts'
import {
  lastYearOf,
  shippedHolidays,
  withLoadedYears,
  type HolidayDays,
} from '../src/china-holidays.ts'
import { compileCalendar } from '../src/compile-calendar.ts'
import { readICalendar } from '../src/read-icalendar.ts'
import { addWorkingTime, isWorkingMoment, missingYears } from '../src/working-time.ts'

const HOUR = 3_600_000
const china = (text: string) => new Date(`${text}+08:00`)

/** Not the real year: five days off for New Year, so that it differs from every guess. */
const fictional: HolidayDays = {
  holidays: {
    ...Object.fromEntries([1, 2, 3, 4, 5].map((day) => [`2027-01-0${String(day)}`, '元旦'])),
    '2027-05-01': '劳动节',
    '2027-10-01': '国庆节',
  },
  makeUpDays: { '2027-01-09': '元旦' },
}

test('every shipped year passes as one that a site would load', () => {
  for (const [year, days] of shippedHolidays)
    expect({ year, faults: checkHolidayYear(year, days, shippedHolidays) }).toEqual({
      year,
      faults: [],
    })
})

test('a loaded year counts from its first moment to its last, and the one after it is missing', () => {
  const known = withLoadedYears(new Map([[2027, fictional]]))
  const calendar = compileCalendar(defaultCalendarDefinition, 'missing', known)
  const from = china('2026-12-31T16:30:00')
  expect(addWorkingTime(calendar, from, HOUR)).toEqual(china('2026-12-31T17:30:00'))
  expect(addWorkingTime(calendar, from, 2 * HOUR)).toEqual(china('2027-01-06T09:30:00'))
  expect(isWorkingMoment(calendar, china('2027-01-09T09:00:00'))).toBe(true)
  expect(isWorkingMoment(calendar, china('2027-01-16T09:00:00'))).toBe(false)
  expect(isWorkingMoment(calendar, china('2027-12-31T23:59:59'))).toBe(false)
  expect(() => isWorkingMoment(calendar, china('2028-01-01T00:00:00'))).toThrow(CalendarYearMissing)
  expect(missingYears(calendar, china('2028-01-01T00:00:00'))).toEqual([2028])
})

test('a loaded year holds instead of the shipped one, and touches no other', () => {
  const without: HolidayDays = { holidays: { '2026-01-01': '元旦' }, makeUpDays: {} }
  const known = withLoadedYears(new Map([[2026, without]]))
  const calendar = compileCalendar(defaultCalendarDefinition, 'missing', known)
  expect(isWorkingMoment(calendar, china('2026-10-01T09:00:00'))).toBe(true)
  expect(isWorkingMoment(calendar, china('2025-10-01T09:00:00'))).toBe(false)
  const shipped = compileCalendar(defaultCalendarDefinition)
  expect(isWorkingMoment(shipped, china('2026-10-01T09:00:00'))).toBe(false)
})

test('a year behind a gap is not known: deadlines run through years without one', () => {
  expect(lastYearOf(withLoadedYears(new Map([[2028, fictional]])))).toBe(2026)
})

test.each<[string, Partial<HolidayDays>, string]>([
  ['a day of another year', { makeUpDays: { '2026-12-26': '元旦' } }, '/makeUpDays/2026-12-26'],
  ['a date that no month has', { makeUpDays: { '2027-02-30': '春节' } }, '/makeUpDays/2027-02-30'],
  ['a make-up day on a Monday', { makeUpDays: { '2027-01-11': '元旦' } }, '/makeUpDays/2027-01-11'],
  ['a make-up day on a Friday', { makeUpDays: { '2027-01-08': '元旦' } }, '/makeUpDays/2027-01-08'],
  ['a day off and worked', { makeUpDays: { '2027-01-02': '元旦' } }, '/makeUpDays/2027-01-02'],
  [
    'a holiday of another year',
    { holidays: { ...fictional.holidays, '2028-01-01': '元旦' } },
    '/holidays/2028-01-01',
  ],
  ['a year without New Year', { holidays: { '2027-05-01': 'a', '2027-10-01': 'b' } }, '/holidays'],
])('%s is refused by pointer', (_what, changes, path) => {
  const faults = checkHolidayYear(2027, { ...fictional, ...changes }, shippedHolidays)
  expect(faults.map((fault) => fault.path)).toEqual([path])
})

test.each(['2027-01-09', '2027-01-10'])('a make-up day on the weekend day %s is fine', (date) => {
  const days = { ...fictional, makeUpDays: { [date]: '元旦' } }
  expect(checkHolidayYear(2027, days, shippedHolidays)).toEqual([])
})

test.each([
  [2006, 1],
  [2007, 0],
  [2026, 0],
  [2027, 0],
  [2028, 1],
])('of year %i the place in the row of known years has %i faults', (year, faults) => {
  const days = { ...fictional, holidays: {}, makeUpDays: {} }
  const found = checkHolidayYear(year, days, shippedHolidays).filter(({ path }) => path === '')
  expect(found).toHaveLength(faults)
})

const file = (...events: readonly string[]) =>
  [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    ...events.flatMap((event) => ['BEGIN:VEVENT', ...event.split('\n'), 'END:VEVENT']),
    'END:VCALENDAR',
    '',
  ].join('\r\n')

test('an iCalendar file is read by its marks, else by its words; festivals and other years are left out', () => {
  const text = file(
    'DTSTART;VALUE=DATE:20270101\nDTEND;VALUE=DATE:20270106\nSUMMARY;LANGUAGE=zh_CN:元旦（休）\nX-APPLE-SPECIAL-DAY:WORK-HOLIDAY',
    'DTSTART;VALUE=DATE:20270109\nSUMMARY:元旦\nX-APPLE-SPECIAL-DAY:ALTERNATE-WORKDAY',
    'DTSTART;VALUE=DATE:20270206\nSUMMARY:春节\nBEGIN:VALARM\nSUMMARY:放假\nEND:VALARM',
    'DTSTART;VALUE=DATE:20270501\nSUMMARY:劳动节\n  假期',
    'DTSTART:20271001T000000\nDTEND:20271002T000000\nSUMMARY:国庆节 休',
    'DTSTART;VALUE=DATE:20271009\nSUMMARY:国庆节 补班',
    'DTSTART;VALUE=DATE:20261001\nSUMMARY:国庆节 休',
    'DTSTART;VALUE=DATE:20270120\nSUMMARY:大寒',
  )
  expect(readICalendar(text, 2027)).toEqual({
    holidays: fictional.holidays,
    makeUpDays: { ...fictional.makeUpDays, '2027-10-09': '国庆节' },
  })
})

test.each([
  ['no calendar', 'SUMMARY:元旦', /BEGIN:VCALENDAR/],
  ['an event without a date', file('SUMMARY:元旦 休'), /元旦/],
  ['a date that no month has', file('DTSTART:20270230\nSUMMARY:春节 休'), /DTSTART/],
  ['an end before the start', file('DTSTART:20270102\nDTEND:20270102\nSUMMARY:元旦 休'), /ends/],
  ['an event of months', file('DTSTART:20270101\nDTEND:20270601\nSUMMARY:元旦 休'), /months/],
  ['a repetition', file('DTSTART:20270101\nRRULE:FREQ=YEARLY\nSUMMARY:元旦 休'), /repeats/],
])('of an iCalendar file %s is refused', (_what, text, message) => {
  expect(() => readICalendar(text, 2027)).toThrow(message)
})
