import type { Role } from '@erp-steward/contracts/permissions'
import type { EntityManager } from 'typeorm'
import type { PositionRole } from '../organisation/position.ts'
import type { Account } from './account.ts'

/** Roles whose holders see the whole company; a leader's range is the own unit. */
const companyWide: readonly Role[] = ['OM_AUTHORITY', 'OM_PROVIDER']

export interface RolesOfAccount {
  readonly roles: Role[]
  readonly unitId: string | null
  readonly range: 'company' | 'unit'
}

/**
 * What the account may do now: an administrator exactly the one role, a person the roles of the position.
 *
 * Somebody who has left has none, whatever the state of the account.
 */
export async function rolesOfAccount(
  tx: EntityManager,
  { administratorRole, personId }: Pick<Account, 'administratorRole' | 'personId'>,
): Promise<RolesOfAccount> {
  if (administratorRole !== null)
    return { roles: [administratorRole], unitId: null, range: 'company' }
  const [holder]: { unitId: string; roles: PositionRole[] }[] = await tx.query(
    `select person.unit_id as "unitId", position.roles
       from person join position on position.id = person.position_id
      where person.id = $1 and person.active`,
    [personId],
  )
  if (holder === undefined) return { roles: [], unitId: null, range: 'unit' }
  const { roles, unitId } = holder
  const range = roles.some((role) => companyWide.includes(role)) ? 'company' : 'unit'
  return { roles, unitId, range }
}
