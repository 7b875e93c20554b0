import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import {
  defaultCalendarDefinition,
  officeWeek,
  weekdays,
  type MinuteInterval,
  type WorkingTimeCalendarDefinition,
} from '../src/calendar-definition.ts'
import { deadlineOf, elapsed, explain, type ClockFact } from '../src/clock.ts'
import { compileCalendar } from '../src/compile-calendar.ts'
import { addWorkingTime, isWorkingMoment, workingTimeBetween } from '../src/working-time.ts'
import { minuteOracle } from './minute-oracle.ts'

const hour = 3_600_000
const day = 24 * hour
const firstMs = Date.parse('2007-01-01T00:00:00+08:00')
const endMs = Date.parse('2027-01-01T00:00:00+08:00')

const office = compileCalendar(defaultCalendarDefinition)
const officeOracle = minuteOracle(defaultCalendarDefinition)

// Instants leave room before the end of the data, so that no target of these tests runs out of it.
const instant = fc.integer({ min: firstMs, max: endMs - 200 * day })
const shortTarget = fc.integer({ min: 0, max: 30 * hour })

const intervals = fc
  .uniqueArray(fc.integer({ min: 0, max: 1440 }), { minLength: 2, maxLength: 8 })
  .map((minutes) => {
    const sorted = minutes.sort((a, b) => a - b)
    const result: MinuteInterval[] = []
    for (let index = 0; index + 1 < sorted.length; index += 2) {
      result.push([sorted[index] ?? 0, sorted[index + 1] ?? 1440])
    }
    return result
  })

const week = fc.record({
  monday: intervals,
  tuesday: intervals,
  wednesday: intervals,
  thursday: intervals,
  friday: intervals,
  saturday: fc.oneof(fc.constant([]), intervals),
  sunday: fc.oneof(fc.constant([]), intervals),
})

const dateNear2026 = fc
  .integer({ min: Date.UTC(2026, 0, 1) / day, max: Date.UTC(2026, 2, 31) / day })
  .map((number) => new Date(number * day).toISOString().slice(0, 10))

const definition: fc.Arbitrary<WorkingTimeCalendarDefinition> = fc.record({
  id: fc.constant('fuzzed'),
  version: fc.constant(1),
  zone: fc.constant('Asia/Shanghai' as const),
  kind: fc.constant('working-time' as const),
  weekly: week,
  overrides: fc.dictionary(dateNear2026, fc.oneof(fc.constant('closed' as const), intervals), {
    maxKeys: 8,
  }),
  holidays: fc.boolean(),
})

const early2026 = fc.integer({
  min: Date.parse('2025-12-28T00:00:00+08:00'),
  max: Date.parse('2026-04-02T00:00:00+08:00'),
})

test('the shipped calendar agrees with a walk minute by minute', () => {
  fc.assert(
    fc.property(instant, shortTarget, (fromMs, workingMs) => {
      const from = new Date(fromMs)
      const deadline = addWorkingTime(office, from, workingMs)
      expect(deadline.getTime()).toBe(officeOracle.add(fromMs, workingMs))
      expect(workingTimeBetween(office, from, deadline)).toBe(
        officeOracle.between(fromMs, deadline.getTime()),
      )
      expect(isWorkingMoment(office, from)).toBe(officeOracle.isOpen(fromMs))
    }),
    { numRuns: 300 },
  )
})

test('any week with breaks, overrides and holidays agrees with a walk minute by minute', () => {
  fc.assert(
    fc.property(definition, early2026, early2026, shortTarget, (fuzzed, aMs, bMs, workingMs) => {
      const calendar = compileCalendar(fuzzed)
      const oracle = minuteOracle(fuzzed)
      const [low, high] = aMs < bMs ? [aMs, bMs] : [bMs, aMs]
      expect(workingTimeBetween(calendar, new Date(low), new Date(high))).toBe(
        oracle.between(low, high),
      )
      expect(isWorkingMoment(calendar, new Date(aMs))).toBe(oracle.isOpen(aMs))
      expect(addWorkingTime(calendar, new Date(aMs), workingMs).getTime()).toBe(
        oracle.add(aMs, workingMs),
      )
    }),
    { numRuns: 60 },
  )
})

test('all 128 sets of weekdays agree with a walk minute by minute', () => {
  const hours = officeWeek().monday
  const fromMs = Date.parse('2026-02-10T10:17:23.456+08:00')
  for (let set = 0; set < 128; set += 1) {
    const open = weekdays.map((_, index) => ((set >> index) & 1 ? hours : []))
    const [
      monday = [],
      tuesday = [],
      wednesday = [],
      thursday = [],
      friday = [],
      saturday = [],
      sunday = [],
    ] = open
    const weekly = { monday, tuesday, wednesday, thursday, friday, saturday, sunday }
    for (const holidays of [true, false]) {
      const some = { ...defaultCalendarDefinition, weekly, holidays }
      const calendar = compileCalendar(some)
      const oracle = minuteOracle(some)
      const toMs = fromMs + 15 * day
      const worked = workingTimeBetween(calendar, new Date(fromMs), new Date(toMs))
      expect({ set, holidays, worked }).toEqual({
        set,
        holidays,
        worked: oracle.between(fromMs, toMs),
      })
      if (set === 0) continue
      const deadline = addWorkingTime(calendar, new Date(fromMs), 7 * hour).getTime()
      expect({ set, holidays, deadline }).toEqual({
        set,
        holidays,
        deadline: oracle.add(fromMs, 7 * hour),
      })
    }
  }
})

test('the time between a start and its deadline is the target, and no earlier instant will do', () => {
  fc.assert(
    fc.property(instant, fc.integer({ min: 1, max: 900 * hour }), (fromMs, workingMs) => {
      const from = new Date(fromMs)
      const deadline = addWorkingTime(office, from, workingMs)
      expect(workingTimeBetween(office, from, deadline)).toBe(workingMs)
      const before = new Date(deadline.getTime() - 1)
      expect(workingTimeBetween(office, from, before)).toBe(workingMs - 1)
    }),
    { numRuns: 1000 },
  )
})

test('a later start or a longer target never ends earlier', () => {
  fc.assert(
    fc.property(
      instant,
      fc.nat(20 * day),
      shortTarget,
      fc.nat(hour),
      (fromMs, laterBy, workingMs, more) => {
        const end = addWorkingTime(office, new Date(fromMs), workingMs).getTime()
        expect(
          addWorkingTime(office, new Date(fromMs + laterBy), workingMs).getTime(),
        ).toBeGreaterThanOrEqual(end)
        expect(
          addWorkingTime(office, new Date(fromMs), workingMs + more).getTime(),
        ).toBeGreaterThanOrEqual(end)
      },
    ),
    { numRuns: 500 },
  )
})

test('time between adds up over any instant in the middle, and is opposite backwards', () => {
  fc.assert(
    fc.property(instant, instant, instant, (a, b, c) => {
      const [atA, atB, atC] = [new Date(a), new Date(b), new Date(c)]
      const whole = workingTimeBetween(office, atA, atC)
      expect(workingTimeBetween(office, atA, atB) + workingTimeBetween(office, atB, atC)).toBe(
        whole,
      )
      expect(workingTimeBetween(office, atC, atA) + whole).toBe(0)
    }),
    { numRuns: 500 },
  )
})

/** A start with a target, and pauses as gaps: running for `gaps[0]`, paused for `gaps[1]`, and so on. */
const pausedClock = fc
  .tuple(
    instant,
    fc.integer({ min: 1, max: 60 * hour }),
    fc.array(fc.nat(3 * day), { maxLength: 8 }),
  )
  .map(([fromMs, milliseconds, gaps]) => {
    const facts: ClockFact[] = [{ at: new Date(fromMs), kind: 'start', target: { milliseconds } }]
    let atMs = fromMs
    for (const [index, gap] of gaps.slice(0, gaps.length - (gaps.length % 2)).entries()) {
      atMs += gap
      facts.push({ at: new Date(atMs), kind: index % 2 === 0 ? 'pause' : 'resume' })
    }
    return { facts, endMs: atMs, milliseconds }
  })

test('a pause before the deadline moves it by exactly the working time of the pause', () => {
  fc.assert(
    fc.property(
      instant,
      fc.integer({ min: 1, max: 60 * hour }),
      fc.nat(10 * day),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (fromMs, milliseconds, pauseMs, share) => {
        const start: ClockFact = { at: new Date(fromMs), kind: 'start', target: { milliseconds } }
        const without = addWorkingTime(office, start.at, milliseconds)
        const pause = new Date(fromMs + Math.floor((without.getTime() - fromMs) * share))
        const resume = new Date(pause.getTime() + pauseMs)
        const withPause = deadlineOf(
          [start, { at: pause, kind: 'pause' }, { at: resume, kind: 'resume' }],
          office,
        )
        expect(withPause).not.toBeNull()
        expect(workingTimeBetween(office, without, withPause ?? without)).toBe(
          // Once the target is used up (closed hours before a deadline's night), there is nothing left to move.
          workingTimeBetween(office, start.at, pause) === milliseconds
            ? 0
            : workingTimeBetween(office, pause, resume),
        )
      },
    ),
    { numRuns: 500 },
  )
})

test('splitting a pause changes neither deadline nor time used', () => {
  fc.assert(
    fc.property(
      instant,
      fc.nat(20 * hour),
      fc.nat(5 * day),
      fc.nat(5 * day),
      (fromMs, runMs, firstMsOfPause, rest) => {
        const start: ClockFact = { at: new Date(fromMs), kind: 'start', target: { workingDays: 3 } }
        const pause = new Date(fromMs + runMs)
        const middle = new Date(pause.getTime() + firstMsOfPause)
        const resume = new Date(middle.getTime() + rest)
        const whole: ClockFact[] = [
          start,
          { at: pause, kind: 'pause' },
          { at: resume, kind: 'resume' },
        ]
        const split: ClockFact[] = [
          start,
          { at: pause, kind: 'pause' },
          { at: middle, kind: 'resume' },
          { at: middle, kind: 'pause' },
          { at: resume, kind: 'resume' },
        ]
        const now = new Date(resume.getTime() + 2 * day)
        expect(deadlineOf(split, office)).toEqual(deadlineOf(whole, office))
        expect(explain(split, office, now)).toEqual(explain(whole, office, now))
      },
    ),
    { numRuns: 300 },
  )
})

test('an explanation has no gap, and its sums are those of the minute walk', () => {
  fc.assert(
    fc.property(pausedClock, fc.nat(3 * day), ({ facts, endMs: lastMs, milliseconds }, more) => {
      const now = new Date(lastMs + more)
      const { segments, usedMs, remainingMs, deadline, breachedAt } = explain(facts, office, now)
      expect(usedMs).toBe(elapsed(facts, office, now))
      expect(usedMs + remainingMs).toBe(milliseconds)
      let at = facts[0]?.at.getTime() ?? 0
      let used = 0
      for (const { from, to, state, workingMs } of segments) {
        expect(from.getTime()).toBe(at)
        expect(workingMs).toBe(officeOracle.between(at, to.getTime()))
        if (state === 'running') used += workingMs
        if (state === 'running') expect(workingMs).toBe(to.getTime() - at)
        at = to.getTime()
      }
      expect(at).toBe(Math.max(now.getTime(), facts[0]?.at.getTime() ?? 0))
      expect(used).toBe(usedMs)
      if (remainingMs < 0) expect(breachedAt).not.toBeNull()
      if (remainingMs > 0) expect(breachedAt).toBeNull()
      if (remainingMs > 0 && deadline)
        expect(workingTimeBetween(office, now, deadline)).toBe(remainingMs)
    }),
    { numRuns: 200 },
  )
})

test('a changed target keeps the time used', () => {
  fc.assert(
    fc.property(
      pausedClock,
      fc.integer({ min: 1, max: 100 * hour }),
      ({ facts, endMs: lastMs }, milliseconds) => {
        const now = new Date(lastMs)
        const changed: ClockFact[] = [
          ...facts,
          { at: now, kind: 'target-changed', target: { milliseconds } },
        ]
        const usedMs = elapsed(facts, office, now)
        expect(explain(changed, office, now)).toMatchObject({
          usedMs,
          remainingMs: milliseconds - usedMs,
        })
        const deadline = deadlineOf(changed, office)
        if (milliseconds > usedMs && deadline) {
          expect(workingTimeBetween(office, now, deadline)).toBe(milliseconds - usedMs)
        }
      },
    ),
    { numRuns: 300 },
  )
})
