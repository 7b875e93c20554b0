import type { AttentionSource } from '@erp-steward/service-kit/attention'

/** What of backups wants a human. Source. */
export const backupAttention: readonly AttentionSource[] = [
  {
    kind: 'backup-overdue',
    find: `select id::text, code, array[unit_id], rpo_due_at, null, 'requestBackupRun', null
             from backup_target where active and rpo_due_at < $1`,
  },
  {
    kind: 'backup-copy-overdue',
    find: `select c.id::text, t.code || ' ' || c.site_code, array[c.unit_id], c.due_at, null, 'readBackupCopy', null
             from backup_copy c join backup_target t on t.id = c.target_id
            where c.good_at is null and c.due_at < $1`,
  },
]
