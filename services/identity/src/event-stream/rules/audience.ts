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

/** Facts about the register, which everybody who may read it may read whole. */
const OF_EVERYBODY = /^identity\.directory\.(?:unit|department|position|module)-changed\.v\d+$/

/** Whether facts of the type concern readers of every unit. */
export function concernsEverybody(type: string): boolean {
  return OF_EVERYBODY.test(type)
}

/** Units that a fact itself says it is about; `null` where it says nothing of units. */
export function statedUnits(data: unknown): readonly string[] | null {
  const { unitId, unitIds } = Object(data) as { unitId?: unknown; unitIds?: unknown }
  if (typeof unitId === 'string') return [unitId]
  if (Array.isArray(unitIds)) return unitIds.filter((each) => typeof each === 'string')
  // Said to be about none: about the company as a whole.
  return unitId === null ? [] : null
}
