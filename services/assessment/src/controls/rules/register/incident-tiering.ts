import type { EventDefinition } from '@erp-steward/contracts/event'
import * as change from '@erp-steward/contracts/change-events'
import * as identity from '@erp-steward/contracts/identity-events'
import * as incident from '@erp-steward/contracts/incident-events'
import type { Control, Touch } from '../control.ts'
import {
  proves,
  breaks,
  mends,
  endangers,
  retires,
  control,
  PAST,
  INCIDENT,
  within,
  GONE,
} from './touch.ts'

const CLOCK = 'The clock of the ticket is the one that the clause sets.'

/** A ticket whose clock ran out breaks the clause until what the clock waits for is done. */
const clockOf = (clock: string, ...done: readonly EventDefinition[]): Touch[] => [
  breaks(incident.TicketClockBreached, `{ticketId}/${clock}`, {
    when: { clock: [clock] },
    why: CLOCK,
  }),
  ...done.map((event) => mends(event, `{ticketId}/${clock}`, { why: CLOCK })),
]

const FILLED = 'Whoever is named fills the gap that the clause forbids.'
const GAP = 'A gap is a duty that nobody was named for.'
const gapOf = (...tiers: readonly string[]): Touch[] => {
  const duty = '{unitId}/{tier}/{kind}/module:{moduleCode}'
  const when = { tier: tiers }
  return [
    proves(incident.KeyUserNominated, '', { when, why: FILLED }),
    breaks(incident.KeyUserGapFound, duty, { when, why: GAP }),
    mends(incident.KeyUserNominated, duty, { when, why: FILLED }),
    retires(identity.UnitChanged, '{unitId}', { when: { active: [false] }, why: GONE }),
    retires(identity.ModuleChanged, 'module:{code}', { when: { active: [false] }, why: GONE }),
  ]
}

const decided = (stage: string | null): Touch[] => {
  const when: Touch['when'] = stage === null ? {} : { stage: [stage] }
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

/** Clauses that facts of tickets, key users and changes prove. */
export const incidentControls: readonly Control[] = [
  control('A-1.3.4', {
    demand: {
      zh: '故障均已受理,没有超出时限仍未受理或未恢复的工单。',
      en: 'Faults are taken, and no ticket is past its clock without being taken or restored.',
    },
    proof: {
      zh: '工单提出与解决的事实;时限超出后由受理或解决消除。',
      en: 'Tickets opened and resolved; a clock that ran out is ended by taking or resolving the ticket.',
    },
    counterExample: {
      zh: '受理或恢复时限已过而工单仍无人处理。',
      en: 'The clock to acknowledge or restore ran out and the ticket still waits.',
    },
    from: INCIDENT,
    touches: [
      proves(incident.TicketOpened),
      proves(incident.TicketResolved, '', { why: 'The fault is handled.' }),
      ...clockOf('acknowledge', incident.TicketAcknowledged, incident.TicketResolved),
      ...clockOf('restore', incident.TicketResolved),
    ],
  }),
  control('A-3.3.2', {
    demand: {
      zh: '升级、迁移与补丁均有方案和计划时间,并在计划时间内实施。',
      en: 'Upgrades, migrations and patches have their plan and their planned time, and are carried out in it.',
    },
    proof: {
      zh: '升级、迁移或补丁变更提交的事实,无方案和时间不能提交,计划时间外不能开始。',
      en: 'Upgrades, migrations or patches submitted, which none can be without plan and time, nor start outside it.',
    },
    counterExample: {
      zh: '从未提交;变更因超出计划时间被拦下而未重新计划。',
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
      zh: '变更开始的事实,无测试证据不能开始。',
      en: 'Changes started, which none can be without evidence of a test.',
    },
    counterExample: {
      zh: '从未开始;分级支持服务三小时无消息。',
      en: 'None was ever started; nothing is heard of incident tiering for three hours.',
    },
    from: INCIDENT,
    touches: [proves(change.ChangeStarted)],
  }),
  control('A-3.3.5', {
    demand: {
      zh: '变更有回退方案,回退过的变更已复盘,紧急变更所跳过的单据和复盘按时补齐。',
      en: 'Changes have a way back, one that was taken back is reviewed, and papers and reviews that an emergency skipped are made up in time.',
    },
    proof: {
      zh: '变更结束与复盘的事实。',
      en: 'Changes finished and reviewed.',
    },
    counterExample: {
      zh: '变更被回退而未复盘;紧急变更的单据或复盘逾期。',
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
  control('A-5.2.2', {
    demand: {
      zh: '用户的问题在时限内受理。',
      en: 'Questions of users are taken within their target.',
    },
    proof: {
      zh: '在时限内受理的事实。',
      en: 'Tickets acknowledged within their target.',
    },
    counterExample: {
      zh: '受理时限已过而工单无人受理。',
      en: 'The clock to acknowledge ran out and nobody took the ticket.',
    },
    from: INCIDENT,
    touches: [
      proves(incident.TicketAcknowledged, '', within),
      ...clockOf('acknowledge', incident.TicketAcknowledged, incident.TicketResolved),
    ],
  }),
  control('A-5.2.3', {
    demand: {
      zh: '首次响应与恢复在时限内,日历年份齐全。',
      en: 'First response and restoration come within their targets, and the calendar has its years.',
    },
    proof: {
      zh: '在时限内受理与解决的事实。',
      en: 'Tickets acknowledged and resolved within their targets.',
    },
    counterExample: {
      zh: '受理或恢复时限已过;日历缺少年份。',
      en: 'The clock to acknowledge or restore ran out; a year of the calendar is missing.',
    },
    from: INCIDENT,
    touches: [
      proves(incident.TicketAcknowledged, '', within),
      proves(incident.TicketResolved, '', within),
      ...clockOf('acknowledge', incident.TicketAcknowledged, incident.TicketResolved),
      ...clockOf('restore', incident.TicketResolved),
      endangers(incident.CalendarYearMissing, '{year}', { lasts: PAST }),
    ],
  }),
  control('A-5.2.5', {
    demand: {
      zh: '处理进展按时告知用户。',
      en: 'Users are told in time how the work goes.',
    },
    proof: {
      zh: '进展说明的事实。',
      en: 'Progress noted.',
    },
    counterExample: {
      zh: '进展说明时限已过而没有说明。',
      en: 'The clock of the progress note ran out and none was written.',
    },
    from: INCIDENT,
    touches: [
      proves(incident.TicketProgressNoted),
      ...clockOf('progress-note', incident.TicketProgressNoted, incident.TicketResolved),
    ],
  }),
  control('B-4.0', {
    demand: {
      zh: '问题逐级上报、解决并由用户确认,没有停留超时的层级。',
      en: 'Tickets go up through the tiers, are solved and confirmed, and none overstays its tier.',
    },
    proof: {
      zh: '工单提出、升级、确认与关闭的事实。',
      en: 'Tickets opened, escalated, confirmed and closed.',
    },
    counterExample: {
      zh: '层级时限已过而工单未升级、未解决。',
      en: 'The clock of a tier ran out and the ticket was neither escalated nor resolved.',
    },
    from: INCIDENT,
    touches: [
      proves(incident.TicketOpened),
      proves(incident.TicketEscalated),
      proves(incident.TicketConfirmed),
      proves(incident.TicketClosed),
      ...clockOf('tier', incident.TicketEscalated, incident.TicketResolved),
    ],
  }),
  control('B-4.1.1', {
    demand: {
      zh: '用户单位有一级关键用户。',
      en: 'User units have key users of tier 1.',
    },
    proof: {
      zh: '一级关键用户指派的事实。',
      en: 'Key users of tier 1 nominated.',
    },
    counterExample: {
      zh: '从未指派;分级支持服务三小时无消息。',
      en: 'None was ever named; nothing is heard of incident tiering for three hours.',
    },
    from: INCIDENT,
    touches: [proves(incident.KeyUserNominated, '', { when: { tier: ['L1'] } })],
  }),
  control('B-4.1.2', {
    demand: {
      zh: '每个实施模块在各单位至少有一名关键用户,没有空缺。',
      en: 'Every implemented module has a key user in every unit: no gap is open.',
    },
    proof: {
      zh: '一级关键用户指派的事实;指派消除空缺。',
      en: 'Key users of tier 1 nominated, which ends a gap.',
    },
    counterExample: {
      zh: '发现空缺而未指派。',
      en: 'A gap is found and nobody is named.',
    },
    from: INCIDENT,
    touches: gapOf('L1'),
  }),
  control('B-4.1.3', {
    demand: {
      zh: '一级关键用户受理并指导本单位用户。',
      en: 'Key users of tier 1 take the questions of their users.',
    },
    proof: {
      zh: '一级受理的事实。',
      en: 'Tickets acknowledged on tier 1.',
    },
    counterExample: {
      zh: '从未受理;分级支持服务三小时无消息。',
      en: 'None was ever taken; nothing is heard of incident tiering for three hours.',
    },
    from: INCIDENT,
    touches: [
      proves(incident.TicketAcknowledged, '', {
        when: { tier: ['L1'] },
        why: 'To take a question on tier 1 is to guide the user.',
      }),
    ],
  }),
  control('B-4.1.4', {
    demand: {
      zh: '一级解决不了的问题向上一级反馈。',
      en: 'What tier 1 cannot solve is passed up.',
    },
    proof: {
      zh: '工单升级的事实。',
      en: 'Tickets escalated.',
    },
    counterExample: {
      zh: '从未升级;分级支持服务三小时无消息。',
      en: 'None was ever passed up; nothing is heard of incident tiering for three hours.',
    },
    from: INCIDENT,
    touches: [proves(incident.TicketEscalated)],
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
      zh: '从未有单位审批;分级支持服务三小时无消息。',
      en: 'No unit ever decided; nothing is heard of incident tiering for three hours.',
    },
    from: INCIDENT,
    touches: decided('unit'),
  }),
  control('B-4.2.1', {
    demand: {
      zh: '公司有二级关键用户。',
      en: 'The company has key users of tier 2.',
    },
    proof: {
      zh: '二级关键用户指派的事实。',
      en: 'Key users of tier 2 nominated.',
    },
    counterExample: {
      zh: '从未指派;分级支持服务三小时无消息。',
      en: 'None was ever named; nothing is heard of incident tiering for three hours.',
    },
    from: INCIDENT,
    touches: [
      proves(incident.KeyUserNominated, '', {
        when: { tier: ['L2'] },
        why: 'A key user of the company is what tier 2 consists of.',
      }),
    ],
  }),
  control('B-4.2.2', {
    demand: {
      zh: '每个模块有公司级关键用户,没有空缺。',
      en: 'Every module has a key user of the company: no gap is open.',
    },
    proof: {
      zh: '二级关键用户指派的事实;指派消除空缺。',
      en: 'Key users of tier 2 nominated, which ends a gap.',
    },
    counterExample: {
      zh: '发现空缺而未指派。',
      en: 'A gap is found and nobody is named.',
    },
    from: INCIDENT,
    touches: gapOf('L2'),
  }),
  control('B-4.2.4', {
    demand: {
      zh: '各单位上报的需求由申请单位以外的人员作公司审批,没有无人可任的公司审批阶段。',
      en: 'Requests of units are decided for the company by people of other units, and no such stage waits that nobody can give.',
    },
    proof: {
      zh: '公司阶段批准与拒绝的事实,申请单位的人员不能作出。',
      en: 'Approvals and refusals of the company, which nobody of the unit that asks can give.',
    },
    counterExample: {
      zh: '从未有公司审批;公司阶段无人可任。',
      en: 'The company never decided; a stage of the company waits that nobody can give.',
    },
    from: INCIDENT,
    touches: [...decided('company'), ...filled('company')],
  }),
  control('B-6.2', {
    demand: {
      zh: '变更经提出并审批后才实施,没有无人可任的审批阶段,紧急变更所跳过的审批和单据按时补齐。',
      en: 'Changes are asked for and decided before they are done, no stage waits that nobody can give, and what an emergency skipped is made up in time.',
    },
    proof: {
      zh: '变更提交、批准与拒绝的事实。',
      en: 'Changes submitted, approved and rejected.',
    },
    counterExample: {
      zh: '从未审批;审批阶段无人可任;紧急变更所跳过的单位审批或单据逾期。',
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
  control('B-7.3.2', {
    demand: {
      zh: '各单位指派关键用户,没有空缺。',
      en: 'Units name their key users and leave no gap.',
    },
    proof: {
      zh: '一级关键用户指派的事实;指派消除空缺。',
      en: 'Key users of tier 1 nominated, which ends a gap.',
    },
    counterExample: {
      zh: '发现空缺而未指派。',
      en: 'A gap is found and nobody is named.',
    },
    from: INCIDENT,
    touches: gapOf('L1'),
  }),
  control('B-7.5', {
    demand: {
      zh: '单位提出的变更由本单位人员先行审批,没有无人可任的单位阶段,紧急变更所跳过的单位审批按时补齐。',
      en: 'Changes of a unit are decided by its own people first, no such stage waits that nobody can give, and what an emergency skipped is made up in time.',
    },
    proof: {
      zh: '单位阶段批准与拒绝的事实,其他单位的人员不能作出。',
      en: 'Approvals and refusals of units, which nobody of another unit can give.',
    },
    counterExample: {
      zh: '从未有单位审批;单位阶段无人可任;紧急变更的单位审批逾期。',
      en: 'No unit ever decided; a stage of a unit waits that nobody can give; the unit approval of an emergency is overdue.',
    },
    from: INCIDENT,
    touches: [...decided('unit'), ...filled('unit'), ...madeUp('unit-approval')],
  }),
]
