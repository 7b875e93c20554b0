import { assessment } from '@erp-steward/assessment/service'
import { backupOrchestration } from '@erp-steward/backup-orchestration/service'
import type { ServiceName } from '@erp-steward/contracts/services'
import { identity } from '@erp-steward/identity/service'
import { incidentTiering } from '@erp-steward/incident-tiering/service'
import { monitoringIngest } from '@erp-steward/monitoring-ingest/service'

/** Every service of the product that owns a schema, in the order they start: identity first, it holds the keys. */
export const registry = {
  identity,
  'incident-tiering': incidentTiering,
  'monitoring-ingest': monitoringIngest,
  'backup-orchestration': backupOrchestration,
  assessment,
} as const satisfies Record<ServiceName, unknown>
