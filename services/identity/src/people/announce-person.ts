import type { Act } from '@erp-steward/contracts/act'
import { PersonChanged } from '@erp-steward/contracts/directory-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { EntityManager } from 'typeorm'
import type { Person } from './person.ts'

/** States the whole person, for the copies that other services keep. */
export async function announcePerson(tx: EntityManager, person: Person, act: Act): Promise<void> {
  const {
    id,
    employeeNumber,
    name,
    unitId,
    departmentId,
    positionId,
    email,
    active,
    leftOn,
    version,
  } = person
  await appendEvent(
    tx,
    'identity',
    PersonChanged,
    id,
    {
      personId: id,
      employeeNumber,
      name,
      unitId,
      departmentId,
      positionId,
      email,
      active,
      leftOn,
      version,
    },
    act,
  )
}
