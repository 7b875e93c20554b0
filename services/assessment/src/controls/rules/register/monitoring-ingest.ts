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
  retires,
  control,
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

/** Clauses that facts of inspections, sources and alerts prove. */
export const monitoringControls: readonly Control[] = [
  control('A-3.1.1', {
    demand: {
      zh: '每天的巡检由指定人员按时签字。',
      en: 'The round of every day is signed in time by a named person.',
    },
    proof: {
      zh: '两天内巡检完成的事实。',
      en: 'A round done within two days.',
    },
    counterExample: {
      zh: '巡检逾期未签;巡检没有指定人员。',
      en: 'A round is overdue; a round has no inspector.',
    },
    from: MONITORING,
    fresh: DAILY,
    touches: [
      proves(monitoring.InspectionDone),
      // The round of another day is not this one; one that nobody signs any more is past after a while.
      mends(monitoring.InspectionDone, '{roundId}'),
      breaks(monitoring.InspectionOverdue, '{roundId}', { lasts: PAST }),
      endangers(monitoring.InspectionGenerated, '{roundId}', {
        when: { inspectorPersonId: [null] },
        lasts: PAST,
      }),
    ],
  }),
  control('A-3.1.2', {
    demand: {
      zh: '巡检覆盖运行状态、服务器性能和网络,逐项有结论。',
      en: 'Rounds cover running state, server performance and network, each item with its verdict.',
    },
    proof: {
      zh: '两天内巡检完成的事实,每项有结论才能完成。',
      en: 'A round done within two days, which needs a verdict of each item.',
    },
    counterExample: {
      zh: '两天内没有完成的巡检。',
      en: 'No round was done within two days.',
    },
    from: MONITORING,
    fresh: DAILY,
    touches: [proves(monitoring.InspectionDone)],
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
      zh: '从未有发现记录;监控服务三小时无消息。',
      en: 'No finding was ever raised; nothing is heard of monitoring for three hours.',
    },
    from: MONITORING,
    touches: [proves(monitoring.InspectionFindingRaised)],
  }),
  control('A-3.2.1', {
    demand: {
      zh: '每个登记的数据源持续上报。',
      en: 'Every registered source keeps sending.',
    },
    proof: {
      zh: '每个数据源收到样本的事实。',
      en: 'Each source heard.',
    },
    counterExample: {
      zh: '数据源停止上报,或登记后从未上报。',
      en: 'A source falls silent, or never sent since it was registered.',
    },
    from: MONITORING,
    scope: 'each',
    touches: [
      expects(monitoring.SourceChanged, '{sourceId}', { when: { change: ['registered'] } }),
      proves(monitoring.SourceHeard, '{sourceId}'),
      ...sources,
    ],
  }),
  control('A-3.2.2', {
    demand: {
      zh: '已设有阈值,并有持续上报的数据源供其判断。',
      en: 'Thresholds are set, and the sources that feed them keep sending.',
    },
    proof: {
      zh: '阈值设置的事实;数据源未停止上报。',
      en: 'Thresholds set; no source silent.',
    },
    counterExample: {
      zh: '阈值全部撤销,或数据源停止上报。',
      en: 'Every threshold is withdrawn, or a source falls silent.',
    },
    from: MONITORING,
    scope: 'each',
    touches: [
      proves(monitoring.ThresholdSet, '{thresholdId}', {
        when: { change: ['created', 'changed'] },
      }),
      retires(monitoring.ThresholdSet, '{thresholdId}', { when: { change: ['withdrawn'] } }),
      ...sources,
    ],
  }),
  control('A-3.2.3', {
    demand: {
      zh: '超限产生报警,报警送达相关人员。',
      en: 'Exceeding a threshold raises an alert, and the alert reaches people.',
    },
    proof: {
      zh: '报警触发与通知送达的事实。',
      en: 'Alerts firing and notifications delivered.',
    },
    counterExample: {
      zh: '通知发送失败而无人受理;数据源停止上报。',
      en: 'A notification fails and nobody takes the ticket; a source falls silent.',
    },
    from: [...MONITORING, ...INCIDENT],
    touches: [
      proves(monitoring.AlertFiring),
      proves(incident.NotificationDelivered),
      // A message that fails after the ticket was taken, or closed, is followed by nothing that would mend it.
      breaks(incident.NotificationFailed, '{ticketId}', { lasts: PAST }),
      mends(incident.NotificationDelivered, '{ticketId}'),
      mends(incident.TicketAcknowledged, '{ticketId}', {
        why: 'Whoever took the ticket was reached.',
      }),
      ...sources,
    ],
  }),
]
