import * as backup from '@erp-steward/contracts/backup-events'
import * as change from '@erp-steward/contracts/change-events'
import type { Control, Touch } from '../control.ts'
import {
  expects,
  proves,
  breaks,
  mends,
  endangers,
  retires,
  control,
  BACKUP,
  INCIDENT,
  GONE,
  PAST,
} from './touch.ts'

const TARGET = 'The target is what the copies of the clause are made of.'
const targets = (key = '{targetId}'): Touch[] => [
  expects(backup.BackupTargetRegistered, key, { when: { active: [true] }, why: TARGET }),
  retires(backup.BackupTargetRegistered, key, { when: { active: [false] }, why: TARGET }),
]

/**
 * How a target stands to a floor, stated when it turns: below is a breach, and what an exception allows is a risk for as
 * long as it is needed. The two have keys of their own, since what ends the one may begin the other.
 */
const floor = (member: 'plan' | 'media' | 'offsite'): Touch[] => {
  const key = `{targetId}/${member}`
  const exception = `${key}/exception`
  const when = (...values: string[]) => ({ when: { [member]: values } })
  return [
    breaks(backup.ProtectionStated, key, when('below')),
    mends(backup.ProtectionStated, key, when('kept', 'excepted')),
    endangers(backup.ProtectionStated, exception, when('excepted')),
    mends(backup.ProtectionStated, exception, when('kept', 'below')),
  ]
}

/** Each active target must have stated how it stands to a floor: one without a policy has not. */
const floorStated = (member: 'plan' | 'offsite'): Touch[] => {
  const key = `{targetId}/${member}`
  return [
    expects(backup.BackupTargetRegistered, key, { when: { active: [true] }, why: TARGET }),
    proves(backup.ProtectionStated, key),
    ...floor(member),
  ]
}

/** Work that may harm data and was started although no gate had let it through. */
const ungated: readonly Touch[] = [
  breaks(change.ChangeStarted, '{changeId}/backup', {
    when: { needsBackup: [true], askId: [null] },
    lasts: PAST,
  }),
]

/** Clauses that facts of backups, gates and restores prove. */
export const backupControls: readonly Control[] = [
  control('A-2.4.1', {
    demand: {
      zh: '每个登记的备份对象都有达到参数底线（周期、RPO、保留期；数据库的周、月、年备份各有底线）的策略，按计划成功备份，且不早于 RPO；数据库每一周、月、年都保留有完好的备份。',
      en: 'Every registered target has a policy that reaches the floors of the parameters (interval, RPO, keeping; of a database for weekly, monthly and yearly backups each), is backed up as planned, and is not older than its RPO; of a database a good backup of every week, month and year is kept.',
    },
    proof: {
      zh: '每个对象备份成功，及其策略达到底线的陈述；例外在有效期内为风险。',
      en: 'A run that succeeded and the statement that the policy reaches the floors, of each target; an exception in force is a risk.',
    },
    counterExample: {
      zh: '一年一次、只保留一天的策略；某月没有保留完好的备份；备份失败、错过计划或超出 RPO；登记后从未备份或没有策略；例外到期。',
      en: 'A policy of one backup a year, kept for a day; a month of which no good backup is kept; a run fails or is missed, or the RPO is exceeded; a target is never backed up or has no policy; an exception has ended.',
    },
    from: BACKUP,
    scope: 'each',
    touches: [
      ...targets(),
      ...floorStated('plan'),
      proves(backup.BackupRunSucceeded, '{targetId}'),
      mends(backup.BackupRunSucceeded, '{targetId}'),
      breaks(backup.BackupRunFailed, '{targetId}'),
      breaks(backup.BackupRunMissed, '{targetId}'),
      breaks(backup.RpoExceeded, '{targetId}'),
    ],
  }),
  control('A-2.4.2', {
    demand: {
      zh: '每个备份对象的副本存放在经第二人确认的加密介质上，在周期内重读校验，没有未替换的损坏副本。',
      en: 'The copies of every target lie on encrypted media that a second person confirmed, are read again within the period, and no damaged one is unreplaced.',
    },
    proof: {
      zh: '每个对象备份成功或副本校验通过的事实，不早于校验周期；介质达到底线的陈述。',
      en: 'A run that succeeded or a copy verified, of each target, no older than the period; the statement that its media reach the floor.',
    },
    counterExample: {
      zh: '存放地未加密或未经第二人确认；副本损坏；校验超期。',
      en: 'A site is not encrypted or nobody else confirmed it; a copy is damaged; a verification is too old.',
    },
    from: BACKUP,
    scope: 'each',
    fresh: {
      parameter: 'backup.verify.period',
      plus: 'P1D',
      reason: 'Copies are verified once per period; a day for the run itself.',
    },
    touches: [
      ...targets(),
      ...floor('media'),
      proves(backup.BackupRunSucceeded, '{targetId}'),
      mends(backup.BackupRunSucceeded, '{targetId}'),
      proves(backup.CopyVerified, '{targetId}'),
      // Another good copy of the target does not undo the damage of this one; only a new backup does.
      breaks(backup.CopyDamaged, '{targetId}'),
    ],
  }),
  control('A-2.4.3', {
    demand: {
      zh: '每个备份对象都有经核对的异地副本，存放在另一建筑内、经第二人确认的站点。',
      en: 'Every target has a copy that was read again at a site in another building, which a second person confirmed.',
    },
    proof: {
      zh: '每个对象异地副本确认的事实，及异地站点达到底线的陈述。',
      en: 'An off-site copy confirmed and the statement that its place reaches the floor, of each target.',
    },
    counterExample: {
      zh: '异地站点与数据在同一机架、同一建筑或未经第二人确认；策略没有异地站点；异地副本逾期。',
      en: 'The place is in the own rack or building, or nobody else confirmed it; a policy names none; the off-site copy is overdue.',
    },
    from: BACKUP,
    scope: 'each',
    touches: [
      ...targets(),
      ...floorStated('offsite'),
      endangers(backup.BackupPolicySet, '{targetId}/policy', { when: { offsiteSite: [null] } }),
      mends(backup.BackupPolicySet, '{targetId}/policy', { when: { '!offsiteSite': [null] } }),
      proves(backup.OffsiteConfirmed, '{targetId}'),
      mends(backup.OffsiteConfirmed, '{targetId}'),
      breaks(backup.OffsiteOverdue, '{targetId}'),
    ],
  }),
  control('A-2.4.4', {
    demand: {
      zh: '可能影响数据安全的变更，不论等级，只在本单位或全公司系统的门禁开放并给出已验证备份时开始；门禁均有答复，没有门禁关闭的系统。',
      en: 'Changes that may harm data start, whatever their class, on an open gate of a system of their unit or of the company that names proven backups only; gates answer, and no system has its gate closed.',
    },
    proof: {
      zh: '门禁答复，以及变更因门禁被拦下的事实。',
      en: 'Gates answered, and changes held by a gate.',
    },
    counterExample: {
      zh: '数据变更未经门禁即开始；门禁无答复；系统没有最新已验证备份。',
      en: 'A data change is started past the gate; the gate is silent; a system has no fresh, proven backup.',
    },
    from: [...BACKUP, ...INCIDENT],
    touches: [
      proves(backup.GateAnswered),
      proves(change.ChangeHeld, '', {
        when: { cause: ['gate-closed', 'answer-late', 'gate-voided'] },
      }),
      endangers(change.ChangeHeld, '{changeId}', { when: { cause: ['gate-silent'] } }),
      mends(backup.GateAnswered, '{changeId}'),
      mends(change.ChangeStarted, '{changeId}'),
      mends(change.ChangeWithdrawn, '{changeId}', { why: 'The change will not start.' }),
      ...ungated,
      endangers(backup.GateClosed, '{systemCode}'),
      mends(backup.GateOpened, '{systemCode}'),
    ],
  }),
  control('A-2.4.5', {
    demand: {
      zh: '恢复的结果与备份一致且在 RTO 内，恢复演练不超期。',
      en: 'Restores bring back what was saved, within the RTO, and the last trial is not too old.',
    },
    proof: {
      zh: '结果一致的恢复事实，不早于演练周期。',
      en: 'Restores that were identical, no older than the period of trials.',
    },
    counterExample: {
      zh: '恢复失败或不一致；超出 RTO；演练超期。',
      en: 'A restore fails or differs; it exceeds the RTO; the last trial is too old.',
    },
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
    demand: {
      zh: '恢复开始前有完整的恢复方案。',
      en: 'A restore has its written plan before it starts.',
    },
    proof: {
      zh: '恢复方案与恢复开始的事实，没有方案不能开始。',
      en: 'Restores planned, and started, which none can be without a plan.',
    },
    counterExample: {
      zh: '备份服务三小时无消息，或从未有方案。',
      en: 'Nothing is heard of the backup service for three hours, or nothing was ever planned.',
    },
    from: BACKUP,
    touches: [proves(backup.RestorePlanned), proves(backup.RestoreStarted)],
  }),
  control('A-2.4.7', {
    demand: {
      zh: '恢复方案由数据所属单位负责人（非编制人、非执行人）批准后才开始；恢复对象变更后须重新批准。',
      en: 'The plan of a restore is approved by who is in charge of the data, neither its author nor its executor, before it starts, and anew when what is restored was changed.',
    },
    proof: {
      zh: '恢复方案批准、拒绝与恢复开始的事实。',
      en: 'Restores approved, refused and started.',
    },
    counterExample: {
      zh: '从未有批准；批准因对象变更失效而未重新决定；备份服务三小时无消息。',
      en: 'Nothing was ever approved; an approval was voided by a change and not decided anew; nothing is heard of the backup service for three hours.',
    },
    from: BACKUP,
    touches: [
      proves(backup.RestoreApproved),
      proves(backup.RestoreRefused),
      proves(backup.RestoreStarted),
      // As long as the approval would have been valid: a plan that nobody decides anew is not executed.
      endangers(backup.RestoreApprovalVoided, '{planId}', { lasts: 'P7D' }),
      mends(backup.RestoreApproved, '{planId}'),
      mends(backup.RestoreRefused, '{planId}'),
    ],
  }),
  control('A-3.3.4', {
    demand: {
      zh: '升级等变更只在计划时间内、门禁给出最新已验证备份时开始。',
      en: 'Upgrades and their like start in their planned time, on a gate that names fresh, proven backups only.',
    },
    proof: {
      zh: '门禁答复、经门禁开始的变更与因门禁被拦下的变更。',
      en: 'Gates answered, changes started by a gate, and changes held by one.',
    },
    counterExample: {
      zh: '需要备份的变更未经门禁即开始；从未询问门禁；备份或分级支持服务三小时无消息。',
      en: 'A change that needs a backup is started past the gate; the gate was never asked; nothing is heard of one of the services for three hours.',
    },
    from: [...BACKUP, ...INCIDENT],
    touches: [
      proves(backup.GateAnswered),
      proves(change.ChangeStarted, '', { when: { '!askId': [null] } }),
      proves(change.ChangeHeld, '', {
        when: { cause: ['gate-closed', 'answer-late', 'gate-voided'] },
      }),
      ...ungated,
    ],
  }),
]
