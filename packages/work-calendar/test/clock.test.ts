import { expect, test } from '@jest/globals'
import { defaultCalendarDefinition, roundTheClockDefinition } from '../src/calendar-definition.ts'
import { CalendarYearMissing } from '../src/calendar-year-missing.ts'
import { deadlineOf, elapsed, explain, type ClockFact } from '../src/clock.ts'
import { compileCalendar } from '../src/compile-calendar.ts'

const hour = 3_600_000
const office = compileCalendar(defaultCalendarDefinition)
const roundTheClock = compileCalendar(roundTheClockDefinition)

// Monday 9 March 2026 is an ordinary working day.
function at(local: string): Date {
  return new Date(`${local.includes(' ') ? local.replace(' ', 'T') : `2026-03-09T${local}`}+08:00`)
}

function start(local: string, hours: number): ClockFact {
  return {
    at: at(local),
    kind: 'start',
    target: { milliseconds: hours * hour },
    reason: 'reported',
  }
}

function fact(local: string, kind: 'pause' | 'resume' | 'stop', reason?: string): ClockFact {
  return reason === undefined ? { at: at(local), kind } : { at: at(local), kind, reason }
}

function retarget(local: string, hours: number): ClockFact {
  return { at: at(local), kind: 'target-changed', target: { milliseconds: hours * hour } }
}

test('[A-5.2.3] a clock without pauses ends after its target of working time', () => {
  expect(deadlineOf([start('16:30', 2)], office)).toEqual(at('2026-03-10 09:30'))
  expect(deadlineOf([start('16:30', 2)], roundTheClock)).toEqual(at('18:30'))
})

test('[A-5.2.3] a target of working days counts standard days of the calendar', () => {
  const facts: ClockFact[] = [
    { at: at('2026-02-13 15:00'), kind: 'start', target: { workingDays: 2 } },
  ]
  // Saturday 14 February is a make-up day; then the Spring Festival is off until the 23rd.
  expect(deadlineOf(facts, office)).toEqual(at('2026-02-24 15:00'))
  expect(deadlineOf(facts, roundTheClock)).toEqual(at('2026-02-15 15:00'))
})

test('a paused clock has no deadline, and a resumed one moves by the working time of the pause', () => {
  const paused = [start('09:00', 4), fact('10:00', 'pause', 'waiting for the user')]
  expect(deadlineOf(paused, office)).toBeNull()
  expect(deadlineOf([...paused, fact('11:00', 'resume')], office)).toEqual(at('15:00'))
})

test.each([
  ['in the night', '2026-03-09 17:30', '2026-03-10 08:30'],
  ['at lunch', '2026-03-09 12:00', '2026-03-09 13:00'],
  ['at the weekend', '2026-03-14 00:00', '2026-03-15 23:00'],
])('a pause %s costs nothing', (_title, from, to) => {
  const facts = [start('09:00', 60)]
  const paused = [...facts, fact(from, 'pause'), fact(to, 'resume')]
  expect(deadlineOf(paused, office)).toEqual(deadlineOf(facts, office))
})

test('a target used up exactly when the pause begins stays where it was', () => {
  const facts = [start('09:00', 2), fact('11:00', 'pause'), fact('14:00', 'resume')]
  expect(deadlineOf(facts, office)).toEqual(at('11:00'))
  expect(explain(facts, office, at('14:00')).breachedAt).toBeNull()
  expect(explain(facts, office, at('14:01')).breachedAt).toEqual(at('14:00'))
})

test('a changed target keeps the time used', () => {
  const facts = [start('09:00', 8), retarget('11:00', 3)]
  expect(deadlineOf(facts, office)).toEqual(at('12:00'))
  expect(elapsed(facts, office, at('11:30'))).toBe(2.5 * hour)
})

test('a target lowered below the time used lies in the past, but is breached only from the change on', () => {
  const facts = [start('09:00', 8), retarget('11:30', 1)]
  expect(deadlineOf(facts, office)).toEqual(at('10:00'))
  expect(explain(facts, office, at('11:45'))).toMatchObject({
    remainingMs: -1.75 * hour,
    breachedAt: at('11:30'),
  })
})

test('a raised target forgives: the target in force counts', () => {
  const facts = [start('09:00', 1), retarget('11:00', 4)]
  expect(explain(facts, office, at('10:30')).breachedAt).toEqual(at('10:00'))
  expect(explain(facts, office, at('11:30')).breachedAt).toBeNull()
})

test('[A-5.2.3] being done at the deadline is in time, one millisecond later is a breach', () => {
  const inTime = [start('09:00', 2), fact('11:00', 'stop')]
  expect(explain(inTime, office, at('2026-03-20 09:00')).breachedAt).toBeNull()
  const late = [start('09:00', 2), fact('11:00:00.001', 'stop')]
  expect(explain(late, office, at('2026-03-20 09:00')).breachedAt).toEqual(at('11:00'))
})

test('a running clock is breached after its deadline, also in the night', () => {
  const facts = [start('09:30', 7)]
  expect(explain(facts, office, at('17:30')).breachedAt).toBeNull()
  expect(explain(facts, office, at('17:31')).breachedAt).toEqual(at('17:30'))
})

test('a clock paused before its deadline is not breached, however long the pause', () => {
  const facts = [start('09:00', 2), fact('10:59', 'pause')]
  expect(explain(facts, office, at('2026-06-09 09:00'))).toMatchObject({
    state: 'paused',
    deadline: null,
    breachedAt: null,
    remainingMs: 60_000,
  })
})

test('a clock that was breached before its pause says when', () => {
  const facts = [start('09:00', 1), fact('11:00', 'pause')]
  expect(explain(facts, office, at('11:30'))).toMatchObject({
    deadline: null,
    breachedAt: at('10:00'),
  })
})

test('a clock explains every stretch of its life', () => {
  const facts = [
    start('16:30', 4),
    fact('17:00', 'pause', 'supplier case 4711'),
    fact('2026-03-10 09:30', 'resume', 'patch received'),
    retarget('2026-03-10 10:00', 5),
    fact('2026-03-10 14:00', 'stop', 'solved'),
  ]
  expect(explain(facts, office, at('2026-04-01 00:00'))).toEqual({
    state: 'stopped',
    segments: [
      {
        from: at('16:30'),
        to: at('17:00'),
        state: 'running',
        workingMs: 0.5 * hour,
        reason: 'reported',
      },
      {
        from: at('17:00'),
        to: at('2026-03-10 09:30'),
        state: 'paused',
        workingMs: 1.5 * hour,
        reason: 'supplier case 4711',
      },
      {
        from: at('2026-03-10 09:30'),
        to: at('2026-03-10 12:00'),
        state: 'running',
        workingMs: 2.5 * hour,
        reason: 'patch received',
      },
      {
        from: at('2026-03-10 12:00'),
        to: at('2026-03-10 13:00'),
        state: 'outside-hours',
        workingMs: 0,
        reason: 'patch received',
      },
      {
        from: at('2026-03-10 13:00'),
        to: at('2026-03-10 14:00'),
        state: 'running',
        workingMs: hour,
        reason: 'patch received',
      },
    ],
    targetMs: 5 * hour,
    usedMs: 4 * hour,
    remainingMs: hour,
    deadline: at('2026-03-10 15:00'),
    breachedAt: null,
  })
})

test('hours that run past midnight are one segment', () => {
  const night = compileCalendar({
    ...defaultCalendarDefinition,
    overrides: { '2026-03-09': [[1320, 1440]], '2026-03-10': [[0, 360]] },
  })
  expect(explain([start('22:00', 4)], night, at('2026-03-10 03:00')).segments).toEqual([
    {
      from: at('22:00'),
      to: at('2026-03-10 03:00'),
      state: 'running',
      workingMs: 5 * hour,
      reason: 'reported',
    },
  ])
})

test('facts after now do not count yet', () => {
  const facts = [start('09:00', 4), fact('10:00', 'pause'), fact('11:00', 'stop')]
  expect(explain(facts, office, at('09:30'))).toMatchObject({
    state: 'running',
    usedMs: 0.5 * hour,
  })
  expect(explain(facts, office, at('10:00'))).toMatchObject({ state: 'paused', usedMs: hour })
})

test('a clock asked before its start has used nothing', () => {
  expect(explain([start('09:00', 4)], office, at('08:59'))).toMatchObject({
    segments: [],
    usedMs: 0,
    remainingMs: 4 * hour,
    deadline: at('14:00'),
  })
})

test('a deadline in a year without data is an error, not a guess', () => {
  expect(() => deadlineOf([start('2026-12-31 16:00', 4)], office)).toThrow(CalendarYearMissing)
})

test.each([
  ['no facts', [], 'A clock begins with a start fact.'],
  ['a pause first', [fact('09:00', 'pause')], 'A clock begins with a start fact.'],
  [
    'a second start',
    [start('09:00', 1), start('10:00', 1)],
    'Fact 2 of the clock (start at 2026-03-09T02:00:00.000Z) cannot be: the clock has started already.',
  ],
  [
    'a resume without a pause',
    [start('09:00', 1), fact('10:00', 'resume')],
    'Fact 2 of the clock (resume at 2026-03-09T02:00:00.000Z) cannot be: the clock is not paused.',
  ],
  [
    'a pause in a pause',
    [start('09:00', 1), fact('10:00', 'pause'), fact('11:00', 'pause')],
    'Fact 3 of the clock (pause at 2026-03-09T03:00:00.000Z) cannot be: the clock is paused already.',
  ],
  [
    'time going back',
    [start('09:00', 1), fact('08:59', 'pause')],
    'Fact 2 of the clock (pause at 2026-03-09T00:59:00.000Z) cannot be: it is before the fact before it.',
  ],
  [
    'a fact after the stop',
    [start('09:00', 1), fact('10:00', 'stop'), retarget('11:00', 1)],
    'Fact 3 of the clock (target-changed at 2026-03-09T03:00:00.000Z) cannot be: the clock has stopped.',
  ],
  [
    'an invalid date',
    [start('09:00', 1), { at: new Date(Number.NaN), kind: 'stop' as const }],
    'Fact 2 of the clock (stop at an unknown time) cannot be: its date is invalid.',
  ],
])('%s is refused by name', (_title, facts, message) => {
  const now = at('09:30')
  expect(() => deadlineOf(facts, office)).toThrow(new RangeError(message))
  expect(() => elapsed(facts, office, now)).toThrow(new RangeError(message))
  expect(() => explain(facts, office, now)).toThrow(new RangeError(message))
})
