import * as change from '@erp-steward/contracts/change-events'
import type { Control, Touch } from '../control.ts'
import { INCIDENT, breaks, control, endangers, mends, proves } from './touch.ts'

/** Somebody of the stage decided. */
const decided = (stage: string): Touch[] => {
  const when = { stage: [stage] }
  return [
    proves(change.ChangeApproved, '', { when }),
    // A refusal is an approval that was asked for: the step is kept.
    proves(change.ChangeRejected, '', { when }),
  ]
}

/** A stage of approvals that nobody can give is a breach until somebody can. */
const filled = (stage: string): Touch[] => {
  const when = { stage: [stage] }
  return [
    breaks(change.ChangeStageUnfilled, `{changeId}/${stage}`, { when }),
    mends(change.ChangeStageFilled, `{changeId}/${stage}`, { when }),
  ]
}

/** What an emergency skipped and nobody made up in its time is a breach until it is made up. */
const madeUp = (...debts: string[]): Touch[] => {
  const when = { debt: debts }
  return [
    breaks(change.ChangeDebtOverdue, '{changeId}/{debt}', { when }),
    mends(change.ChangeDebtSettled, '{changeId}/{debt}', { when }),
  ]
}

/** Clauses that facts of changes and their approvals prove. */
export const changeControls: readonly Control[] = [
  control('A-3.3.2', {
    demand: {
      zh: '升级、迁移与补丁均有方案和计划时间，并在计划时间内实施。',
      en: 'Upgrades, migrations and patches have their plan and their planned time, and are carried out in it.',
    },
    proof: {
      zh: '升级、迁移或补丁变更提交的事实，无方案和时间不能提交，计划时间外不能开始。',
      en: 'Upgrades, migrations or patches submitted, which none can be without plan and time, nor start outside it.',
    },
    counterExample: {
      zh: '从未提交；变更因超出计划时间被拦下而未重新计划。',
      en: 'None was ever submitted; a change was held past its planned time and not planned anew.',
    },
    from: INCIDENT,
    touches: [
      proves(change.ChangeSubmitted, '', { when: { kind: ['upgrade', 'migration', 'patch'] } }),
      endangers(change.ChangeHeld, '{changeId}', {
        when: { cause: ['outside-planned-time'] },
        why: 'The planned time of the change went by.',
      }),
      mends(change.ChangeAmended, '{changeId}'),
      mends(change.ChangeWithdrawn, '{changeId}', { why: 'The change will not start.' }),
    ],
  }),
  control('A-3.3.3', {
    demand: {
      zh: '变更开始前已完成测试。',
      en: 'Changes are tested before they start.',
    },
    proof: {
      zh: '变更开始的事实，无测试证据不能开始。',
      en: 'Changes started, which none can be without evidence of a test.',
    },
    counterExample: {
      zh: '从未开始；分级支持服务三小时无消息。',
      en: 'None was ever started; nothing is heard of incident tiering for three hours.',
    },
    from: INCIDENT,
    touches: [proves(change.ChangeStarted)],
  }),
  control('A-3.3.5', {
    demand: {
      zh: '变更有回退方案，回退过的变更已复盘，紧急变更所跳过的单据和复盘按时补齐。',
      en: 'Changes have a way back, one that was taken back is reviewed, and papers and reviews that an emergency skipped are made up in time.',
    },
    proof: {
      zh: '变更结束与复盘的事实。',
      en: 'Changes finished and reviewed.',
    },
    counterExample: {
      zh: '变更被回退而未复盘；紧急变更的单据或复盘逾期。',
      en: 'A change is rolled back and not reviewed; papers or the review of an emergency are overdue.',
    },
    from: INCIDENT,
    touches: [
      proves(change.ChangeFinished),
      proves(change.ChangeReviewed),
      endangers(change.ChangeFinished, '{changeId}', { when: { outcome: ['rolled-back'] } }),
      mends(change.ChangeReviewed, '{changeId}'),
      ...madeUp('papers', 'review'),
    ],
  }),
  control('B-4.1.5', {
    demand: {
      zh: '变更需求先经本单位审批。',
      en: 'Requests are decided by the unit first.',
    },
    proof: {
      zh: '单位阶段批准与拒绝的事实。',
      en: 'Approvals and refusals of the unit.',
    },
    counterExample: {
      zh: '从未有单位审批；分级支持服务三小时无消息。',
      en: 'No unit ever decided; nothing is heard of incident tiering for three hours.',
    },
    from: INCIDENT,
    touches: decided('unit'),
  }),
  control('B-4.2.4', {
    demand: {
      zh: '各单位上报的需求由申请单位以外的人员作公司审批，没有无人可任的公司审批阶段。',
      en: 'Requests of units are decided for the company by people of other units, and no such stage waits that nobody can give.',
    },
    proof: {
      zh: '公司阶段批准与拒绝的事实，申请单位的人员不能作出。',
      en: 'Approvals and refusals of the company, which nobody of the unit that asks can give.',
    },
    counterExample: {
      zh: '从未有公司审批；公司阶段无人可任。',
      en: 'The company never decided; a stage of the company waits that nobody can give.',
    },
    from: INCIDENT,
    touches: [...decided('company'), ...filled('company')],
  }),
  control('B-6.2', {
    demand: {
      zh: '变更经提出并审批后才实施，没有无人可任的审批阶段，紧急变更所跳过的审批和单据按时补齐。',
      en: 'Changes are asked for and decided before they are done, no stage waits that nobody can give, and what an emergency skipped is made up in time.',
    },
    proof: {
      zh: '变更提交、批准与拒绝的事实。',
      en: 'Changes submitted, approved and rejected.',
    },
    counterExample: {
      zh: '从未审批；审批阶段无人可任；紧急变更所跳过的单位审批或单据逾期。',
      en: 'None was ever decided; a stage waits that nobody can give; the unit approval or the papers of an emergency are overdue.',
    },
    from: INCIDENT,
    requires: { decision: { zh: '审批决定', en: 'a decision' } },
    touches: [
      proves(change.ChangeSubmitted),
      proves(change.ChangeApproved, 'decision'),
      proves(change.ChangeRejected, 'decision'),
      ...filled('unit'),
      ...filled('company'),
      ...madeUp('papers', 'unit-approval'),
    ],
  }),
  control('B-7.5', {
    demand: {
      zh: '单位提出的变更由本单位人员先行审批，没有无人可任的单位阶段，紧急变更所跳过的单位审批按时补齐。',
      en: 'Changes of a unit are decided by its own people first, no such stage waits that nobody can give, and what an emergency skipped is made up in time.',
    },
    proof: {
      zh: '单位阶段批准与拒绝的事实，其他单位的人员不能作出。',
      en: 'Approvals and refusals of units, which nobody of another unit can give.',
    },
    counterExample: {
      zh: '从未有单位审批；单位阶段无人可任；紧急变更的单位审批逾期。',
      en: 'No unit ever decided; a stage of a unit waits that nobody can give; the unit approval of an emergency is overdue.',
    },
    from: INCIDENT,
    touches: [...decided('unit'), ...filled('unit'), ...madeUp('unit-approval')],
  }),
]
