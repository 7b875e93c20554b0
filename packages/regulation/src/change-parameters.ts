import { duration, integer, period, stringList, target } from './define-parameter.ts'

const DAY = '(MON|TUE|WED|THU|FRI|SAT|SUN)'
const TIME = '([01]\\d|2[0-3]):[0-5]\\d'
const WEEKLY_WINDOW = `^${DAY} ${TIME}-(${DAY} )?(${TIME}|24:00)$`
const WEEKLY_WINDOW_FORM = 'a weekly window such as "TUE 20:00-24:00" or "SAT 20:00-SUN 06:00"'

/**
 * Windows, freezes, papers and batches of changes, and how long a proposal lives. Source: defaults 2.4 and 2.9.
 */
export const changeParameters = [
  stringList('incident.change.windows', {
    default: ['TUE 20:00-24:00', 'THU 20:00-24:00'],
    unit: WEEKLY_WINDOW_FORM,
    pattern: WEEKLY_WINDOW,
    minItems: 0,
    maxItems: 14,
    clauses: ['A-3.3.2', 'A-3.3.5', 'B-4.3.7'],
    source: 'Defaults 2.4 (source S16)',
    zh: ['变更窗口', '一般变更每周可实施的时间段。'],
    en: ['Change windows', 'When minor changes may be implemented each week.'],
  }),
  stringList('incident.change.major_windows', {
    default: ['SAT 20:00-SUN 06:00'],
    unit: WEEKLY_WINDOW_FORM,
    pattern: WEEKLY_WINDOW,
    minItems: 0,
    maxItems: 14,
    clauses: ['A-3.3.2', 'A-3.3.5', 'B-4.3.7'],
    source: 'Defaults 2.4 (source S16)',
    zh: ['重大变更窗口', '重大变更每周可实施的时间段。'],
    en: ['Major change windows', 'When major changes may be implemented each week.'],
  }),
  duration('incident.change.planned_time', {
    default: 'PT24H',
    bounds: ['PT1H', 'P7D'],
    clauses: ['A-3.3.2', 'A-3.3.5'],
    source: 'Defaults 2.4 (own choice)',
    zh: ['计划时间上限', '变更的计划开始至计划结束的最长时间；变更只能在其中开始。'],
    en: [
      'Longest planned time',
      'From the planned start of a change to its planned end at most; it starts in between only.',
    ],
  }),
  integer('incident.change.freeze.before_month_end', {
    default: 2,
    bounds: [0, 15],
    unit: 'calendar days',
    clauses: ['A-3.3.5', 'B-4.3.7'],
    source: 'Defaults 2.4 (own choice)',
    zh: ['月结封网开始', '月末前几天开始封网。'],
    en: ['Freeze before month end', 'How many days before the month ends the freeze starts.'],
  }),
  integer('incident.change.freeze.after_month_start', {
    default: 5,
    bounds: [0, 15],
    unit: 'working days',
    clauses: ['A-3.3.5', 'B-4.3.7'],
    source: 'Defaults 2.4 (own choice)',
    zh: ['月结封网结束', '封网持续到新月份的第几个工作日结束。'],
    en: [
      'Freeze after month start',
      'The working day of the new month at whose end the freeze ends.',
    ],
  }),
  target('incident.change.emergency.paper_within', {
    default: { clock: 'continuous', within: 'PT24H' },
    maximum: 'P5D',
    maximumWorkingDays: 5,
    clauses: ['A-3.3.5', 'B-6.2'],
    source: 'Defaults 2.4 (sources S15, S16)',
    zh: ['紧急变更补单', '紧急变更后补交书面确认和测试结果的时限；逾期者不能再提紧急变更。'],
    en: [
      'Papers of an emergency change',
      'Written confirmation after the fact; overdue ones block the next emergency change.',
    ],
  }),
  period('incident.change.batch', {
    default: 'P1W',
    bounds: ['PT1S', 'P3M'],
    clauses: ['B-4.2.7', 'B-4.3.7'],
    source: 'Defaults 2.4 (source S36)',
    zh: ['发布批次周期', '已批准需求汇总发布的周期。'],
    en: ['Release batch', 'How often approved requests are collected into a release.'],
  }),
  duration('incident.proposal.valid_for', {
    default: 'P7D',
    // A second person needs the time to look, also at what would set this value right again.
    bounds: ['PT1H', 'P30D'],
    clauses: ['A-4.1.2'],
    source: 'Defaults 2.9 (own choice)',
    zh: ['提议有效期', '须经第二人批准的变更在此时间内未决定即失效。'],
    en: [
      'Life of a proposal',
      'A change that waits for a second person ends undecided after this long.',
    ],
  }),
] as const
