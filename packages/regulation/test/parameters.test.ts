import { readFile } from 'node:fs/promises'
import { expect, test } from '@jest/globals'
import Value from 'typebox/value'
import { isClauseId } from '../src/clause.ts'
import { Parameter } from '../src/parameter.ts'
import {
  checkParameterValue,
  isParameterKey,
  parameterByKey,
  parameters,
  type ParameterKey,
  type ParameterValue,
} from '../src/parameters.ts'
import { shippedValue } from '../src/resolve.ts'
import { unitInChinese } from '../src/unit-in-chinese.ts'

const continuous = (within: string) => ({ clock: 'continuous', within }) as const
const workingTime = (within: string) => ({ clock: 'working', within }) as const
const workingDays = (days: number) => ({ clock: 'working', workingDays: days }) as const

test('every key is there once, in dotted lower snake case, and every row has the declared form', () => {
  expect(new Set(parameters.map(({ key }) => key)).size).toBe(parameters.length)
  const malformed = parameters.filter((parameter) => !Value.Check(Parameter, parameter))
  expect(malformed.map(({ key }) => key)).toEqual([])
})

test('every default passes its own check', () => {
  const faults = parameters.flatMap(({ key, default: value }) =>
    checkParameterValue(key, value).map((fault) => ({ key, ...fault })),
  )
  expect(faults).toEqual([])
})

test('every clause that a parameter makes testable is in the catalogue', () => {
  const unknown = parameters.flatMap(({ key, clauses }) =>
    clauses.filter((id) => !isClauseId(id)).map((id) => `${key} ${id}`),
  )
  expect(unknown).toEqual([])
})

test('every source of a parameter resolves in docs/regulation/defaults.md', async () => {
  const url = new URL('../../../docs/regulation/defaults.md', import.meta.url)
  const page = await readFile(url, 'utf8')
  const lost = parameters.flatMap(({ key, source }) => {
    const section = /^Defaults (2\.\d+) \(/.exec(source)?.[1] ?? 'no section'
    const missing = (source.match(/\bS\d+[a-f]?\b/g) ?? []).filter(
      (id) => !page.includes(`\n| ${id} |`),
    )
    return page.includes(`\n## ${section} `) ? missing : [...missing, `${key}: ${section}`]
  })
  expect(lost).toEqual([])
})

test('every unit has a Chinese name, and a fault names it', () => {
  const told = parameters.flatMap((parameter) => {
    const { key, type, unit } = parameter
    if (type !== 'integer' && type !== 'number' && type !== 'string-list') return []
    const items = [...(parameter.type === 'string-list' ? (parameter.bounds.required ?? []) : [])]
    const value = type === 'string-list' ? [...items, '?'] : 1e12
    return checkParameterValue(key, value).map(({ detail }) => ({ key, unit, detail }))
  })
  const named = told.filter(
    ({ detail, unit }) => detail.en.includes(unit) && detail['zh-CN'].includes(unitInChinese(unit)),
  )
  const units = parameters.filter(({ type }) => /^(integer|number|string-list)$/.test(type))
  expect(named.map(({ key }) => key).toSorted()).toEqual(units.map(({ key }) => key).toSorted())
  const foreign = parameters.filter(({ unit }) => unit !== 'HH:MM' && unitInChinese(unit) === unit)
  expect(foreign.map(({ unit }) => unit)).toEqual([])
})

test('every text is there in both languages, Chinese in Chinese', () => {
  const wrong = parameters.filter(
    ({ title, description }) =>
      !/\p{Script=Han}/u.test(title['zh-CN']) ||
      !/\p{Script=Han}/u.test(description['zh-CN']) ||
      /\p{Script=Han}/u.test(title.en + description.en) ||
      title.en.length < 3 ||
      description.en.length < 3,
  )
  expect(wrong.map(({ key }) => key)).toEqual([])
})

// The shipped block of defaults, row by row, written out a second time on purpose: a changed default is a changed
// promise to the operator and must be changed here too.
const shipped: readonly (readonly [ParameterKey, unknown])[] = [
  ['identity.password.profile', 'gbt22239-level3'],
  ['identity.password.min_length', 8],
  ['identity.password.admin_min_length', 12],
  ['identity.password.classes', 4],
  ['identity.password.max_age', 'P90D'],
  ['identity.password.history', 5],
  ['identity.password.admin_history', 10],
  ['identity.password.history_age', 'P450D'],
  ['identity.password.company_words', []],
  ['identity.password.initial_ttl', 'PT72H'],
  ['identity.password.cooling', 'PT24H'],
  ['identity.second_factor.required', 'administrators'],
  ['identity.second_factor.fresh', 'PT1H'],
  ['identity.lockout.failures', 5],
  ['identity.lockout.account_failures', 20],
  ['identity.lockout.window', 'PT15M'],
  ['identity.lockout.lock', 'PT30M'],
  ['identity.lockout.daily_locks', 3],
  ['identity.leaver.disable_within', 'PT24H'],
  ['identity.leaver.dismissal_disable_within', 'PT0S'],
  ['identity.temp_account.lifetime', 'P30D'],
  ['identity.dormant.warn_after', 'P60D'],
  ['identity.dormant.lock_after', 'P90D'],
  ['identity.dormant.end_after', 'P180D'],
  ['identity.review.business', 'P3M'],
  ['identity.review.privileged', 'P1M'],
  ['identity.review.grace', workingDays(10)],
  ['identity.sod.exception_lifetime', 'P90D'],
  ['identity.sharing.travel_speed', 900],
  ['identity.sharing.follow_days', 5],
  ['identity.sharing.follow_weeks', 3],
  ['identity.sharing.habit_sign_ins', 20],
  ['identity.sharing.score.parallel_use', 70],
  ['identity.sharing.score.impossible_travel', 85],
  ['identity.sharing.score.many_accounts', 60],
  ['identity.sharing.score.maker_checker', 75],
  ['identity.sharing.score.followed', 60],
  ['identity.sharing.score.absent', 70],
  ['identity.sharing.score.left', 90],
  ['identity.sharing.score.habit', 60],
  ['identity.log.online', 'P180D'],
  ['identity.log.archive', 'P3Y'],
  ['identity.sensitive.fields', ['name', 'email', 'phone', 'employee-number', 'birthday']],
  ['gateway.session.idle', 'PT15M'],
  ['gateway.session.admin_idle', 'PT10M'],
  ['gateway.session.absolute', 'PT8H'],
  ['gateway.session.concurrent', 1],
  ['gateway.session.at_limit', 'evict-oldest'],
  ['incident.sla.p1.ack', continuous('PT15M')],
  ['incident.sla.p1.note', continuous('PT30M')],
  ['incident.sla.p1.restore', continuous('PT4H')],
  ['incident.sla.p1.final', workingDays(5)],
  ['incident.sla.p2.ack', continuous('PT30M')],
  ['incident.sla.p2.note', continuous('PT2H')],
  ['incident.sla.p2.restore', continuous('PT8H')],
  ['incident.sla.p2.final', workingDays(3)],
  ['incident.sla.p3.ack', workingTime('PT2H')],
  ['incident.sla.p3.note', workingDays(1)],
  ['incident.sla.p3.restore', workingDays(2)],
  ['incident.sla.p3.final', workingDays(5)],
  ['incident.sla.p4.ack', workingDays(1)],
  ['incident.sla.p4.note', workingDays(2)],
  ['incident.sla.p4.restore', workingDays(5)],
  ['incident.tier.l1.handover', workingTime('PT2H')],
  ['incident.tier.l2.handover', workingDays(1)],
  ['incident.tier.p1.handover', continuous('PT1H')],
  ['incident.closure.remind_after', workingDays(1)],
  ['incident.closure.confirm_within', workingDays(3)],
  ['incident.alert.priority.warning', 'P3'],
  ['incident.alert.priority.critical', 'P2'],
  ['incident.major.declare_within', continuous('PT15M')],
  ['incident.report.first', continuous('PT30M')],
  ['incident.report.written', continuous('PT2H')],
  ['incident.report.follow_up', continuous('PT4H')],
  ['incident.report.closing', continuous('PT24H')],
  ['incident.report.root_cause', workingDays(5)],
  ['incident.report.legal_profile', 'other'],
  ['incident.report.legal.cii', continuous('PT1H')],
  ['incident.report.legal.central', continuous('PT2H')],
  ['incident.report.legal.other', continuous('PT4H')],
  ['incident.change.windows', ['TUE 20:00-24:00', 'THU 20:00-24:00']],
  ['incident.change.major_windows', ['SAT 20:00-SUN 06:00']],
  ['incident.change.planned_time', 'PT24H'],
  ['incident.change.freeze.before_month_end', 2],
  ['incident.change.freeze.after_month_start', 5],
  ['incident.change.emergency.paper_within', continuous('PT24H')],
  ['incident.drill.tabletop', 'P6M'],
  ['incident.drill.full', 'P12M'],
  ['backup.rto', 'PT4H'],
  ['backup.rpo', 'PT15M'],
  ['backup.offsite.within', 'PT24H'],
  ['backup.restore_test.sample', 'P1M'],
  ['backup.restore_test.full', 'P3M'],
  ['backup.restore_test.switchover', 'P12M'],
  ['backup.prechange.max_age', 'PT24H'],
  ['monitoring.threshold.cpu.warning', 80],
  ['monitoring.threshold.cpu.critical', 90],
  ['monitoring.threshold.memory.warning', 85],
  ['monitoring.threshold.memory.critical', 95],
  ['monitoring.threshold.disk.warning', 80],
  ['monitoring.threshold.disk.critical', 90],
  ['monitoring.threshold.tablespace.warning', 85],
  ['monitoring.threshold.tablespace.critical', 97],
  ['monitoring.threshold.archive.warning', 80],
  ['monitoring.threshold.archive.critical', 90],
  ['monitoring.for', 'PT5M'],
  ['monitoring.alert.notify_within', 'PT60S'],
  ['monitoring.alert.ack.critical', continuous('PT15M')],
  ['monitoring.alert.ack.warning', continuous('PT60M')],
  ['monitoring.alert.suppress', 'PT30M'],
  ['monitoring.alert.breaches_to_ticket', 3],
  ['monitoring.inspection.daily_due', '09:30'],
  ['monitoring.inspection.deputy_due', '10:30'],
  ['monitoring.inspection.identical_days', 3],
  ['monitoring.inspection.weekly', 'MON'],
  ['monitoring.inspection.monthly_work_day', 5],
  ['monitoring.inspection.health_check', 'P3M'],
  ['assessment.weights.accuracy', 40],
  ['assessment.weights.timeliness', 30],
  ['assessment.weights.cooperation', 15],
  ['assessment.weights.security', 15],
  ['assessment.grades.excellent', 90],
  ['assessment.grades.good', 75],
  ['assessment.grades.pass', 60],
  ['assessment.objection.within', workingDays(5)],
  ['assessment.exam.pass', 80],
  ['assessment.exam.key_user_pass', 90],
  ['assessment.exam.attempts', 2],
  ['assessment.exam.wait', 'P7D'],
  ['assessment.exam.validity', 'P12M'],
  ['assessment.exam.grace', 'P30D'],
  ['identity.proposal.valid_for', 'P7D'],
  ['incident.proposal.valid_for', 'P7D'],
  ['monitoring.proposal.valid_for', 'P7D'],
  ['backup.proposal.valid_for', 'P7D'],
  ['assessment.proposal.valid_for', 'P7D'],
]

test.each(shipped)('%s ships as %j', (key, value) => {
  expect(shippedValue(key)).toEqual(value)
})

// The words of section 1.1 of docs/regulation/defaults.md that no row above covers.
const words: readonly ParameterKey[] = [
  'identity.leaver.notice_due',
  'identity.audit.period',
  'incident.finding.simple_due',
  'monitoring.review.period',
  'monitoring.firewall.review',
  'monitoring.vuln.scan',
  'assessment.error.fix_within',
  'assessment.calendar.nodes',
  'assessment.policy.review_period',
  'assessment.training.period',
  'assessment.survey.period',
  'assessment.cycle.score',
  'assessment.cycle.grade',
]

test('every key that section 1.1 of the defaults names is a parameter or the start of one', async () => {
  const url = new URL('../../../docs/regulation/defaults.md', import.meta.url)
  const page = await readFile(url, 'utf8')
  const table = page.slice(page.indexOf('## 1.1'), page.indexOf('# 2. '))
  const named = [...table.matchAll(/`([a-z]+(?:\.[a-z0-9_]+)+)(\.\*)?`/g)]
  const lost = named.filter(([, name = '', star]) =>
    star ? !parameters.some(({ key }) => key.startsWith(`${name}.`)) : !isParameterKey(name),
  )
  expect([named.length > 20, lost.map(([name]) => name)]).toEqual([true, []])
  expect(words.filter((key) => !isParameterKey(key))).toEqual([])
})

test('the four weights of the score add up to 100 points', () => {
  const keys = ['accuracy', 'timeliness', 'cooperation', 'security'] as const
  const sum = keys.reduce((total, key) => total + shippedValue(`assessment.weights.${key}`), 0)
  expect(sum).toBe(100)
})

test('of every pair of thresholds the warning comes first', () => {
  const defaults = new Map(parameters.map(({ key, default: value }) => [key as string, value]))
  const late = [...defaults].filter(
    ([key, value]) =>
      key.startsWith('monitoring.threshold.') &&
      key.endsWith('.warning') &&
      !(Number(value) < Number(defaults.get(key.replace(/warning$/, 'critical')))),
  )
  expect(late).toEqual([])
})

// Operators try the clocks with a few seconds; the floors that stay are law or assessor practice.
test('every clock of service levels, tiers, alerts, sessions and accounts may be set to seconds', () => {
  const fast =
    /^(incident\.(sla|tier|closure|priority)|monitoring\.(for$|alert)|gateway\.session|identity\.)/
  // What keeps one person from being two, or somebody out, or gives time to answer is no matter of seconds.
  const kept: readonly string[] = [
    'identity.password.cooling',
    'identity.lockout.window',
    'identity.lockout.lock',
    'identity.proposal.valid_for',
    'incident.closure.confirm_within',
  ]
  const tooSlow = parameters.filter((parameter) => {
    if (kept.includes(parameter.key)) return false
    if (!fast.test(parameter.key) || parameter.key.startsWith('identity.log.')) return false
    if (parameter.type === 'target')
      return checkParameterValue(parameter.key, continuous('PT3S')).length > 0
    if (parameter.type === 'duration' || parameter.type === 'period')
      return checkParameterValue(parameter.key, 'PT1S').length > 0
    return false
  })
  expect(tooSlow.map(({ key }) => key)).toEqual([])
})

test.each<[ParameterKey, unknown, unknown]>([
  ['identity.password.min_length', 7, 8],
  ['identity.password.min_length', 65, 64],
  ['identity.password.classes', 2, 3],
  ['identity.lockout.failures', 11, 10],
  ['identity.lockout.failures', 0, 1],
  ['identity.leaver.disable_within', 'PT0S', 'PT1S'],
  ['identity.leaver.disable_within', 'P3DT1S', 'P3D'],
  ['identity.sod.exception_lifetime', 'P91D', 'P90D'],
  ['identity.log.online', 'P179D', 'P180D'],
  ['identity.review.business', 'P13M', 'P12M'],
  ['gateway.session.idle', 'PT2H1S', 'PT2H'],
  ['monitoring.threshold.cpu.warning', 99.1, 99],
  ['monitoring.threshold.cpu.warning', 0.9, 1],
  ['monitoring.inspection.daily_due', '24:00', '23:59'],
  ['incident.report.legal.other', continuous('PT4H1S'), continuous('PT4H')],
  ['incident.sla.p3.restore', workingDays(61), workingDays(60)],
  ['incident.report.legal.other', workingDays(1), continuous('PT4H')],
  ['incident.sla.p1.ack', continuous('PT2H1S'), continuous('PT2H')],
  ['incident.sla.p1.ack', workingDays(1), continuous('PT2H')],
  ['incident.alert.priority.critical', 'P4', 'P3'],
  ['assessment.deduction.delay', 0, 1],
  ['assessment.weights.accuracy', 4, 5],
  ['assessment.objection.within', continuous('PT23H'), continuous('P1D')],
  ['backup.plan.database.yearly_keep', 'P1D', 'P5Y'],
  ['backup.rpo', 'P1DT1S', 'P1D'],
  ['backup.prechange.max_age', 'P2DT1S', 'P2D'],
  ['backup.offsite.within', 'P8D', 'P7D'],
  ['monitoring.for', 'PT1H1S', 'PT1H'],
  ['incident.sla.p3.restore', workingDays(0), workingDays(1)],
  ['incident.sla.p3.restore', continuous('PT0S'), continuous('PT1S')],
])('%s refuses %j and takes %j', (key, refused, taken) => {
  expect(checkParameterValue(key, refused)).toHaveLength(1)
  expect(checkParameterValue(key, taken)).toEqual([])
})

test.each<[string, ParameterKey, unknown, string, string]>([
  ['a text is no number', 'identity.password.min_length', '8', '', 'whole number'],
  ['a fraction is no whole number', 'identity.password.min_length', 8.5, '', 'whole number'],
  ['NaN is no number', 'monitoring.threshold.cpu.warning', Number.NaN, '', 'a number'],
  ['a bound is named with its unit', 'identity.password.min_length', 3, '', '8 to 64 characters'],
  ['a number is no duration', 'monitoring.for', 300, '', 'ISO 8601 duration'],
  ['a month is no exact duration', 'monitoring.for', 'P1M', '', 'without years and months'],
  ['a choice lists its options', 'incident.alert.priority.warning', 'P5', '', 'P1, P2, P3, P4'],
  ['null is no value', 'incident.sla.p1.ack', null, '', 'clock'],
  [
    'a continuous clock does not count working days',
    'incident.sla.p1.ack',
    { clock: 'continuous', workingDays: 1 },
    '',
    'clock',
  ],
  [
    'a target does not hold both',
    'incident.sla.p3.ack',
    { ...workingTime('PT2H'), workingDays: 1 },
    '',
    'clock',
  ],
  [
    'the pointer names the member',
    'incident.sla.p1.ack',
    continuous('P400D'),
    '/within',
    'PT1S to PT2H',
  ],
  ['a list is a list', 'incident.change.windows', 'TUE 20:00-24:00', '', 'list'],
  [
    'the pointer names the item',
    'incident.change.windows',
    ['TUE 20:00-24:00', 'TUE 25:00-26:00'],
    '/1',
    'weekly window',
  ],
  [
    'an item that the clause needs may not be left out',
    'identity.sensitive.fields',
    ['name', 'email', 'phone'],
    '',
    'must hold employee-number',
  ],
  [
    'an item occurs once',
    'incident.change.windows',
    ['TUE 20:00-24:00', 'TUE 20:00-24:00'],
    '/1',
    'twice',
  ],
])('a fault says what is wrong: %s', (_, key, value, pointer, detail) => {
  expect(checkParameterValue(key, value)).toEqual([
    {
      pointer,
      detail: {
        en: expect.stringContaining(detail),
        'zh-CN': expect.stringMatching(/^\p{Script=Han}/u),
      },
    },
  ])
})

test('a node of the calendar names its code, its day and its time', () => {
  const key = 'assessment.calendar.nodes'
  expect(checkParameterValue(key, ['ap-close WD3 18:00', 'gl-close D31 23:59'])).toEqual([])
  expect(checkParameterValue(key, ['ap-close WD16 18:00'])).toHaveLength(1)
})

test('an unknown key is told apart from a known one', () => {
  expect([isParameterKey('incident.sla.p1.ack'), isParameterKey('incident.sla.p5.ack')]).toEqual([
    true,
    false,
  ])
  expect(isParameterKey('constructor')).toBe(false)
})

test('the types of values follow the key', () => {
  const length: number = shippedValue('identity.password.min_length')
  const profile: 'cii' | 'central' | 'other' = shippedValue('incident.report.legal_profile')
  const windows: readonly string[] = shippedValue('incident.change.windows')
  // @ts-expect-error an option that does not exist is no value of a choice
  const wrong: ParameterValue<'incident.alert.priority.warning'> = 'P9'
  expect([length, profile, windows.length, wrong]).toEqual([8, 'other', 2, 'P9'])
  expect(parameterByKey('incident.sla.p1.ack').service).toBe('incident-tiering')
})
