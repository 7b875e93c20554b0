import type { Control } from '../control.ts'
import { assessmentControls } from './assessment.ts'
import { backupControls } from './backup-orchestration.ts'
import { changeControls } from './changes.ts'
import { identityControls } from './identity.ts'
import { keyUserControls } from './key-users.ts'
import { monitoringControls } from './monitoring-ingest.ts'
import { ticketControls } from './tickets.ts'

/**
 * The clauses that facts prove, by the service whose facts these are (tickets, key users and changes are one); a clause that is not here is proven by nothing yet.
 *
 * It belongs to the service that computes the states, not to the package of the regulations: it names events, which the
 * regulations know nothing of. Source: architecture of the evidence; ADR 0022 and 0028.
 */
export const register: readonly Control[] = [
  ...identityControls,
  ...ticketControls,
  ...keyUserControls,
  ...changeControls,
  ...monitoringControls,
  ...backupControls,
  ...assessmentControls,
]
