import * as assessment from '@erp-steward/contracts/assessment-events'
import * as incident from '@erp-steward/contracts/incident-events'
import type { Control, FreshFor, Touch } from '../control.ts'
import {
  proves,
  breaks,
  mends,
  endangers,
  expects,
  control,
  PAST,
  ASSESSMENT,
  within,
} from './touch.ts'

const MONTHLY: FreshFor = {
  parameter: 'assessment.cycle.score',
  plus: 'P14D',
  reason: 'The facts of a month are counted within two weeks after its end.',
}

const VOIDED = 'What was voided counts as if it had never been.'

const observed = (effect: 'breaks' | 'at-risk', kind: string, why: string | null = null) => [
  (effect === 'breaks' ? breaks : endangers)(assessment.ObservationRecorded, '{observationId}', {
    when: { kind: [kind] },
    lasts: PAST,
    why,
  }),
  mends(assessment.ObservationVoided, '{observationId}', { why: VOIDED }),
]

/** How long a month that nobody measured is a breach: until the one after should have been. Own choice. */
const UNMEASURED = 'P62D'

/** The scores of a month were computed, from facts of the kind that the member counts; from none it is not measured. */
const measuredBy = (member: string, why: string | null = null): readonly Touch[] => {
  const some = { [`!${member}`]: [0] }
  return [
    proves(assessment.ScoresComputed, '', { when: some, month: 'month', why }),
    breaks(assessment.ScoresComputed, '{month}', {
      when: { [member]: [0] },
      lasts: UNMEASURED,
      why,
    }),
    mends(assessment.ScoresComputed, '{month}', { when: some, why }),
  ]
}

/** A correction by the word of somebody who is not measured by it. */
const byOthers = { confirmed: [true] }

const COUNTED = 'The score of a month counts what was observed, so the watch was kept.'
/** Clauses that facts of data quality, time nodes and scores prove. */
export const assessmentControls: readonly Control[] = [
  control('A-2.3.1', {
    demand: {
      zh: '上月的流程偏离已计入考核，近一个月没有未作废的流程偏离。',
      en: 'Deviations of the last month are counted in its scores, and none was observed in the last thirty days that still counts.',
    },
    proof: {
      zh: '有人员被度量的当月评分计算，按月份末计时。',
      en: 'Scores of the month computed with somebody measured, as old as its end.',
    },
    counterExample: {
      zh: '记录到一次流程偏离；评分超期未计算，或当月无一人有任何事实。',
      en: 'A deviation from the process is observed; the scores are not computed in time, or from a month without one fact.',
    },
    from: ASSESSMENT,
    fresh: MONTHLY,
    touches: [...measuredBy('measured', COUNTED), ...observed('at-risk', 'process-deviation')],
  }),
  control('A-2.3.3', {
    demand: {
      zh: '上月录入量已统计，近一个月没有未更正、未作废的数据错误。',
      en: 'Entries of the last month are counted, and no data error of the last thirty days is uncorrected and counts.',
    },
    proof: {
      zh: '录入量统计的事实，按月份末计时；由本单位以外的人确认的更正消除数据错误。',
      en: 'Entries counted of the month, as old as its end; a correction that somebody of another unit confirmed ends a data error.',
    },
    counterExample: {
      zh: '数据错误未更正，或仅由被考核单位自称已更正；录入量超期未统计。',
      en: 'A data error is not corrected, or only by the word of the unit concerned; entries of a month are not counted in time.',
    },
    from: ASSESSMENT,
    fresh: MONTHLY,
    touches: [
      proves(assessment.EntriesCounted, '', { month: 'month' }),
      ...observed('at-risk', 'data-error'),
      mends(assessment.ErrorCorrected, '{observationId}', {
        when: byOthers,
        why: 'The data is right again.',
      }),
    ],
  }),
  control('A-2.3.5', {
    demand: {
      zh: '数据错误在时限内更正并由本单位以外的人确认，近一个月没有未作废的逾期更正。',
      en: 'Data errors are corrected in time by the word of somebody of another unit, and no late correction of the last thirty days counts.',
    },
    proof: {
      zh: '在时限内更正且已确认的事实。',
      en: 'Errors corrected within their target, confirmed.',
    },
    counterExample: {
      zh: '记录到一次逾期更正；更正只有被考核单位自称；日历缺少年份，更正没有时限。',
      en: 'A late correction is observed; corrections are claimed by the unit concerned only; a year of the calendar is missing, so that they have no due date.',
    },
    from: ASSESSMENT,
    touches: [
      proves(assessment.ErrorCorrected, '', { when: { ...within.when, ...byOthers } }),
      // Whoever notices first, timer or corrector, has the delay observed: one late correction is one breach.
      ...observed('breaks', 'late-correction', 'The observation states that it was late.'),
      endangers(incident.CalendarYearMissing, '{year}', {
        lasts: PAST,
        why: 'In such a year no error has a due date until its holidays are known.',
      }),
      mends(incident.HolidayYearLoaded, '{year}'),
    ],
  }),
  control('A-2.3.7', {
    demand: {
      zh: '各环节在时间节点前完成，由本单位以外的人确认；近一个月没有未作废的错过或逾期，没有超过两周未确认的自报。',
      en: 'Steps are finished by their time nodes, by the word of somebody of another unit; none of the last thirty days was missed or late and counts, and no claim waits for more than two weeks.',
    },
    proof: {
      zh: '在时限内完成且非本单位自称的事实。',
      en: 'Time nodes completed within their target, not by the word of the unit concerned.',
    },
    counterExample: {
      zh: '时间节点已过而未完成；逾期完成；自报两周未获确认。',
      en: 'A time node passes and the step is not finished; it is finished late; a claim is not confirmed for two weeks.',
    },
    from: ASSESSMENT,
    touches: [
      proves(assessment.TimeNodeCompleted, '', within),
      breaks(assessment.TimeNodeMissed, '{nodeId}'),
      mends(assessment.TimeNodeCompleted, '{nodeId}'),
      mends(assessment.ObservationVoided, '{originId}', { when: { kind: ['delay'] } }),
      // Finished late it is finished, and was late all the same.
      breaks(assessment.TimeNodeCompleted, '{nodeId}/late', {
        when: { withinTarget: [false] },
        lasts: PAST,
      }),
      mends(assessment.ObservationVoided, '{originId}/late', { when: { kind: ['delay'] } }),
      // What the unit concerned says of itself is nothing until somebody else has looked.
      expects(assessment.TimeNodeClaimed, '{nodeId}/claim', { due: 'confirmBy' }),
      mends(assessment.TimeNodeCompleted, '{nodeId}/claim'),
      mends(assessment.TimeNodeMissed, '{nodeId}/claim'),
    ],
  }),
  control('A-6.1.1', {
    demand: {
      zh: '上月有录入量与差错事实，数据错误率按月计算。',
      en: 'The data error rate of the last month was computed from entries that were counted.',
    },
    proof: {
      zh: '有人员录入量的当月评分计算，按月份末计时。',
      en: 'Scores of the month computed with entries of somebody, as old as its end.',
    },
    counterExample: {
      zh: '当月评分没有任何录入量；评分超期未计算。',
      en: 'The scores of a month are computed without any entries, or not in time.',
    },
    from: ASSESSMENT,
    fresh: MONTHLY,
    touches: measuredBy('measuredAccuracy'),
  }),
  control('A-6.1.2', {
    demand: {
      zh: '操作延误次数按月计算，当月确有时间节点可计。',
      en: 'Delays are counted every month, and the month had time nodes to be counted by.',
    },
    proof: {
      zh: '有已确认或已错过节点的当月评分计算，按月份末计时。',
      en: 'Scores of the month computed with steps that were confirmed or missed, as old as its end.',
    },
    counterExample: {
      zh: '当月没有任何时间节点的事实；评分超期未计算。',
      en: 'The scores of a month are computed without any fact of a time node, or not in time.',
    },
    from: ASSESSMENT,
    fresh: MONTHLY,
    touches: measuredBy('measuredTimeliness'),
  }),
  control('A-6.1.3', {
    demand: {
      zh: '配合度按月计算。',
      en: 'Cooperation is measured every month.',
    },
    proof: {
      zh: '有人员被度量的当月评分计算，按月份末计时。',
      en: 'Scores of the month computed with somebody measured, as old as its end.',
    },
    counterExample: {
      zh: '当月无一人有任何事实；评分超期未计算。',
      en: 'The scores are computed from a month without one fact, or not in time.',
    },
    from: ASSESSMENT,
    fresh: MONTHLY,
    touches: measuredBy('measured'),
  }),
  control('A-6.1.4', {
    demand: {
      zh: '安全合规按月计算，近一个月没有未作废的安全事件。',
      en: 'Security is measured every month, and no incident of the last thirty days counts.',
    },
    proof: {
      zh: '有人员被度量的当月评分计算，按月份末计时。',
      en: 'Scores of the month computed with somebody measured, as old as its end.',
    },
    counterExample: {
      zh: '记录到安全事件；评分超期未计算。',
      en: 'A security incident is observed; the scores of a month are not computed in time.',
    },
    from: ASSESSMENT,
    fresh: MONTHLY,
    touches: [...measuredBy('measured'), ...observed('at-risk', 'security-incident')],
  }),
  control('B-5.6', {
    demand: {
      zh: '每月检查考核并公布结果。',
      en: 'The work is assessed and the result made known every month.',
    },
    proof: {
      zh: '评分公布的事实，按月份末计时。',
      en: 'Scores published of the month, as old as its end.',
    },
    counterExample: {
      zh: '评分超期未公布。',
      en: 'The scores of a month are not published in time.',
    },
    from: ASSESSMENT,
    fresh: MONTHLY,
    // What was computed and kept back is not made known.
    touches: [proves(assessment.ScoresPublished, '', { month: 'month' })],
  }),
]
