import { companyWideRoles, roles as everyRole, type Role } from '@erp-steward/contracts/permissions'
import { ask } from '@erp-steward/messaging/statement'
import type { EntityManager } from 'typeorm'
import { inForceAt } from '../grants/access-grant.ts'
import { PersonEntity } from '../people/person.ts'
import type { Account } from './account.ts'

export interface RolesOfAccount {
  readonly roles: Role[]
  readonly unitId: string | null
  readonly range: 'company' | 'unit'
  /** When the first of the roles ends; `null` while none has an end. */
  readonly until: Date | null
}

const ROLES = {
  name: 'roles of person',
  text: `select unit_id as "unitId", coalesce(roles, '{}') as roles, until
           from person left join lateral (
             select array_agg(distinct name) as roles, min(ends_at) as until from access_grant
              where person_id = person.id and kind = 'role' and ${inForceAt('access_grant', '$2')}) as held on true
          where person.id = $1 and person.active`,
  reads: ['person', 'access_grant'],
}

/**
 * What the account may do at an instant: an administrator exactly the one role, a person what the grants give that are in
 * force then.
 *
 * Somebody who has left has none, whatever the state of the account.
 */
export async function rolesOfAccount(
  tx: EntityManager,
  { administratorRole, personId }: Pick<Account, 'administratorRole' | 'personId'>,
  at: Date,
): Promise<RolesOfAccount> {
  if (administratorRole !== null) {
    const isHere =
      personId === null || (await tx.existsBy(PersonEntity, { id: personId, active: true }))
    const roles = isHere ? [administratorRole] : []
    return { roles, unitId: null, range: 'company', until: null }
  }
  const [holder] = await ask<{ unitId: string; roles: Role[]; until: Date | null }>(tx, ROLES, [
    personId,
    at,
  ])
  if (holder === undefined) return { roles: [], unitId: null, range: 'unit', until: null }
  const roles = inOrder(holder.roles)
  const range = roles.some((role) => companyWideRoles.includes(role)) ? 'company' : 'unit'
  return { ...holder, roles, range }
}

/** Roles as they are listed everywhere, the widest first. */
export const inOrder = (held: readonly Role[]): Role[] =>
  everyRole.filter((role) => held.includes(role))
