import type { EventDefinition } from '@erp-steward/contracts/event'
import { readerOf } from '@erp-steward/contracts/event-readers'

/** Which facts one reader is told. */
export interface Audience {
  readonly types: ReadonlySet<string>
  /** Only what is about this unit; `null`: of every unit, and of the company as a whole. */
  readonly unitId: string | null
}

/** Types of facts that whoever holds the permissions may read. */
export function readableTypes(
  catalog: readonly EventDefinition[],
  permissions: ReadonlySet<string>,
): string[] {
  return catalog.map(({ type }) => type).filter((type) => permissions.has(readerOf(type)))
}
