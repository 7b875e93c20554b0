import type { ObservationKind, Severity } from '@erp-steward/contracts/assessment-events'

/** What a caller observed. The id is the caller's, so that the same report sent twice is one observation. */
export interface ObservationReport {
  readonly id: string
  readonly kind: ObservationKind
  readonly severity: Severity | null
  readonly points: number | null
  readonly personId: string | null
  readonly departmentId: string | null
  readonly moduleCode: string | null
  readonly reference: string
  readonly description: string
  readonly occurredAt: Date
  readonly foundAt: Date
}
