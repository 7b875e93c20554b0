import { describe, expect, test } from '@jest/globals'
import { dayNumberOf, weekdayOf } from '@erp-steward/work-calendar/calendar-date'
import {
  isFrozen,
  isOpenAt,
  nextOpenSpan,
  type ChangeWindows,
} from '../../src/changes/rules/change-window.ts'

/** Monday to Friday, without holidays. */
const weekdays = (day: number) => weekdayOf(day) < 5

const shipped: ChangeWindows = {
  windows: ['TUE 20:00-24:00', 'THU 20:00-24:00'],
  freezeBeforeDays: 2,
  freezeAfterWorkingDays: 5,
  isWorkingDay: weekdays,
}
const only = (...windows: string[]): ChangeWindows => ({
  windows,
  freezeBeforeDays: 0,
  freezeAfterWorkingDays: 0,
  isWorkingDay: weekdays,
})
/** An instant of Chinese time. */
const china = (text: string) => new Date(`${text}+08:00`)
const day = (date: string) => dayNumberOf(date) ?? NaN

describe('[A-3.3.5] a weekly window, in Chinese time', () => {
  test.each([
    ['TUE 20:00-24:00', '2026-03-10T19:59:59.999', false],
    ['TUE 20:00-24:00', '2026-03-10T20:00:00.000', true],
    ['TUE 20:00-24:00', '2026-03-10T23:59:59.999', true],
    ['TUE 20:00-24:00', '2026-03-11T00:00:00.000', false],
    ['SAT 20:00-SUN 06:00', '2026-03-14T20:00:00.000', true],
    ['SAT 20:00-SUN 06:00', '2026-03-15T05:59:59.999', true],
    ['SAT 20:00-SUN 06:00', '2026-03-15T06:00:00.000', false],
    ['SUN 22:00-MON 02:00', '2026-03-15T21:59:59.999', false],
    ['SUN 22:00-MON 02:00', '2026-03-16T01:59:59.999', true],
    ['SUN 22:00-MON 02:00', '2026-03-16T02:00:00.000', false],
    ['FRI 22:00-02:00', '2026-03-14T01:59:59.999', true],
    ['FRI 22:00-02:00', '2026-03-14T02:00:00.000', false],
    ['MON 00:00-SUN 24:00', '2026-03-15T23:59:59.999', true],
    ['MON 00:00-SUN 24:00', '2026-03-16T00:00:00.000', true],
    ['WED 00:00-24:00', '2026-03-11T12:00:00.000', true],
    ['WED 00:00-24:00', '2026-03-12T00:00:00.000', false],
  ])('%s at %s is open: %s', (window, at, isOpen) => {
    expect(isOpenAt(only(window), china(at))).toBe(isOpen)
  })

  test('no window is never open, and none is next', () => {
    expect(isOpenAt(only(), china('2026-03-10T21:00'))).toBe(false)
    expect(nextOpenSpan(only(), china('2026-03-10T21:00'))).toBeNull()
  })
})

describe('[A-3.3.5] the freeze around the end of a month', () => {
  test.each([
    ['2026-03-29', false],
    ['2026-03-30', true],
    ['2026-03-31', true],
    ['2026-04-01', true],
    // 1, 2, 3, 6 and 7 April are the first five weekdays.
    ['2026-04-07', true],
    ['2026-04-08', false],
    ['2026-02-26', false],
    ['2026-02-27', true],
    ['2028-02-27', false],
    ['2028-02-28', true],
    ['2026-12-31', true],
  ])('%s is frozen: %s', (date, frozen) => {
    expect(isFrozen(shipped, day(date))).toBe(frozen)
  })

  test('zero days before and after are no freeze', () => {
    for (const date of ['2026-03-31', '2026-04-01'])
      expect(isFrozen(only('TUE 20:00-24:00'), day(date))).toBe(false)
  })

  test('where no working day is known, the freeze does not end', () => {
    const unknown = { ...shipped, isWorkingDay: () => false }
    expect(isFrozen(unknown, day('2026-03-20'))).toBe(true)
    expect(nextOpenSpan(unknown, china('2026-03-20T10:00'))).toBeNull()
  })
})

describe('the next time in which changes may start', () => {
  test('is the next window', () => {
    expect(nextOpenSpan(shipped, china('2026-03-09T10:00'))).toEqual({
      from: china('2026-03-10T20:00'),
      until: china('2026-03-11T00:00'),
    })
  })

  test('passes the freeze', () => {
    expect(nextOpenSpan(shipped, china('2026-03-27T00:00'))).toEqual({
      from: china('2026-04-09T20:00'),
      until: china('2026-04-10T00:00'),
    })
  })

  test('begins and ends with the freeze where the window is wider', () => {
    const wide = { ...shipped, windows: ['MON 00:00-SUN 24:00'] }
    expect(nextOpenSpan(wide, china('2026-03-31T12:00'))).toEqual({
      from: china('2026-04-08T00:00'),
      until: china('2026-04-29T00:00'),
    })
  })

  test('is now where the window is open, and without an end where it never closes', () => {
    const at = china('2026-03-10T21:00')
    expect(nextOpenSpan(shipped, at)?.from).toEqual(at)
    expect(nextOpenSpan(only('MON 00:00-SUN 24:00'), at)).toEqual({ from: at, until: null })
  })

  test('ends with a window that began days before', () => {
    expect(nextOpenSpan(only('FRI 20:00-MON 06:00'), china('2026-03-08T10:00'))).toEqual({
      from: china('2026-03-08T10:00'),
      until: china('2026-03-09T06:00'),
    })
    const afterFreeze = { ...shipped, freezeAfterWorkingDays: 1, windows: ['FRI 20:00-TUE 06:00'] }
    // Monday, 1 June is the first working day and frozen; the window of the Friday before goes on after it.
    expect(nextOpenSpan(afterFreeze, china('2026-06-01T10:00'))).toEqual({
      from: china('2026-06-02T00:00'),
      until: china('2026-06-02T06:00'),
    })
  })

  test('agrees with the minute-by-minute answer', () => {
    const rules = {
      ...shipped,
      windows: ['SUN 22:00-MON 02:00', 'THU 23:30-00:15', 'FRI 21:00-SUN 03:00'],
    }
    const start = china('2026-03-01T00:00').getTime()
    const minute = (index: number) => new Date(start + index * 60_000)
    const open = Array.from({ length: 55 * 24 * 60 }, (_, index) => isOpenAt(rules, minute(index)))
    for (let hour = 0; hour < 24 * 40; hour += 7) {
      const from = open.indexOf(true, hour * 60)
      const until = open.indexOf(false, from)
      expect(nextOpenSpan(rules, minute(hour * 60))).toEqual({
        from: minute(from),
        until: minute(until),
      })
    }
  })
})
