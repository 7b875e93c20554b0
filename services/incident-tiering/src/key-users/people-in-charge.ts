import type { Role } from '@erp-steward/contracts/permissions'
import type { Person } from '@erp-steward/directory/directory'
import type { EntityManager } from 'typeorm'

/** Somebody who can be written to. */
export type Addressee = Pick<Person, 'id' | 'email'>

/** Those who run operation and maintenance: they hear of what nobody else can answer. Source: B-5. */
export async function authorities(tx: EntityManager): Promise<Addressee[]> {
  return holdersOf(tx, 'OM_AUTHORITY', null)
}

/** The administrators who answer for rights and their separation. Source: defaults 2.9. */
export async function securityAdministrators(tx: EntityManager): Promise<Addressee[]> {
  return holdersOf(tx, 'SECURITY_ADMIN', null)
}

/** The leaders of a unit. Source: B-7. */
export async function leadersOf(tx: EntityManager, unitId: string): Promise<Addressee[]> {
  return holdersOf(tx, 'BUSINESS_OWNER', unitId)
}

async function holdersOf(tx: EntityManager, role: Role, unitId: string | null) {
  const people: Addressee[] = await tx.query(
    `select id, email from person
      where active and account_status = 'active' and $1 = any(roles) and ($2::uuid is null or unit_id = $2)
      order by id`,
    [role, unitId],
  )
  return people
}
