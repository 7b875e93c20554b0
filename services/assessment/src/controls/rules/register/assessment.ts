import * as assessment from '@erp-steward/contracts/assessment-events'
import type { Control, FreshFor, Touch } from '../control.ts'
import { proves, breaks, mends, endangers, control, PAST, ASSESSMENT, within } from './touch.ts'

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

const COUNTED = 'The score of a month counts what was observed, so the watch was kept.'
const scored = (listed: boolean): Touch =>
  proves(assessment.ScoresComputed, '', { why: listed ? null : COUNTED, month: 'month' })

/** Clauses that facts of data quality, time nodes and scores prove. */
export const assessmentControls: readonly Control[] = [
  control('A-2.3.1', {
    demand: {
      zh: '上月的流程偏离已计入考核,近一个月没有未作废的流程偏离。',
      en: 'Deviations of the last month are counted in its scores, and none was observed in the last thirty days that still counts.',
    },
    proof: {
      zh: '当月评分计算的事实,按月份末计时。',
      en: 'Scores computed of the month, as old as its end.',
    },
    counterExample: {
      zh: '记录到一次流程偏离;或评分超期未计算。',
      en: 'A deviation from the process is observed; or the scores of a month are not computed in time.',
    },
    from: ASSESSMENT,
    fresh: MONTHLY,
    touches: [scored(false), ...observed('at-risk', 'process-deviation')],
  }),
  control('A-2.3.3', {
    demand: {
      zh: '上月录入量已统计,近一个月没有未更正、未作废的数据错误。',
      en: 'Entries of the last month are counted, and no data error of the last thirty days is uncorrected and counts.',
    },
    proof: {
      zh: '录入量统计的事实,按月份末计时;更正消除数据错误。',
      en: 'Entries counted of the month, as old as its end; a correction ends a data error.',
    },
    counterExample: {
      zh: '记录到数据错误而未更正;或录入量超期未统计。',
      en: 'A data error is observed and not corrected; or entries of a month are not counted in time.',
    },
    from: ASSESSMENT,
    fresh: MONTHLY,
    touches: [
      proves(assessment.EntriesCounted, '', { month: 'month' }),
      ...observed('at-risk', 'data-error'),
      mends(assessment.ErrorCorrected, '{observationId}', { why: 'The data is right again.' }),
    ],
  }),
  control('A-2.3.5', {
    demand: {
      zh: '数据错误在时限内更正,近一个月没有未作废的逾期更正。',
      en: 'Data errors are corrected in time, and no late correction of the last thirty days counts.',
    },
    proof: {
      zh: '在时限内更正的事实。',
      en: 'Errors corrected within their target.',
    },
    counterExample: {
      zh: '记录到一次逾期更正。',
      en: 'A late correction is observed.',
    },
    from: ASSESSMENT,
    touches: [
      proves(assessment.ErrorCorrected, '', within),
      // Whoever notices first, timer or corrector, has the delay observed: one late correction is one breach.
      ...observed('breaks', 'late-correction', 'The observation states that it was late.'),
    ],
  }),
  control('A-2.3.7', {
    demand: {
      zh: '各环节在时间节点前完成,没有错过而未完成、未作废的节点。',
      en: 'Steps are finished by their time nodes, and none is missed that was neither finished nor voided.',
    },
    proof: {
      zh: '在时限内完成的事实。',
      en: 'Time nodes completed within their target.',
    },
    counterExample: {
      zh: '时间节点已过而未完成。',
      en: 'A time node passes and the step is not finished.',
    },
    from: ASSESSMENT,
    touches: [
      proves(assessment.TimeNodeCompleted, '', within),
      breaks(assessment.TimeNodeMissed, '{nodeId}'),
      mends(assessment.TimeNodeCompleted, '{nodeId}'),
      mends(assessment.ObservationVoided, '{originId}', { when: { kind: ['delay'] } }),
    ],
  }),
  control('A-6.1.1', {
    demand: {
      zh: '上月有录入量与差错事实,数据错误率按月计算。',
      en: 'The data error rate of the last month was computed from entries that were counted.',
    },
    proof: {
      zh: '当月评分计算的事实,按月份末计时。',
      en: 'Scores computed of the month, as old as its end.',
    },
    counterExample: {
      zh: '评分超期未计算。',
      en: 'The scores of a month are not computed in time.',
    },
    from: ASSESSMENT,
    fresh: MONTHLY,
    touches: [scored(true)],
  }),
  control('A-6.1.2', {
    demand: {
      zh: '操作延误次数按月计算。',
      en: 'Delays are counted every month.',
    },
    proof: {
      zh: '当月评分计算的事实,按月份末计时。',
      en: 'Scores computed of the month, as old as its end.',
    },
    counterExample: {
      zh: '评分超期未计算。',
      en: 'The scores of a month are not computed in time.',
    },
    from: ASSESSMENT,
    fresh: MONTHLY,
    touches: [scored(true)],
  }),
  control('A-6.1.3', {
    demand: {
      zh: '配合度按月计算。',
      en: 'Cooperation is measured every month.',
    },
    proof: {
      zh: '当月评分计算的事实,按月份末计时。',
      en: 'Scores computed of the month, as old as its end.',
    },
    counterExample: {
      zh: '评分超期未计算。',
      en: 'The scores of a month are not computed in time.',
    },
    from: ASSESSMENT,
    fresh: MONTHLY,
    touches: [scored(true)],
  }),
  control('A-6.1.4', {
    demand: {
      zh: '安全合规按月计算,近一个月没有未作废的安全事件。',
      en: 'Security is measured every month, and no incident of the last thirty days counts.',
    },
    proof: {
      zh: '当月评分计算的事实,按月份末计时。',
      en: 'Scores computed of the month, as old as its end.',
    },
    counterExample: {
      zh: '记录到安全事件;评分超期未计算。',
      en: 'A security incident is observed; the scores of a month are not computed in time.',
    },
    from: ASSESSMENT,
    fresh: MONTHLY,
    touches: [scored(true), ...observed('at-risk', 'security-incident')],
  }),
  control('B-5.6', {
    demand: {
      zh: '每月检查考核并公布结果。',
      en: 'The work is assessed and the result made known every month.',
    },
    proof: {
      zh: '评分公布的事实,按月份末计时。',
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
