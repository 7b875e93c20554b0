import { permissions } from '@erp-steward/contracts/permissions'
import { heldPerson, mayDo, type Person } from '@erp-steward/directory/directory'
import type { EntityManager } from 'typeorm'

/** Role that inspects in its own unit only; the others that inspect have the company as their range. */
const OWN_UNIT = 'KEY_USER'

/**
 * Whether the person may inspect the unit now, and cannot cease to be able before the transaction ends. Source.
 */
export async function isAbleToInspect(
  tx: EntityManager,
  personId: string | null,
  unitId: string,
): Promise<boolean> {
  const person = personId === null ? null : await heldPerson(tx, personId)
  return person !== null && reaches(person, unitId)
}

function reaches(person: Person, unitId: string): boolean {
  if (!mayDo(person, 'inspection.work')) return false
  if (person.unitId === unitId) return true
  const holders: readonly string[] = permissions['inspection.work']
  return person.roles.some((role) => role !== OWN_UNIT && holders.includes(role))
}
