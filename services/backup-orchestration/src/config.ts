import { Type, type Static } from 'typebox'

/** What backup-orchestration reads from its environment besides what every service reads. */
export const BackupConfig = Type.Object({})
export type BackupConfig = Static<typeof BackupConfig>
