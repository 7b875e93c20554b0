import * as directory from '@erp-steward/contracts/directory-events'
import * as incident from '@erp-steward/contracts/incident-events'
import * as monitoring from '@erp-steward/contracts/monitoring-events'
import type { Control, FreshFor, Touch } from '../control.ts'
import {
  expects,
  proves,
  breaks,
  mends,
  endangers,
  silences,
  speaks,
  states,
  retires,
  control,
  GONE,
  PAST,
  MONITORING,
  INCIDENT,
} from './touch.ts'

const DAILY: FreshFor = {
  duration: 'P2D',
  reason: 'A round is due every day; the second day leaves time until the deputy has signed.',
}
const FED = 'Without samples no threshold can be exceeded: the clause is fed by the sources.'
const sources: readonly Touch[] = [
  silences(monitoring.SourceSilent, '{sourceId}', { why: FED }),
  speaks(monitoring.SourceHeard, '{sourceId}', { why: FED }),
  retires(monitoring.SourceChanged, '{sourceId}', { when: { change: ['disabled'] }, why: FED }),
]

/** A unit that was closed, or does not run the ERP any more, owes neither rounds nor samples. */
const units: readonly Touch[] = [
  retires(directory.UnitChanged, '{unitId}', { when: { active: [false] }, why: GONE }),
  retires(directory.UnitChanged, '{unitId}', {
    when: { '!kind': ['HEADQUARTERS', 'USER_UNIT'] },
    why: GONE,
  }),
]

const guards = states(monitoring.KeyFigureStated, 'guard/{unitId}/{figure}', 'guarded', [true])
const GUARD = {
  zh: '各单位关键指标均有生效且能触发的阈值',
  en: 'a threshold that can fire on each key figure of every unit',
}

/** By what a person was reached, not a system. */
const PERSONAL = ['mail', 'acknowledgement'] as const

/** A threshold in force that judges nothing. */
const unfed: readonly Touch[] = [
  endangers(monitoring.ThresholdUnfed, '{thresholdId}'),
  mends(monitoring.ThresholdFed, '{thresholdId}'),
  retires(monitoring.ThresholdSet, '{thresholdId}', {
    when: { change: ['withdrawn'] },
    why: 'What is out of force need judge nothing.',
  }),
]

/** Clauses that facts of inspections, sources and alerts prove. */
export const monitoringControls: readonly Control[] = [
  control('A-3.1.1', {
    demand: {
      zh: '每个使用 ERP 的单位每个自然日均由名单上有权限的人员当日签字，名单上随时有人能够巡检。',
      en: 'Every unit that runs the ERP is inspected every calendar day, signed on that day by somebody of its roster who may, and its roster names somebody able at any time.',
    },
    proof: {
      zh: '每个单位两天内当日签字的巡检；名单有效的事实。',
      en: 'A round of each unit within two days, signed on its day; a roster that is covered.',
    },
    counterExample: {
      zh: '巡检逾期未签或事后补签；名单上的人员离开、冻结或失去权限；单位没有名单。',
      en: 'A round overdue, or signed after its day; everybody on the roster left, is frozen or lost the role; a unit without roster.',
    },
    from: MONITORING,
    fresh: DAILY,
    scope: 'each',
    touches: [
      expects(monitoring.InspectionGenerated, '{unitId}'),
      proves(monitoring.InspectionDone, '{unitId}', { when: { onDay: [true] } }),
      // The round of another day is not this one; a day that nobody inspected is past after a while.
      breaks(monitoring.InspectionOverdue, '{unitId}/{roundId}', { lasts: PAST }),
      mends(monitoring.InspectionDone, '{unitId}/{roundId}', { when: { onDay: [true] } }),
      breaks(monitoring.InspectionUncovered, '{unitId}/roster'),
      mends(monitoring.InspectionCovered, '{unitId}/roster'),
      ...units,
    ],
  }),
  control('A-3.1.2', {
    demand: {
      zh: '每个单位的巡检覆盖运行状态、服务器性能和网络，逐项有符合类型的结果和结论，超限须有发现或第二人说明，且不是照抄。',
      en: 'The rounds of every unit cover running state, server performance and network: each item has a value of its type and a verdict, one beyond its limit is a finding or explained by a second person, and the answers are not copied.',
    },
    proof: {
      zh: '每个单位两天内完成且无雷同的巡检，每项有结论才能签字。',
      en: 'A round of each unit within two days that does not look copied; none is signed without every verdict.',
    },
    counterExample: {
      zh: '两天内没有巡检；结果与前几天完全相同，或各项完全相同。',
      en: 'No round within two days; answers that are the same as for days, or the same everywhere.',
    },
    from: MONITORING,
    fresh: DAILY,
    scope: 'each',
    touches: [
      expects(monitoring.InspectionGenerated, '{unitId}'),
      proves(monitoring.InspectionDone, '{unitId}', { when: { suspicious: [false] } }),
      endangers(monitoring.InspectionSuspicious, '{unitId}'),
      mends(monitoring.InspectionDone, '{unitId}', { when: { suspicious: [false] } }),
      ...units,
    ],
  }),
  control('A-3.1.3', {
    demand: {
      zh: '巡检发现的异常均形成记录并进入处理。',
      en: 'What an inspection finds abnormal is recorded and passed on.',
    },
    proof: {
      zh: '巡检发现提出的事实。',
      en: 'Findings raised.',
    },
    counterExample: {
      zh: '从未有发现记录；监控服务三小时无消息。',
      en: 'No finding was ever raised; nothing is heard of monitoring for three hours.',
    },
    from: MONITORING,
    touches: [proves(monitoring.InspectionFindingRaised)],
  }),
  control('A-3.2.1', {
    demand: {
      zh: '每个使用 ERP 的单位的 CPU、内存和磁盘 I/O 都有此刻的有效样本，每个登记的数据源持续上报。',
      en: 'CPU, memory and disk I/O of every unit that runs the ERP have a plausible sample of now, and every registered source keeps sending.',
    },
    proof: {
      zh: '各单位各关键指标处于监控中的事实；每个数据源收到样本。',
      en: 'Each key figure of each unit stated as watched; each source heard.',
    },
    counterExample: {
      zh: '数据源只发送其他指标；样本过时、超前或不可能；数据源停止上报或从未上报。',
      en: 'A source that sends something else; samples that are late, dated ahead or impossible; a source that falls silent or never sent.',
    },
    from: MONITORING,
    scope: 'each',
    requires: { figure: { zh: '处于监控中的关键指标', en: 'a key figure that is watched' } },
    touches: [
      expects(monitoring.KeyFigureStated, 'figure/{unitId}/{figure}'),
      proves(monitoring.KeyFigureStated, 'figure/{unitId}/{figure}', { when: { watched: [true] } }),
      speaks(monitoring.KeyFigureStated, 'figure/{unitId}/{figure}', { when: { watched: [true] } }),
      silences(monitoring.KeyFigureStated, 'figure/{unitId}/{figure}', {
        when: { watched: [false] },
      }),
      expects(monitoring.SourceChanged, '{sourceId}', { when: { change: ['registered'] } }),
      proves(monitoring.SourceHeard, '{sourceId}'),
      ...sources,
      ...units,
    ],
  }),
  control('A-3.2.2', {
    demand: {
      zh: '每个使用 ERP 的单位的每个关键指标都有生效的阈值，不晚于参数的严重限值，且此刻有样本供其判断；没有永远不会触发的阈值。',
      en: 'Each key figure of every unit that runs the ERP has a threshold in force, no later than the critical limit of the parameters, that judges samples of now; no threshold is one that can never fire.',
    },
    proof: {
      zh: '各单位各关键指标有阈值把关的事实。',
      en: 'Each key figure of each unit stated as guarded.',
    },
    counterExample: {
      zh: '关键指标没有阈值，或阈值放宽到严重限值之外；阈值没有数据源、模块或样本。',
      en: 'A key figure without threshold, or with one beyond the critical limit; a threshold without source, module or samples.',
    },
    from: MONITORING,
    requires: { guard: GUARD },
    touches: [...guards, ...unfed, ...sources, ...units],
  }),
  control('A-3.2.3', {
    demand: {
      zh: '关键指标有阈值；每个确认的报警按其级别在时限内送达负责人本人（邮件服务器为其收下邮件，或其受理工单），级别升高后再次送达；触发的报警均在时限内有人受理。',
      en: 'Key figures have thresholds; every confirmed alert reaches a person in charge in time at its level (the mail server accepted the mail for that person, or the person took the ticket), and anew when the level rises; none that fires is left without anybody who took it in time.',
    },
    proof: {
      zh: '关键指标有阈值把关，且有报警送达负责人的事实。Webhook 收下的消息只算到达系统，不算送达人员。',
      en: 'Key figures stated as guarded, and alerts told to persons in charge. What a webhook accepted has reached a system and no person.',
    },
    counterExample: {
      zh: '从未送达任何人；触发的报警尚未送达，或只有 Webhook 收下；升高的级别未送达；报警超时未送达或无人受理；关键指标没有阈值；数据源停止上报。',
      en: 'Nobody was ever reached; an alert that fires and has reached nobody yet, or only a webhook; a risen level that was not told; an alert not told or not taken in time; a key figure without threshold; a source that falls silent.',
    },
    from: [...MONITORING, ...INCIDENT],
    requires: {
      guard: GUARD,
      delivery: { zh: '送达负责人的报警', en: 'an alert that reached a person in charge' },
    },
    touches: [
      ...guards,
      ...unfed,
      // By whom it was accepted is not said where that was not asked yet, when a webhook counted too.
      proves(monitoring.AlertNotified, 'delivery', { when: { by: PERSONAL } }),
      // Until it is known that somebody was reached, nobody was: also when the alert is over before its time to tell is.
      endangers(monitoring.AlertFiring, '{episodeId}/{level}'),
      breaks(monitoring.AlertNotifyOverdue, '{episodeId}/{level}'),
      mends(monitoring.AlertNotified, '{episodeId}/{level}'),
      // What was stated before levels were told apart.
      mends(monitoring.AlertNotified, '{episodeId}'),
      // A message that came late came late, whatever is done afterwards.
      endangers(monitoring.AlertNotified, '{episodeId}/{level}/late', {
        when: { withinTarget: [false] },
        lasts: PAST,
      }),
      breaks(monitoring.AlertAckOverdue, '{episodeId}/taken'),
      mends(monitoring.AlertAcknowledged, '{episodeId}/taken'),
      mends(monitoring.AlertResolved, '{episodeId}/taken'),
      // A message that fails after the ticket was taken, or closed, is followed by nothing that would mend it.
      breaks(incident.NotificationFailed, '{ticketId}', {
        when: { channel: ['mail'] },
        lasts: PAST,
      }),
      mends(incident.NotificationDelivered, '{ticketId}', { when: { channel: ['mail'] } }),
      endangers(incident.NotificationFailed, '{ticketId}/webhook', {
        when: { channel: ['webhook'] },
        lasts: PAST,
      }),
      mends(incident.NotificationDelivered, '{ticketId}/webhook', {
        when: { channel: ['webhook'] },
      }),
      mends(incident.TicketAcknowledged, '{ticketId}', {
        why: 'Whoever took the ticket was reached.',
      }),
      ...sources,
      ...units,
    ],
  }),
]
