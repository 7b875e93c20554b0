import { Type, type Static } from 'typebox'

/** What backup-orchestration reads from its environment besides what every service reads. */
export const BackupConfig = Type.Object({
  BACKUP_LEASE_SECONDS: Type.Integer({
    description:
      'How long an agent may work without a heartbeat; it sends one after a third of that.',
    minimum: 3,
    maximum: 3_600,
    default: 60,
  }),
})
export type BackupConfig = Static<typeof BackupConfig>
