import { expect, test } from '@jest/globals'
import { claims } from '../src/claims.ts'
import { isInEffect } from '../src/in-effect.ts'
import { checkParameterValue, parameters, type ParameterKey } from '../src/parameters.ts'
import { shippedValue } from '../src/resolve.ts'
import { valueSize } from '../src/value-size.ts'

const continuous = (within: string) => ({ clock: 'continuous', within }) as const
const working = (within: string) => ({ clock: 'working', within }) as const
const days = (workingDays: number) => ({ clock: 'working', workingDays }) as const

/** What some code acts on and a clause that is claimed rests on. */
const claimed = parameters.filter(
  ({ key, clauses }) => isInEffect(key) && clauses.some((id) => Object.hasOwn(claims, id)),
)

/** The two ends of what may be set, and a value just beyond each; none where there is no such value. */
function ends(parameter: (typeof parameters)[number]): { within: unknown[]; beyond: unknown[] } {
  const { key } = parameter
  switch (parameter.type) {
    case 'integer':
    case 'number': {
      const { minimum, maximum } = parameter.bounds
      return { within: [minimum, maximum], beyond: [minimum - 1, maximum + 1] }
    }
    case 'duration':
    case 'period': {
      const { minimum, maximum } = parameter.bounds
      const size = valueSize(maximum) ?? 0
      const least = valueSize(minimum) ?? 0
      return {
        within: [minimum, maximum],
        beyond: [`PT${String(size + 1)}S`, ...(least > 0 ? [`PT${String(least - 1)}S`] : [])],
      }
    }
    case 'target': {
      const { minimum, maximum, maximumWorkingDays: most } = parameter.bounds
      return {
        within: [continuous(minimum), continuous(maximum), ...(most > 0 ? [days(most)] : [])],
        beyond: [
          continuous(`PT${String((valueSize(maximum) ?? 0) + 1)}S`),
          continuous(`PT${String((valueSize(minimum) ?? 1) - 1)}S`),
          days(most + 1),
        ],
      }
    }
    case 'choice':
      return { within: [...parameter.bounds.options], beyond: ['', 'none'] }
    case 'string-list':
      return { within: [shippedValue(key)], beyond: [Array(1_000).fill('x'), ['']] }
    case 'time-of-day':
      return { within: ['00:00', '23:59'], beyond: ['24:00', ''] }
  }
}

test('there are parameters that claimed clauses rest on', () => {
  expect(claimed.length).toBeGreaterThan(50)
})

test.each(claimed.map((parameter) => [parameter.key, parameter] as const))(
  '%s holds the shipped value and both ends, and nothing beyond them',
  (key, parameter) => {
    const { within, beyond } = ends(parameter)
    for (const value of [shippedValue(key), ...within])
      expect([value, checkParameterValue(key, value)]).toEqual([value, []])
    for (const value of beyond)
      expect([value, checkParameterValue(key, value).length > 0]).toEqual([value, true])
  },
)

/** What would leave the words of the clause and take away what they ask for. */
const absurd: readonly (readonly [clause: string, key: ParameterKey, value: unknown])[] = [
  ['A-1.3.4', 'incident.sla.p1.ack', days(1)],
  ['A-1.3.4', 'incident.sla.p1.ack', working('PT2H')],
  ['A-1.3.4', 'incident.sla.p1.restore', working('P1D')],
  ['A-1.3.4', 'incident.sla.p2.ack', days(1)],
  ['A-1.3.4', 'incident.tier.p1.handover', days(60)],
  ['A-5.2.3', 'incident.sla.p3.final', days(60)],
  ['A-5.2.3', 'incident.sla.p4.restore', continuous('P90D')],
  ['B-4.0', 'incident.tier.l2.handover', days(60)],
  ['B-4.0', 'incident.closure.confirm_within', continuous('PT1S')],
  ['B-4.0', 'incident.closure.remind_after', days(60)],
  ['A-2.1.4', 'identity.leaver.disable_within', 'P30D'],
  ['A-2.1.4', 'identity.leaver.dismissal_disable_within', 'P1D'],
  ['A-2.2.3', 'identity.password.cooling', 'PT0S'],
  ['A-2.2.3', 'identity.password.initial_ttl', 'P30D'],
  ['A-2.2.4', 'identity.password.classes', 1],
  ['A-2.2.4', 'identity.password.history', 1],
  ['A-2.2.4', 'identity.password.admin_history', 1],
  ['A-2.2.5', 'identity.password.min_length', 0],
  ['A-2.2.6', 'gateway.session.idle', 'P1D'],
  ['A-2.2.7', 'gateway.session.absolute', 'P30D'],
  ['A-2.1.6', 'gateway.session.concurrent', 10],
  ['A-4.2.4', 'identity.lockout.failures', 100],
  ['A-4.2.4', 'identity.lockout.account_failures', 1_000],
  ['A-4.2.4', 'identity.lockout.window', 'PT1S'],
  ['A-4.2.4', 'identity.lockout.lock', 'PT1S'],
  ['A-4.3.1', 'identity.sensitive.fields', []],
  ['A-4.3.4', 'identity.log.online', 'P1D'],
  ['A-2.3.5', 'assessment.error.fix_within', days(60)],
  ['A-6.1.1', 'assessment.error_rate.high', 100],
  ['A-6.1.1', 'assessment.error_rate.very_high', 20],
  ['A-6.1.1', 'assessment.weights.accuracy', 0],
  ['A-6.1.1', 'assessment.deduction.error_heavy', 0],
  ['A-6.1.2', 'assessment.deduction.delay', 0],
  ['B-5.6', 'assessment.grades.excellent', 42],
  ['B-5.6', 'assessment.grades.pass', 0],
  ['B-5.6', 'assessment.cycle.score', 'PT1S'],
  ['A-6.2.1', 'assessment.bonus.extra_help', 100],
  ['A-2.4.1', 'backup.plan.database.yearly_keep', 'P1D'],
  ['A-2.4.1', 'backup.plan.redo.interval', 'P1D'],
  ['A-2.4.1', 'backup.rpo', 'P7D'],
  ['A-2.4.2', 'backup.verify.period', 'P1Y'],
  ['A-2.4.3', 'backup.offsite.within', 'P30D'],
  ['A-2.4.4', 'backup.prechange.max_age', 'P30D'],
  ['A-3.1.2', 'monitoring.inspection.identical_days', 30],
  ['A-3.2.2', 'monitoring.threshold.cpu.critical', 100],
  ['A-3.2.2', 'monitoring.threshold.network_loss.critical', 50],
  ['A-3.2.2', 'monitoring.threshold.page_time.critical', 60],
  ['A-3.2.2', 'monitoring.threshold.standby_lag.critical', 1_440],
  ['A-3.2.2', 'monitoring.for', 'P1D'],
  ['A-3.2.3', 'monitoring.alert.notify_within', 'P1D'],
  ['A-3.3.2', 'incident.change.planned_time', 'P8D'],
  ['A-2.4.1', 'backup.plan.database.weekly_keep', 'P7D'],
  ['A-2.4.1', 'backup.plan.database.monthly_keep', 'P1M'],
  ['A-2.4.1', 'backup.plan.database.yearly_keep', 'P1Y'],
  // Nobody could approve anything any more, this value included.
  ['A-4.1.2', 'assessment.proposal.valid_for', 'PT1S'],
  ['A-4.1.2', 'identity.proposal.valid_for', 'PT1S'],
]

test.each(absurd)('%s is not ended by %s of %j', (_clause, key, value) => {
  expect(checkParameterValue(key, value)).not.toEqual([])
})

test('a limit in hours is not got round in working days', () => {
  const slack = parameters.flatMap((parameter) =>
    parameter.type === 'target' &&
    (valueSize(parameter.bounds.maximum) ?? 0) < 86_400 &&
    parameter.bounds.maximumWorkingDays > 0
      ? [parameter.key]
      : [],
  )
  expect(slack).toEqual([])
})

test('[A-1.3.4][A-5.2.3] no clock of a grave fault stands still at night', () => {
  const restart = parameters.filter(
    ({ key }) =>
      /^incident\.(sla\.p1\.(ack|note|restore)|tier\.p1|escalation\.p1)/.test(key) &&
      checkParameterValue(key, working('PT1H')).length === 0,
  )
  expect(restart.map(({ key }) => key)).toEqual([])
  expect(checkParameterValue('incident.sla.p1.ack', working('PT1H'))).toEqual([
    {
      pointer: '/clock',
      detail: {
        en: expect.stringContaining('round the clock'),
        'zh-CN': expect.stringContaining('全天候'),
      },
    },
  ])
})
