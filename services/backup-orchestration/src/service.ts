import { directoryEntities, unitExists } from '@erp-steward/directory/directory'
import { directorySubscriptions } from '@erp-steward/directory/on-directory-changed'
import { defineService } from '@erp-steward/service-kit/service'
import { BackupConfig } from './config.ts'
import { migrations } from './migrations/all.ts'

/** What is backed up, whether it can be proven, and who may restore it. Source. */
export const backupOrchestration = defineService({
  name: 'backup-orchestration',
  title: 'Backup orchestration',
  config: BackupConfig,
  entities: [...directoryEntities],
  migrations,
  routes: () => undefined,
  subscriptions: () => [...directorySubscriptions],
  tasks: () => [],
  unitExists,
})
