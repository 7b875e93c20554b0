import type { EventDefinition } from '@erp-steward/contracts/event'
import * as assessment from '@erp-steward/contracts/assessment-events'
import * as backup from '@erp-steward/contracts/backup-events'
import * as change from '@erp-steward/contracts/change-events'
import * as identity from '@erp-steward/contracts/identity-events'
import * as incident from '@erp-steward/contracts/incident-events'
import * as monitoring from '@erp-steward/contracts/monitoring-events'
import { AccessRefused } from '@erp-steward/contracts/platform-events'
import type { ServiceName } from '@erp-steward/contracts/services'
import type { Control, Effect, FreshFor, Touch } from './control.ts'

type Condition = Partial<Pick<Touch, 'when' | 'lasts' | 'why' | 'month'>>

const touch =
  (effect: Effect) =>
  (
    { type }: EventDefinition,
    key = '',
    { when = {}, lasts = null, why = null, month = null }: Condition = {},
  ) =>
    ({ event: type, effect, key, when, lasts, why, month }) satisfies Touch

const expects = touch('expects')
const proves = touch('proves')
const breaks = touch('breaks')
const mends = touch('mends')
const endangers = touch('at-risk')
const silences = touch('silences')
const speaks = touch('speaks')
const retires = touch('retires')

interface Row {
  readonly zh: string
  readonly en: string
  readonly from: readonly ServiceName[]
  readonly fresh?: FreshFor
  readonly scope?: Control['scope']
  readonly touches: readonly Touch[]
}

const control = (
  clauseId: string,
  { zh, en, from, fresh = null, scope = 'any', touches }: Row,
): Control => ({
  clauseId,
  looksAt: { 'zh-CN': zh, en },
  scope,
  freshFor: fresh,
  collectors: from,
  touches,
})

/** What cannot be undone stays a breach for a month, as long as the score that counts it. Own choice. */
const PAST = 'P30D'

const IDENTITY = ['identity'] as const
const INCIDENT = ['incident-tiering'] as const
const MONITORING = ['monitoring-ingest'] as const
const BACKUP = ['backup-orchestration'] as const
const ASSESSMENT = ['assessment'] as const

const DAILY: FreshFor = {
  duration: 'P2D',
  reason: 'A round is due every day; the second day leaves time until the deputy has signed.',
}
const MONTHLY: FreshFor = {
  parameter: 'assessment.cycle.score',
  plus: 'P14D',
  reason: 'The facts of a month are counted within two weeks after its end.',
}

const within = { when: { withinTarget: [true] } }
const CLOCK = 'The clock of the ticket is the one that the clause sets.'
const VOIDED = 'What was voided counts as if it had never been.'
const GONE = 'What no longer exists owes nothing.'

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

const TARGET = 'The target is what the copies of the clause are made of.'
const targets = (key = '{targetId}'): Touch[] => [
  expects(backup.BackupTargetRegistered, key, { when: { active: [true] }, why: TARGET }),
  retires(backup.BackupTargetRegistered, key, { when: { active: [false] }, why: TARGET }),
]

const FED = 'Without samples no threshold can be exceeded: the clause is fed by the sources.'
const sources: readonly Touch[] = [
  silences(monitoring.SourceSilent, '{sourceId}', { why: FED }),
  speaks(monitoring.SourceHeard, '{sourceId}', { why: FED }),
  retires(monitoring.SourceChanged, '{sourceId}', { when: { change: ['disabled'] }, why: FED }),
]

const decided = (stage: string | null): Touch[] => {
  const when: Touch['when'] = stage === null ? {} : { stage: [stage] }
  return [
    proves(change.ChangeApproved, '', { when }),
    // A refusal is an approval that was asked for: the step is kept.
    proves(change.ChangeRejected, '', { when }),
  ]
}

const observed = (effect: 'breaks' | 'at-risk', kind: string, why: string | null = null) => [
  touch(effect)(assessment.ObservationRecorded, '{observationId}', {
    when: { kind: [kind] },
    lasts: PAST,
    why,
  }),
  mends(assessment.ObservationVoided, '{observationId}', { why: VOIDED }),
]

const COUNTED = 'The score of a month counts what was observed, so the watch was kept.'
const scored = (listed: boolean): Touch =>
  proves(assessment.ScoresComputed, '', { why: listed ? null : COUNTED, month: 'month' })

/**
 * The clauses that facts prove, in the order of the text; a clause that is not here is proven by nothing yet.
 *
 * It belongs to the service that computes the states, not to the package of the regulations: it names events, which the
 * regulations know nothing of. Source: architecture of the evidence; ADR 0022.
 */
export const register: readonly Control[] = [
  control('A-1.3.4', {
    zh: '故障是否有人受理并解决,时限是否超出。',
    en: 'Whether faults are taken and solved, and whether a clock ran out.',
    from: INCIDENT,
    touches: [
      proves(incident.TicketOpened),
      proves(incident.TicketResolved, '', { why: 'The fault is handled.' }),
      ...clockOf('acknowledge', incident.TicketAcknowledged, incident.TicketResolved),
      ...clockOf('restore', incident.TicketResolved),
    ],
  }),
  control('A-2.1.1', {
    zh: '账号是否按流程建立,并在 EBS 中核对。',
    en: 'Whether accounts are created by the procedure and read back from EBS.',
    from: IDENTITY,
    touches: [
      proves(identity.AccountCreated),
      proves(identity.ProvisioningDone),
      mends(identity.ProvisioningDone, '{taskId}'),
      breaks(identity.ProvisioningFailed, '{taskId}', {
        when: { kind: ['create-user', 'add-responsibility', 'add-role'] },
        why: 'An account that EBS does not get is not created.',
      }),
      mends(identity.ProvisioningSuperseded, '{taskId}', { why: 'The call is no longer wanted.' }),
    ],
  }),
  control('A-2.1.4', {
    zh: '离职人员账号是否在时限内停用,EBS 侧是否一致。',
    en: 'Whether the accounts of leavers are disabled in time, and EBS agrees.',
    from: IDENTITY,
    touches: [
      proves(identity.AccountDisabled, '', { when: { leave: [null] } }),
      proves(identity.AccountDisabled, '', { when: { 'leave.withinTarget': [true] } }),
      breaks(identity.AccountDisabled, '{accountId}', {
        when: { 'leave.withinTarget': [false] },
        lasts: PAST,
      }),
      proves(identity.AccountRolesChanged),
      breaks(identity.ProvisioningFailed, '{taskId}'),
      breaks(identity.ProvisioningDrift, '{taskId}'),
      mends(identity.ProvisioningDone, '{taskId}'),
      mends(identity.ProvisioningSuperseded, '{taskId}'),
    ],
  }),
  control('A-2.2.3', {
    zh: '初始密码是否被更换。',
    en: 'Whether initial passwords are replaced.',
    from: IDENTITY,
    touches: [proves(identity.PasswordChanged, '', { when: { replacedInitial: [true] } })],
  }),
  control('A-2.2.4', {
    zh: '设置的密码是否经过复杂度检查。',
    en: 'Whether passwords that were set passed the check of their characters.',
    from: IDENTITY,
    touches: [proves(identity.PasswordChanged)],
  }),
  control('A-2.2.5', {
    zh: '设置的密码是否经过长度检查。',
    en: 'Whether passwords that were set passed the check of their length.',
    from: IDENTITY,
    touches: [proves(identity.PasswordChanged)],
  }),
  control('A-2.2.6', {
    zh: '会话是否结束,账号令牌是否失效。',
    en: 'Whether sessions end and tokens become void.',
    from: IDENTITY,
    touches: [proves(identity.SessionEnded), proves(identity.AccountRevoked)],
  }),
  control('A-2.2.7', {
    zh: '会话是否在时限内结束。',
    en: 'Whether sessions end within their limits.',
    from: IDENTITY,
    touches: [proves(identity.SessionEnded)],
  }),
  control('A-2.3.1', {
    zh: '是否观察业务流程偏离,近一个月有无偏离。',
    en: 'Whether deviations from the process are observed, and whether there was one in the last month.',
    from: ASSESSMENT,
    fresh: MONTHLY,
    touches: [scored(false), ...observed('at-risk', 'process-deviation')],
  }),
  control('A-2.3.3', {
    zh: '录入量与数据错误是否统计,错误是否已更正。',
    en: 'Whether entries and their errors are counted, and errors corrected.',
    from: ASSESSMENT,
    fresh: MONTHLY,
    touches: [
      proves(assessment.EntriesCounted, '', { month: 'month' }),
      ...observed('at-risk', 'data-error'),
      mends(assessment.ErrorCorrected, '{observationId}', { why: 'The data is right again.' }),
    ],
  }),
  control('A-2.3.5', {
    zh: '数据错误是否按时更正。',
    en: 'Whether data errors are corrected in time.',
    from: ASSESSMENT,
    touches: [
      proves(assessment.ErrorCorrected, '', within),
      // Whoever notices first, timer or corrector, has the delay observed: one late correction is one breach.
      ...observed('breaks', 'late-correction', 'The observation states that it was late.'),
    ],
  }),
  control('A-2.3.7', {
    zh: '各环节是否在时间节点前完成。',
    en: 'Whether steps are finished by their time nodes.',
    from: ASSESSMENT,
    touches: [
      proves(assessment.TimeNodeCompleted, '', within),
      breaks(assessment.TimeNodeMissed, '{nodeId}'),
      mends(assessment.TimeNodeCompleted, '{nodeId}'),
      mends(assessment.ObservationVoided, '{originId}', { when: { kind: ['delay'] } }),
    ],
  }),
  control('A-2.4.1', {
    zh: '每个备份对象是否按计划备份成功,是否超出 RPO。',
    en: 'Whether every target is backed up as planned and no older than its RPO.',
    from: BACKUP,
    scope: 'each',
    touches: [
      ...targets(),
      proves(backup.BackupRunSucceeded, '{targetId}'),
      mends(backup.BackupRunSucceeded, '{targetId}'),
      breaks(backup.BackupRunFailed, '{targetId}'),
      breaks(backup.BackupRunMissed, '{targetId}'),
      breaks(backup.RpoExceeded, '{targetId}'),
    ],
  }),
  control('A-2.4.2', {
    zh: '每个备份对象的存储副本是否定期重读校验,有无损坏。',
    en: 'Whether the stored copies of every target are read again in time and undamaged.',
    from: BACKUP,
    scope: 'each',
    fresh: {
      parameter: 'backup.verify.period',
      plus: 'P1D',
      reason: 'Copies are verified once per period; a day for the run itself.',
    },
    touches: [
      ...targets(),
      proves(backup.BackupRunSucceeded, '{targetId}'),
      mends(backup.BackupRunSucceeded, '{targetId}'),
      proves(backup.CopyVerified, '{targetId}'),
      // Another good copy of the target does not undo the damage of this one; only a new backup does.
      breaks(backup.CopyDamaged, '{targetId}'),
    ],
  }),
  control('A-2.4.3', {
    zh: '每个备份对象是否有经核对的异地副本。',
    en: 'Whether every target has a copy at the other site that was read again.',
    from: BACKUP,
    scope: 'each',
    touches: [
      ...targets(),
      endangers(backup.BackupPolicySet, '{targetId}/policy', { when: { offsiteSite: [null] } }),
      mends(backup.BackupPolicySet, '{targetId}/policy', { when: { '!offsiteSite': [null] } }),
      proves(backup.OffsiteConfirmed, '{targetId}'),
      mends(backup.OffsiteConfirmed, '{targetId}'),
      breaks(backup.OffsiteOverdue, '{targetId}'),
    ],
  }),
  control('A-2.4.4', {
    zh: '变更前是否询问备份门禁,系统是否有最新已验证备份。',
    en: 'Whether changes ask the gate for a backup, and systems are freshly backed up and proven.',
    from: [...BACKUP, ...INCIDENT],
    touches: [
      proves(backup.GateAnswered),
      proves(change.ChangeHeld),
      endangers(change.ChangeHeld, '{changeId}', { when: { cause: ['gate-silent'] } }),
      mends(backup.GateAnswered, '{changeId}'),
      mends(change.ChangeStarted, '{changeId}'),
      mends(change.ChangeWithdrawn, '{changeId}', { why: 'The change will not start.' }),
      endangers(backup.GateClosed, '{systemCode}'),
      mends(backup.GateOpened, '{systemCode}'),
    ],
  }),
  control('A-2.4.5', {
    zh: '恢复是否成功且与备份一致,是否在 RTO 内。',
    en: 'Whether restores bring back what was saved, and within the RTO.',
    from: BACKUP,
    fresh: {
      parameter: 'backup.restore_test.full',
      plus: 'P7D',
      reason: 'A full restore is tried once per period; a week for its planning and approval.',
    },
    touches: [
      // Nobody can restore again what is no longer there.
      retires(backup.BackupTargetRegistered, '{targetId}', {
        when: { active: [false] },
        why: GONE,
      }),
      proves(backup.RestoreFinished, '', { when: { outcome: ['identical'] } }),
      mends(backup.RestoreFinished, '{targetId}', { when: { outcome: ['identical'] } }),
      breaks(backup.RestoreFinished, '{targetId}', { when: { outcome: ['different', 'failed'] } }),
      endangers(backup.RestoreFinished, '{targetId}/rto', { when: { withinRto: [false] } }),
      mends(backup.RestoreFinished, '{targetId}/rto', { when: { withinRto: [true] } }),
    ],
  }),
  control('A-2.4.6', {
    zh: '恢复前是否有详细方案。',
    en: 'Whether restores are planned before they start.',
    from: BACKUP,
    touches: [proves(backup.RestorePlanned), proves(backup.RestoreStarted)],
  }),
  control('A-2.4.7', {
    zh: '恢复方案是否由他人批准或拒绝。',
    en: 'Whether the plan of a restore is approved or refused by somebody in charge.',
    from: BACKUP,
    touches: [
      proves(backup.RestoreApproved),
      proves(backup.RestoreRefused),
      proves(backup.RestoreStarted),
    ],
  }),
  control('A-3.1.1', {
    zh: '每日巡检是否由指定人员按时签字。',
    en: 'Whether a named person signs the round of every day in time.',
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
    zh: '巡检项目是否逐项有结论。',
    en: 'Whether every item of the round has its verdict.',
    from: MONITORING,
    fresh: DAILY,
    touches: [proves(monitoring.InspectionDone)],
  }),
  control('A-3.1.3', {
    zh: '巡检异常是否记录并处理。',
    en: 'Whether what an inspection finds is recorded and handled.',
    from: MONITORING,
    touches: [proves(monitoring.InspectionFindingRaised)],
  }),
  control('A-3.2.1', {
    zh: '每个数据源是否持续上报关键指标。',
    en: 'Whether every source of key figures keeps sending.',
    from: MONITORING,
    scope: 'each',
    touches: [
      expects(monitoring.SourceChanged, '{sourceId}', { when: { change: ['registered'] } }),
      proves(monitoring.SourceHeard, '{sourceId}'),
      ...sources,
    ],
  }),
  control('A-3.2.2', {
    zh: '是否设有阈值,阈值能否生效。',
    en: 'Whether thresholds are set and fed with samples.',
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
    zh: '超限是否报警并送达。',
    en: 'Whether exceeding a threshold alarms and the message arrives.',
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
  control('A-3.3.2', {
    zh: '升级与迁移是否有方案。',
    en: 'Whether upgrades and migrations are planned.',
    from: INCIDENT,
    touches: [proves(change.ChangeSubmitted, '', { when: { kind: ['upgrade', 'migration'] } })],
  }),
  control('A-3.3.3', {
    zh: '变更实施前是否完成测试。',
    en: 'Whether changes are tested before they start.',
    from: INCIDENT,
    touches: [proves(change.ChangeStarted)],
  }),
  control('A-3.3.4', {
    zh: '升级是否以已验证备份为前提。',
    en: 'Whether upgrades start on a proven backup only.',
    from: [...BACKUP, ...INCIDENT],
    touches: [proves(backup.GateAnswered), proves(change.ChangeStarted), proves(change.ChangeHeld)],
  }),
  control('A-3.3.5', {
    zh: '变更是否有回退方案,回退后是否复盘。',
    en: 'Whether changes have a way back, and one that was taken back is looked at.',
    from: INCIDENT,
    touches: [
      proves(change.ChangeFinished),
      proves(change.ChangeReviewed),
      endangers(change.ChangeFinished, '{changeId}', { when: { outcome: ['rolled-back'] } }),
      mends(change.ChangeReviewed, '{changeId}'),
    ],
  }),
  control('A-4.2.4', {
    zh: '未授权访问是否被拒绝并留痕。',
    en: 'Whether unauthorised access is refused and leaves a trace.',
    from: IDENTITY,
    touches: [
      proves(AccessRefused),
      proves(identity.LoginFailed),
      proves(identity.SignInLocked),
      proves(identity.ClientSecretIssued),
    ],
  }),
  control('A-4.3.1', {
    zh: '签名密钥是否轮换并加密保存。',
    en: 'Whether signing keys are rotated and kept encrypted.',
    from: IDENTITY,
    fresh: {
      duration: 'P13M',
      reason: 'A key is replaced at least once a year; a month until it was done. Own choice.',
    },
    touches: [proves(identity.SigningKeyRotated)],
  }),
  control('A-5.2.2', {
    zh: '用户问题是否及时受理。',
    en: 'Whether questions of users are taken in time.',
    from: INCIDENT,
    touches: [
      proves(incident.TicketAcknowledged, '', within),
      ...clockOf('acknowledge', incident.TicketAcknowledged, incident.TicketResolved),
    ],
  }),
  control('A-5.2.3', {
    zh: '响应与恢复是否在时限内。',
    en: 'Whether first response and restoration come within their targets.',
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
    zh: '进展是否告知用户。',
    en: 'Whether users are told how the work goes.',
    from: INCIDENT,
    touches: [
      proves(incident.TicketProgressNoted),
      ...clockOf('progress-note', incident.TicketProgressNoted, incident.TicketResolved),
    ],
  }),
  control('A-6.1.1', {
    zh: '准确性指标是否按月计算。',
    en: 'Whether accuracy is measured every month.',
    from: ASSESSMENT,
    fresh: MONTHLY,
    touches: [scored(true)],
  }),
  control('A-6.1.2', {
    zh: '及时性指标是否按月计算。',
    en: 'Whether timeliness is measured every month.',
    from: ASSESSMENT,
    fresh: MONTHLY,
    touches: [scored(true)],
  }),
  control('A-6.1.3', {
    zh: '配合度指标是否按月计算。',
    en: 'Whether cooperation is measured every month.',
    from: ASSESSMENT,
    fresh: MONTHLY,
    touches: [scored(true)],
  }),
  control('A-6.1.4', {
    zh: '安全合规指标是否按月计算,近一个月有无安全事件。',
    en: 'Whether security is measured every month, and whether there was an incident in the last month.',
    from: ASSESSMENT,
    fresh: MONTHLY,
    touches: [scored(true), ...observed('at-risk', 'security-incident')],
  }),
  control('B-4.0', {
    zh: '问题是否逐级上报、解决并确认。',
    en: 'Whether tickets go through the tiers, are solved and confirmed.',
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
    zh: '单位关键用户是否在册。',
    en: 'Whether units name their key users.',
    from: INCIDENT,
    touches: [proves(incident.KeyUserNominated, '', { when: { tier: ['L1'] } })],
  }),
  control('B-4.1.2', {
    zh: '每个实施模块在各单位是否至少有一名关键用户。',
    en: 'Whether every implemented module has a key user in every unit.',
    from: INCIDENT,
    touches: gapOf('L1'),
  }),
  control('B-4.1.3', {
    zh: '一级关键用户是否受理并指导用户。',
    en: 'Whether key users of tier 1 take the questions of their users.',
    from: INCIDENT,
    touches: [
      proves(incident.TicketAcknowledged, '', {
        when: { tier: ['L1'] },
        why: 'To take a question on tier 1 is to guide the user.',
      }),
    ],
  }),
  control('B-4.1.4', {
    zh: '解决不了的问题是否向上反馈。',
    en: 'Whether what tier 1 cannot solve is passed up.',
    from: INCIDENT,
    touches: [proves(incident.TicketEscalated)],
  }),
  control('B-4.1.5', {
    zh: '变更需求是否经单位审批。',
    en: 'Whether requests are decided by the unit first.',
    from: INCIDENT,
    touches: decided('unit'),
  }),
  control('B-4.2.1', {
    zh: '公司级关键用户是否在册。',
    en: 'Whether the company names its key users.',
    from: INCIDENT,
    touches: [
      proves(incident.KeyUserNominated, '', {
        when: { tier: ['L2'] },
        why: 'A key user of the company is what tier 2 consists of.',
      }),
    ],
  }),
  control('B-4.2.2', {
    zh: '每个模块是否有公司级关键用户。',
    en: 'Whether every module has a key user of the company.',
    from: INCIDENT,
    touches: gapOf('L2'),
  }),
  control('B-4.2.4', {
    zh: '各单位上报的需求是否经公司审批。',
    en: 'Whether requests of units are decided by the company.',
    from: INCIDENT,
    touches: decided('company'),
  }),
  control('B-5.6', {
    zh: '是否按月检查考核并公布。',
    en: 'Whether the work is assessed and the result made known every month.',
    from: ASSESSMENT,
    fresh: MONTHLY,
    // What was computed and kept back is not made known.
    touches: [proves(assessment.ScoresPublished, '', { month: 'month' })],
  }),
  control('B-6.2', {
    zh: '变更是否提出并审批。',
    en: 'Whether changes are asked for and decided.',
    from: INCIDENT,
    touches: [proves(change.ChangeSubmitted), ...decided(null)],
  }),
  control('B-7.3.2', {
    zh: '单位是否指定关键用户,有无空缺。',
    en: 'Whether units name their key users and leave no gap.',
    from: INCIDENT,
    touches: gapOf('L1'),
  }),
  control('B-7.5', {
    zh: '单位提出的变更是否经审批。',
    en: 'Whether changes of a unit are decided.',
    from: INCIDENT,
    touches: decided('unit'),
  }),
]
