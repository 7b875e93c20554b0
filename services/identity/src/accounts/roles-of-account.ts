import { companyWideRoles, type Role } from '@erp-steward/contracts/permissions'
import { ask } from '@erp-steward/messaging/statement'
import type { EntityManager } from 'typeorm'
import type { PositionRole } from '../organisation/position.ts'
import { PersonEntity } from '../people/person.ts'
import type { Account } from './account.ts'

export interface RolesOfAccount {
  readonly roles: Role[]
  readonly unitId: string | null
  readonly range: 'company' | 'unit'
}

const ROLES = {
  name: 'roles of person',
  text: `select person.unit_id as "unitId",
                case when account.rights_pending then '[]'::jsonb else position.roles end as roles
           from person join position on position.id = person.position_id
           left join account on account.person_id = person.id
          where person.id = $1 and person.active`,
  reads: ['person', 'position', 'account'],
}

/**
 * What the account may do now: an administrator exactly the one role, a person the roles of the position, unless they wait
 * for an approval.
 *
 * Somebody who has left has none, whatever the state of the account.
 */
export async function rolesOfAccount(
  tx: EntityManager,
  { administratorRole, personId }: Pick<Account, 'administratorRole' | 'personId'>,
): Promise<RolesOfAccount> {
  if (administratorRole !== null) {
    const isHere =
      personId === null || (await tx.existsBy(PersonEntity, { id: personId, active: true }))
    return { roles: isHere ? [administratorRole] : [], unitId: null, range: 'company' }
  }
  const [holder] = await ask<{ unitId: string; roles: PositionRole[] }>(tx, ROLES, [personId])
  if (holder === undefined) return { roles: [], unitId: null, range: 'unit' }
  const { roles, unitId } = holder
  const range = roles.some((role) => companyWideRoles.includes(role)) ? 'company' : 'unit'
  return { roles, unitId, range }
}
