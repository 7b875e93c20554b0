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
} from './touch.ts'

const TARGET = 'The target is what the copies of the clause are made of.'
const targets = (key = '{targetId}'): Touch[] => [
  expects(backup.BackupTargetRegistered, key, { when: { active: [true] }, why: TARGET }),
  retires(backup.BackupTargetRegistered, key, { when: { active: [false] }, why: TARGET }),
]

/** Clauses that facts of backups, gates and restores prove. */
export const backupControls: readonly Control[] = [
  control('A-2.4.1', {
    demand: {
      zh: '每个登记的备份对象都已按计划成功备份,且不早于 RPO。',
      en: 'Every registered target is backed up as planned, and not older than its RPO.',
    },
    proof: {
      zh: '每个对象备份成功的事实。',
      en: 'A run that succeeded, of each target.',
    },
    counterExample: {
      zh: '备份失败、错过计划或超出 RPO;登记后从未备份。',
      en: 'A run fails or is missed, or the RPO is exceeded; a target is registered and never backed up.',
    },
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
    demand: {
      zh: '每个备份对象的存储副本在周期内重读校验,没有未替换的损坏副本。',
      en: 'The stored copies of every target are read again within the period, and no damaged one is unreplaced.',
    },
    proof: {
      zh: '每个对象备份成功或副本校验通过的事实,不早于校验周期。',
      en: 'A run that succeeded or a copy verified, of each target, no older than the period.',
    },
    counterExample: {
      zh: '副本损坏;或校验超期。',
      en: 'A copy is damaged; or a verification is too old.',
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
      proves(backup.BackupRunSucceeded, '{targetId}'),
      mends(backup.BackupRunSucceeded, '{targetId}'),
      proves(backup.CopyVerified, '{targetId}'),
      // Another good copy of the target does not undo the damage of this one; only a new backup does.
      breaks(backup.CopyDamaged, '{targetId}'),
    ],
  }),
  control('A-2.4.3', {
    demand: {
      zh: '每个备份对象都有经核对的异地副本,策略指定了异地站点。',
      en: 'Every target has a copy off site that was read again, and a policy that names an off-site place.',
    },
    proof: {
      zh: '每个对象异地副本确认的事实。',
      en: 'An off-site copy confirmed, of each target.',
    },
    counterExample: {
      zh: '异地副本逾期;策略没有异地站点。',
      en: 'The off-site copy is overdue; a policy names no off-site place.',
    },
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
    demand: {
      zh: '变更前询问备份门禁并得到答复,没有门禁关闭的系统。',
      en: 'Changes ask the gate for a backup and are answered, and no system has its gate closed.',
    },
    proof: {
      zh: '门禁答复与变更被拦下的事实。',
      en: 'Gates answered, and changes held.',
    },
    counterExample: {
      zh: '门禁无答复,或系统没有最新已验证备份。',
      en: 'The gate is silent, or a system has no fresh, proven backup.',
    },
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
    demand: {
      zh: '恢复的结果与备份一致且在 RTO 内,恢复演练不超期。',
      en: 'Restores bring back what was saved, within the RTO, and the last trial is not too old.',
    },
    proof: {
      zh: '结果一致的恢复事实,不早于演练周期。',
      en: 'Restores that were identical, no older than the period of trials.',
    },
    counterExample: {
      zh: '恢复失败或不一致;超出 RTO;演练超期。',
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
      zh: '恢复方案与恢复开始的事实,没有方案不能开始。',
      en: 'Restores planned, and started, which none can be without a plan.',
    },
    counterExample: {
      zh: '备份服务三小时无消息,或从未有方案。',
      en: 'Nothing is heard of the backup service for three hours, or nothing was ever planned.',
    },
    from: BACKUP,
    touches: [proves(backup.RestorePlanned), proves(backup.RestoreStarted)],
  }),
  control('A-2.4.7', {
    demand: {
      zh: '恢复方案由提出人以外的负责人批准后才开始。',
      en: 'The plan of a restore is approved by somebody in charge, not its author, before it starts.',
    },
    proof: {
      zh: '恢复方案批准、拒绝与恢复开始的事实。',
      en: 'Restores approved, refused and started.',
    },
    counterExample: {
      zh: '备份服务三小时无消息,或从未有批准。',
      en: 'Nothing is heard of the backup service for three hours, or nothing was ever approved.',
    },
    from: BACKUP,
    touches: [
      proves(backup.RestoreApproved),
      proves(backup.RestoreRefused),
      proves(backup.RestoreStarted),
    ],
  }),
  control('A-3.3.4', {
    demand: {
      zh: '升级只在有已验证备份时开始。',
      en: 'Upgrades start on a proven backup only.',
    },
    proof: {
      zh: '门禁答复、变更开始与变更被拦下的事实。',
      en: 'Gates answered, changes started and held.',
    },
    counterExample: {
      zh: '从未询问门禁;备份或分级支持服务三小时无消息。',
      en: 'The gate was never asked; nothing is heard of one of the services for three hours.',
    },
    from: [...BACKUP, ...INCIDENT],
    touches: [proves(backup.GateAnswered), proves(change.ChangeStarted), proves(change.ChangeHeld)],
  }),
]
