import type { EventDefinition } from '@erp-steward/contracts/event'
import * as incident from '@erp-steward/contracts/incident-events'
import type { Control, Touch } from '../control.ts'
import { INCIDENT, PAST, breaks, control, endangers, mends, proves, within } from './touch.ts'

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

/** What was done after its time is past repair, and a risk for as long as a score counts it. */
const lateness = (...events: readonly EventDefinition[]): Touch[] =>
  events.map((event) =>
    endangers(event, '{ticketId}/late', {
      when: { withinTarget: [false] },
      lasts: PAST,
      why: CLOCK,
    }),
  )

/** Clauses that facts of tickets and of their notifications prove. */
export const ticketControls: readonly Control[] = [
  control('A-1.3.4', {
    demand: {
      zh: '故障有人受理并按时恢复、最终解决：没有超时未办的工单，没有失去负责人而无人接手的工单，未恢复的一级故障已报到指定的上级，每一上报环节均有可达的上级。',
      en: 'Faults are taken, restored and finally solved in time: no ticket is past its clock undone, none has lost its owner with nobody taking over, an unrestored P1 reached the superiors who are named, and each step of that ladder has somebody who can be called.',
    },
    proof: {
      zh: '受理、恢复、最终解决与一级故障原因报告的事实；重新受理消除失主。',
      en: 'Tickets acknowledged, resolved, closed and reported on; taking a ticket anew ends its lack of an owner.',
    },
    counterExample: {
      zh: '受理、恢复或最终解决时限已过；负责人失去资格而工单无人接手；一级故障应报的上级无人可达；某一上报环节无人可达。',
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
  control('A-5.2.2', {
    demand: {
      zh: '用户的问题在时限内受理，近一个月没有迟到的受理。',
      en: 'Questions of users are taken within their target, and in the last month none was taken late.',
    },
    proof: {
      zh: '在时限内受理的事实。',
      en: 'Tickets acknowledged within their target.',
    },
    counterExample: {
      zh: '受理时限已过而工单无人受理；受理迟到。',
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
      zh: '首次响应、恢复与最终解决均在时限内，近一个月没有迟到，日历年份齐全。',
      en: 'First response, restoration and final solution come within their targets, none was late in the last month, and the calendar has its years.',
    },
    proof: {
      zh: '在时限内受理与解决的事实。',
      en: 'Tickets acknowledged and resolved within their targets.',
    },
    counterExample: {
      zh: '受理、恢复或最终解决时限已过；办理迟到；日历缺少年份，时限只是暂定。',
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
      zh: '处理进展按时告知用户，并且送达。',
      en: 'Users are told in time how the work goes, and it reaches them.',
    },
    proof: {
      zh: '进展说明及其送达的事实。',
      en: 'Progress noted, and the message delivered.',
    },
    counterExample: {
      zh: '进展说明时限已过而没有说明；说明未能送达。',
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
      zh: '问题逐级上报、解决并由用户确认：没有停留超时的层级，没有无人答复的确认，没有超时未恢复而找不到上级的一级故障。',
      en: 'Tickets go up through the tiers, are solved and confirmed by their users: none overstays its tier, none waits for an answer that nobody gives, and no unrestored P1 is without a superior who hears of it.',
    },
    proof: {
      zh: '用户确认并关闭的事实。',
      en: 'Tickets confirmed by their users and closed.',
    },
    counterExample: {
      zh: '层级时限已过而工单未升级、未重新分派、未解决；用户不答复且单位也未确认；一级故障的上级无人可达。',
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
  control('B-4.1.3', {
    demand: {
      zh: '一级关键用户受理本单位用户的问题，没有超时未受理的工单。',
      en: 'Key users of tier 1 take the questions of their users, and none waits past its clock.',
    },
    proof: {
      zh: '一级受理的事实。',
      en: 'Tickets acknowledged on tier 1.',
    },
    counterExample: {
      zh: '受理时限已过而无人受理；一级从未受理。',
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
      zh: '一级解决不了的问题向上一级反馈，没有在一级超时滞留的工单。',
      en: 'What tier 1 cannot solve is passed up, and nothing is held on tier 1 past its clock.',
    },
    proof: {
      zh: '工单升级的事实。',
      en: 'Tickets escalated.',
    },
    counterExample: {
      zh: '一级时限已过而工单未升级、未解决；从未升级。',
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
]
