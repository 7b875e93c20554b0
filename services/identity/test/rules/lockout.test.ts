import { expect, test } from '@jest/globals'
import {
  admitAttempt,
  afterFailure,
  afterSuccess,
  type GuardState,
} from '../../src/credentials/rules/lockout.ts'

const MINUTE = 60_000
const policy = { failures: 5, windowMs: 15 * MINUTE, lockMs: 30 * MINUTE, dailyLocks: 3 }
const clean: GuardState = { attempts: [], locks: [], lockedUntil: null, held: false }
const START = new Date('2026-11-23T01:00:00Z').getTime()
const at = (ms: number) => new Date(START + ms)

/** Fails once at each of the instants; every attempt must be admitted. */
function failing(state: GuardState, ...instants: Date[]) {
  let locked = false
  for (const now of instants) {
    const attempt = admitAttempt(state, policy, now)
    if (!attempt.admitted) throw new Error(`not admitted at ${now.toISOString()}`)
    ;({ state, locked } = afterFailure(attempt.state, policy, now))
  }
  return { state, locked }
}
const five = (from: number) => [0, 1, 2, 3, 4].map((n) => at(from + n))

test('[A-2.2.2][A-4.2.4] the fifth failure locks for 30 minutes, the fourth does not', () => {
  expect(failing(clean, ...five(0).slice(0, 4)).locked).toBe(false)
  const { state, locked } = failing(clean, ...five(0))
  expect(locked).toBe(true)
  expect(state).toEqual({
    attempts: [],
    locks: [at(4)],
    lockedUntil: at(4 + 30 * MINUTE),
    held: false,
  })
})

test('a lock lasts until its end and not a millisecond longer', () => {
  const { state } = failing(clean, ...five(0))
  const end = 4 + 30 * MINUTE
  expect(admitAttempt(state, policy, at(end - 1))).toEqual({ admitted: false, until: at(end) })
  expect(admitAttempt(state, policy, at(end)).admitted).toBe(true)
})

test('a failure counts while it is younger than the window', () => {
  const four = five(0).slice(0, 4)
  expect(failing(clean, ...four, at(15 * MINUTE - 1)).locked).toBe(true)
  expect(failing(clean, ...four, at(15 * MINUTE)).locked).toBe(false)
})

test('the third lock of a day holds until somebody unlocks', () => {
  const second = failing(failing(clean, ...five(0)).state, ...five(31 * MINUTE))
  expect(second.state.held).toBe(false)
  const third = failing(second.state, ...five(62 * MINUTE))
  expect(third.state).toMatchObject({ held: true, lockedUntil: null })
  expect(admitAttempt(third.state, policy, at(365 * 24 * 60 * MINUTE))).toEqual({
    admitted: false,
    until: null,
  })
})

test('a lock counts for 24 hours, whatever the date', () => {
  const day = 24 * 60 * MINUTE
  const second = failing(failing(clean, ...five(0)).state, ...five(31 * MINUTE)).state
  // The first lock was at 4 ms; five failures end with one at the instant given.
  const lockAt = (instant: number) => failing(second, ...five(instant - 4)).state.held
  expect(lockAt(day + 3)).toBe(true)
  expect(lockAt(day + 4)).toBe(false)
})

test('a right password forgets the failures but not the locks of the day', () => {
  const { state } = failing(failing(clean, ...five(0)).state, at(40 * MINUTE))
  expect(afterSuccess(state)).toEqual({ ...clean, locks: [at(4)] })
})

test('attempts under way count: a sixth at the same moment waits', () => {
  let state = clean
  for (const now of five(0)) {
    const attempt = admitAttempt(state, policy, now)
    if (!attempt.admitted) throw new Error('refused too early')
    state = attempt.state
  }
  expect(admitAttempt(state, policy, at(5))).toEqual({ admitted: false, until: at(15 * MINUTE) })
})

test('of failures that end together only one locks', () => {
  const { state } = failing(clean, ...five(0))
  expect(afterFailure(state, policy, at(5))).toMatchObject({
    locked: false,
    state: { locks: [at(4)] },
  })
})
