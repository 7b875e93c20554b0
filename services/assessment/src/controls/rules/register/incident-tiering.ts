import type { EventDefinition } from '@erp-steward/contracts/event'
import * as change from '@erp-steward/contracts/change-events'
import * as directory from '@erp-steward/contracts/directory-events'
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

const OWNED = 'Whoever takes the ticket is its owner.'
const TOLD = 'A note that is not delivered tells nobody.'
const NOTE = { when: { occasion: ['progress-noted'] } }
const CLOCK = 'The clock of the ticket is the one that the clause sets.'

const LADDER = 'Who is not there to be called cannot help with a fault.'

/** A ticket whose clock ran out breaks the clause until what the clock waits for is done. */
const clockOf = (clock: string, ...done: readonly EventDefinition[]): Touch[] => [
  breaks(incident.TicketClockBreached, `{ticketId}/${clock}`, {
    when: { clock: [clock] },
    why: CLOCK,
  }),
  ...done.map((event) => mends(event, `{ticketId}/${clock}`, { why: CLOCK })),
]

const NAMED = 'Whoever is named can do the duty, or is refused.'
const GAP =
  'A gap is a duty that nobody can do now: nobody is named, or who is named has lost the right.'
/** Duties of a tier, or of one kind of it, that somebody must be able to do now. */
const gapOf = (tier: string, kind: 'MODULE' | null = null): Touch[] => {
  const duty = '{unitId}/{tier}/{kind}/module:{moduleCode}'
  const when = { tier: [tier], ...(kind !== null && { kind: [kind] }) }
  return [
    proves(incident.KeyUserNominated, '', { when, why: NAMED }),
    breaks(incident.KeyUserGapFound, duty, { when, why: GAP }),
    mends(incident.KeyUserGapMended, duty, { when, why: GAP }),
    retires(directory.UnitChanged, '{unitId}', { when: { active: [false] }, why: GONE }),
    retires(directory.ModuleChanged, 'module:{code}', { when: { active: [false] }, why: GONE }),
  ]
}

/** What was done after its time is past repair, and a risk for as long as a score counts it. */
const lateness = (...events: readonly EventDefinition[]): Touch[] =>
  events.map((event) =>
    endangers(event, '{ticketId}/late', {
      when: { withinTarget: [false] },
      lasts: PAST,
      why: CLOCK,
    }),
  )

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
      zh: '故障有人受理并按时恢复、最终解决:没有超时未办的工单,没有失去负责人而无人接手的工单,未恢复的一级故障已报到指定的上级,每一上报环节均有可达的上级。',
      en: 'Faults are taken, restored and finally solved in time: no ticket is past its clock undone, none has lost its owner with nobody taking over, an unrestored P1 reached the superiors who are named, and each step of that ladder has somebody who can be called.',
    },
    proof: {
      zh: '受理、恢复、最终解决与一级故障原因报告的事实;重新受理消除失主。',
      en: 'Tickets acknowledged, resolved, closed and reported on; taking a ticket anew ends its lack of an owner.',
    },
    counterExample: {
      zh: '受理、恢复或最终解决时限已过;负责人失去资格而工单无人接手;一级故障应报的上级无人可达;某一上报环节无人可达。',
      en: 'The clock to acknowledge, restore or finally solve ran out; an owner lost the right and nobody took the ticket; a P1 found no superior of its step; a step has nobody who can be called.',
    },
    from: INCIDENT,
    touches: [
      proves(incident.TicketResolved, '', { why: 'The fault is handled.' }),
      ...clockOf('acknowledge', incident.TicketAcknowledged, incident.TicketResolved),
      ...clockOf('restore', incident.TicketResolved),
      ...clockOf('final', incident.TicketClosed, incident.TicketRootCauseReported),
      endangers(incident.TicketReleased, '{ticketId}/owner'),
      mends(incident.TicketAcknowledged, '{ticketId}/owner', { why: OWNED }),
      endangers(incident.TicketSuperiorsCalled, '{ticketId}/superior', {
        when: { inStead: [true] },
      }),
      mends(incident.TicketResolved, '{ticketId}/superior', { why: CLOCK }),
      endangers(incident.SuperiorGapFound, 'step:{step}', { why: LADDER }),
      mends(incident.SuperiorGapMended, 'step:{step}', { why: LADDER }),
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
      zh: '用户的问题在时限内受理,近一个月没有迟到的受理。',
      en: 'Questions of users are taken within their target, and in the last month none was taken late.',
    },
    proof: {
      zh: '在时限内受理的事实。',
      en: 'Tickets acknowledged within their target.',
    },
    counterExample: {
      zh: '受理时限已过而工单无人受理;受理迟到。',
      en: 'The clock to acknowledge ran out and nobody took the ticket; one was taken late.',
    },
    from: INCIDENT,
    touches: [
      proves(incident.TicketAcknowledged, '', within),
      ...clockOf('acknowledge', incident.TicketAcknowledged, incident.TicketResolved),
      ...lateness(incident.TicketAcknowledged),
    ],
  }),
  control('A-5.2.3', {
    demand: {
      zh: '首次响应、恢复与最终解决均在时限内,近一个月没有迟到,日历年份齐全。',
      en: 'First response, restoration and final solution come within their targets, none was late in the last month, and the calendar has its years.',
    },
    proof: {
      zh: '在时限内受理与解决的事实。',
      en: 'Tickets acknowledged and resolved within their targets.',
    },
    counterExample: {
      zh: '受理、恢复或最终解决时限已过;办理迟到;日历缺少年份,时限只是暂定。',
      en: 'The clock to acknowledge, restore or finally solve ran out; something was late; a year of the calendar is missing, so that deadlines are provisional.',
    },
    from: INCIDENT,
    requires: {
      reply: { zh: '在时限内响应', en: 'a response within its target' },
      solution: { zh: '在时限内解决', en: 'a solution within its target' },
    },
    touches: [
      proves(incident.TicketAcknowledged, 'reply', within),
      proves(incident.TicketResolved, 'solution', within),
      ...clockOf('acknowledge', incident.TicketAcknowledged, incident.TicketResolved),
      ...clockOf('restore', incident.TicketResolved),
      ...clockOf('final', incident.TicketClosed, incident.TicketRootCauseReported),
      ...clockOf('unsolved', incident.TicketResolved),
      ...lateness(
        incident.TicketAcknowledged,
        incident.TicketResolved,
        incident.TicketRootCauseReported,
      ),
      endangers(incident.CalendarYearMissing, '{year}', { lasts: PAST }),
      mends(incident.HolidayYearLoaded, '{year}'),
    ],
  }),
  control('A-5.2.5', {
    demand: {
      zh: '处理进展按时告知用户,并且送达。',
      en: 'Users are told in time how the work goes, and it reaches them.',
    },
    proof: {
      zh: '进展说明及其送达的事实。',
      en: 'Progress noted, and the message delivered.',
    },
    counterExample: {
      zh: '进展说明时限已过而没有说明;说明未能送达。',
      en: 'The clock of the progress note ran out and none was written; a note could not be delivered.',
    },
    from: INCIDENT,
    requires: {
      note: { zh: '进展说明', en: 'a progress note' },
      delivery: { zh: '进展说明送达用户', en: 'a progress note that reached the user' },
    },
    touches: [
      proves(incident.TicketProgressNoted, 'note'),
      proves(incident.NotificationDelivered, 'delivery', NOTE),
      ...clockOf('progress-note', incident.TicketProgressNoted, incident.TicketResolved),
      breaks(incident.NotificationFailed, '{ticketId}/note', { ...NOTE, lasts: PAST, why: TOLD }),
      mends(incident.NotificationDelivered, '{ticketId}/note', NOTE),
    ],
  }),
  control('B-4.0', {
    demand: {
      zh: '问题逐级上报、解决并由用户确认:没有停留超时的层级,没有无人答复的确认,没有超时未恢复而找不到上级的一级故障。',
      en: 'Tickets go up through the tiers, are solved and confirmed by their users: none overstays its tier, none waits for an answer that nobody gives, and no unrestored P1 is without a superior who hears of it.',
    },
    proof: {
      zh: '用户确认并关闭的事实。',
      en: 'Tickets confirmed by their users and closed.',
    },
    counterExample: {
      zh: '层级时限已过而工单未升级、未重新分派、未解决;用户不答复且单位也未确认;一级故障的上级无人可达。',
      en: 'The clock of a tier ran out and the ticket was neither passed on, reassigned nor resolved; the user is silent and nobody of the unit answers; a P1 found no superior of its step.',
    },
    from: INCIDENT,
    requires: {
      confirmation: { zh: '用户的确认', en: 'a confirmation by a user' },
      closure: { zh: '工单的关闭', en: 'a closed ticket' },
    },
    touches: [
      proves(incident.TicketConfirmed, 'confirmation', { when: { accepted: [true] } }),
      proves(incident.TicketClosed, 'closure'),
      ...clockOf(
        'tier',
        incident.TicketEscalated,
        incident.TicketReassigned,
        incident.TicketResolved,
      ),
      endangers(incident.TicketUserSilent, '{ticketId}/answer'),
      mends(incident.TicketConfirmed, '{ticketId}/answer'),
      mends(incident.TicketClosed, '{ticketId}/answer'),
      endangers(incident.TicketSuperiorsCalled, '{ticketId}/superior', {
        when: { inStead: [true] },
        why: 'The ladder above the third tier has no one on it.',
      }),
      mends(incident.TicketResolved, '{ticketId}/superior', { why: CLOCK }),
    ],
  }),
  control('B-4.1.1', {
    demand: {
      zh: '各用户单位均有能履职的模块关键用户和 IT 关键用户。',
      en: 'Every user unit has module key users and an IT key user who can do the duty.',
    },
    proof: {
      zh: '一级关键用户指派的事实,没有未消除的空缺。',
      en: 'Key users of tier 1 nominated, and no gap open.',
    },
    counterExample: {
      zh: '清单上有空缺:无人被指派,或被指派者调离、冻结、失去权限或无法联系。',
      en: 'A gap is on the list: nobody is named, or who is named moved, is frozen, lost the right or cannot be reached.',
    },
    from: INCIDENT,
    touches: gapOf('L1'),
  }),
  control('B-4.1.2', {
    demand: {
      zh: '每个实施模块在各单位至少有一名能履职的关键用户。',
      en: 'Every implemented module has a key user in every unit who can do the duty.',
    },
    proof: {
      zh: '一级模块关键用户指派的事实,没有未消除的空缺。',
      en: 'Module key users of tier 1 nominated, and no gap open.',
    },
    counterExample: {
      zh: '清单上有空缺:无人被指派,或被指派者调离、冻结、失去权限或无法联系。',
      en: 'A gap is on the list: nobody is named, or who is named moved, is frozen, lost the right or cannot be reached.',
    },
    from: INCIDENT,
    touches: gapOf('L1', 'MODULE'),
  }),
  control('B-4.1.3', {
    demand: {
      zh: '一级关键用户受理本单位用户的问题,没有超时未受理的工单。',
      en: 'Key users of tier 1 take the questions of their users, and none waits past its clock.',
    },
    proof: {
      zh: '一级受理的事实。',
      en: 'Tickets acknowledged on tier 1.',
    },
    counterExample: {
      zh: '受理时限已过而无人受理;一级从未受理。',
      en: 'The clock to acknowledge ran out and nobody took the ticket; tier 1 never took one.',
    },
    from: INCIDENT,
    touches: [
      proves(incident.TicketAcknowledged, '', {
        when: { tier: ['L1'] },
        why: 'To take a question on tier 1 is to guide the user.',
      }),
      ...clockOf('acknowledge', incident.TicketAcknowledged, incident.TicketResolved),
    ],
  }),
  control('B-4.1.4', {
    demand: {
      zh: '一级解决不了的问题向上一级反馈,没有在一级超时滞留的工单。',
      en: 'What tier 1 cannot solve is passed up, and nothing is held on tier 1 past its clock.',
    },
    proof: {
      zh: '工单升级的事实。',
      en: 'Tickets escalated.',
    },
    counterExample: {
      zh: '一级时限已过而工单未升级、未解决;从未升级。',
      en: 'The clock of tier 1 ran out and the ticket was neither passed up nor resolved; none was ever passed up.',
    },
    from: INCIDENT,
    touches: [
      proves(incident.TicketEscalated),
      breaks(incident.TicketClockBreached, '{ticketId}/tier', {
        when: { clock: ['tier'], tier: ['L1'] },
        why: CLOCK,
      }),
      mends(incident.TicketEscalated, '{ticketId}/tier'),
      mends(incident.TicketReassigned, '{ticketId}/tier', { why: CLOCK }),
      mends(incident.TicketResolved, '{ticketId}/tier', { why: CLOCK }),
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
      zh: '从未有单位审批;分级支持服务三小时无消息。',
      en: 'No unit ever decided; nothing is heard of incident tiering for three hours.',
    },
    from: INCIDENT,
    touches: decided('unit'),
  }),
  control('B-4.2.1', {
    demand: {
      zh: '公司各模块有能履职的关键用户,并有 IT 关键用户。',
      en: 'The company has a key user of each module and one of IT who can do the duty.',
    },
    proof: {
      zh: '二级关键用户指派的事实,没有未消除的空缺。',
      en: 'Key users of tier 2 nominated, and no gap open.',
    },
    counterExample: {
      zh: '清单上有空缺:无人被指派,或被指派者调离、冻结、失去权限或无法联系。',
      en: 'A gap is on the list: nobody is named, or who is named moved, is frozen, lost the right or cannot be reached.',
    },
    from: INCIDENT,
    touches: gapOf('L2'),
  }),
  control('B-4.2.2', {
    demand: {
      zh: '每个模块有一名能履职的公司关键用户。',
      en: 'Every module has a key user of the company who can do the duty.',
    },
    proof: {
      zh: '二级模块关键用户指派的事实,没有未消除的空缺。',
      en: 'Module key users of tier 2 nominated, and no gap open.',
    },
    counterExample: {
      zh: '清单上有空缺:无人被指派,或被指派者调离、冻结、失去权限或无法联系。',
      en: 'A gap is on the list: nobody is named, or who is named moved, is frozen, lost the right or cannot be reached.',
    },
    from: INCIDENT,
    touches: gapOf('L2', 'MODULE'),
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
      zh: '各单位指派了能履职的关键用户,没有空缺。',
      en: 'Units name key users who can do the duty, and leave no gap.',
    },
    proof: {
      zh: '一级关键用户指派的事实,没有未消除的空缺。',
      en: 'Key users of tier 1 nominated, and no gap open.',
    },
    counterExample: {
      zh: '清单上有空缺:无人被指派,或被指派者调离、冻结、失去权限或无法联系。',
      en: 'A gap is on the list: nobody is named, or who is named moved, is frozen, lost the right or cannot be reached.',
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
