import { expect, test } from '@jest/globals'
import { isGuarded, loosens, stricterOf } from '../src/guards.ts'
import { parameterByKey, parameters, type ParameterKey } from '../src/parameters.ts'

const continuous = (within: string) => ({ clock: 'continuous', within })
const working = (within: string) => ({ clock: 'working', within })
const days = (workingDays: number) => ({ clock: 'working', workingDays })

test.each<[ParameterKey, unknown, unknown, boolean]>([
  ['identity.password.min_length', 8, 9, false],
  ['identity.password.min_length', 8, 8, false],
  ['identity.password.min_length', 9, 8, true],
  ['identity.password.initial_ttl', 'PT72H', 'PT3S', false],
  ['identity.password.initial_ttl', 'PT3S', 'PT4S', true],
  ['identity.password.initial_ttl', 'PT72H', 'P3D', false],
  ['identity.password.profile', 'gbt22239-level3', 'nist-800-63b-4', true],
  ['identity.password.profile', 'nist-800-63b-4', 'gbt22239-level3', true],
  ['identity.log.archive', 'P3Y', 'P2Y', true],
  ['incident.alert.priority.critical', 'P2', 'P1', false],
  ['incident.alert.priority.critical', 'P2', 'P3', true],
  ['incident.change.windows', ['TUE 20:00-24:00'], [], true],
  ['incident.change.freeze.before_month_end', 2, 1, true],
  ['monitoring.threshold.cpu.critical', 90, 91, true],
  ['monitoring.threshold.cpu.critical', 90, 89, false],
  ['monitoring.inspection.daily_due', '09:30', '09:31', true],
  ['monitoring.inspection.daily_due', '09:30', '08:45', false],
  ['backup.prechange.max_age', 'PT24H', 'PT25H', true],
  ['backup.plan.redo.keep', 'P14D', 'P15D', false],
  ['assessment.deduction.delay', 2, 5, true],
  ['assessment.deduction.delay', 5, 2, true],
  ['backup.plan.database.at', '01:00', '02:00', false],
  // A week without a backup could be cut in two.
  ['backup.plan.database.full_day', 'SUN', 'WED', true],
  ['incident.change.planned_time', 'PT24H', 'PT25H', true],
  ['incident.change.planned_time', 'PT24H', 'PT23H', false],
])('%s from %j to %j loosens: %j', (key, from, to, expected) => {
  expect(loosens(key, from, to)).toBe(expected)
})

test.each<[unknown, unknown, boolean]>([
  [continuous('PT15M'), continuous('PT15M'), false],
  [continuous('PT15M'), continuous('PT14M'), false],
  [continuous('PT15M'), continuous('PT16M'), true],
  [continuous('PT15M'), working('PT1S'), true],
  [continuous('P30D'), days(1), true],
  [working('PT2H'), continuous('PT2H'), false],
  [working('PT2H'), continuous('PT3H'), true],
  [working('PT2H'), working('PT3H'), true],
  [working('PT2H'), days(1), true],
  [days(2), days(2), false],
  [days(2), days(1), false],
  [days(2), days(3), true],
  [days(2), working('PT2H'), false],
  [days(2), continuous('PT3H'), true],
])('the target %j to %j loosens: %j', (from, to, expected) => {
  expect(loosens('incident.sla.p1.restore', from, to)).toBe(expected)
})

test('every row about strictness is about a parameter that has a size', () => {
  const sizeless = parameters.filter(
    ({ key, type }) => stricterOf(key) !== null && type === 'string-list',
  )
  expect(sizeless).toEqual([])
})

test('what decides a password, a gate, a clock or a score is guarded', () => {
  const words =
    /password|lockout|session|sla|tier|change|threshold|prechange|deduction|weights|nodes/
  const open = parameters.filter(({ key }) => words.test(key) && !isGuarded(key))
  expect(open.map(({ key }) => key)).toEqual([])
})

test('the shipped value loosens from itself nowhere', () => {
  const loose = parameters.filter(({ key }) => {
    const { default: value } = parameterByKey(key)
    return loosens(key, value, value)
  })
  expect(loose.map(({ key }) => key)).toEqual([])
})
