import type { Act } from '@erp-steward/contracts/act'
import { permissions, type Role } from '@erp-steward/contracts/permissions'
import type { ParameterKey } from '@erp-steward/regulation/parameters'
import type { EntityManager } from 'typeorm'
import { handsOf } from './another-person.ts'

/** People whose work is measured together: none of them is another interest than the others. */
export interface Interest {
  /** Whoever holds one of these roles. */
  readonly roles: readonly Role[]
  /** Whose departments belong to it as a whole: leaders, deputies and colleagues, whatever their role. */
  readonly beside: readonly Role[]
}

/**
 * Days for which whoever left a role, a department or a unit is still of it: a quarter, so that the months that are scored are
 * over. Own choice.
 */
export const STILL_OF_INTEREST_DAYS = 92

/** Tickets, changes, inspections, alerts and scores: who answers for them, and who does the work. */
export const operation: Interest = {
  roles: ['OM_AUTHORITY', 'OM_PROVIDER', 'KEY_USER'],
  beside: ['OM_AUTHORITY', 'OM_PROVIDER'],
}

/** Backups are planned and run by the system administrator too. */
const backups: Interest = {
  roles: [...operation.roles, 'SYSTEM_ADMIN'],
  beside: operation.beside,
}

/** Accounts are made, watched and ended in time by the three administrators, and the rules for theirs bind them. */
const administration: Interest = {
  roles: ['SYSTEM_ADMIN', 'SECURITY_ADMIN', 'AUDIT_ADMIN'],
  beside: [],
}

/** By the start of the key; the first that fits counts. What is not named binds everybody alike. */
const measured: readonly (readonly [start: string, interest: Interest])[] = [
  ['incident.', operation],
  ['monitoring.', operation],
  ['assessment.', operation],
  ['backup.', backups],
  ['identity.password.admin_', administration],
  ['identity.password.cooling', administration],
  ['identity.second_factor.', administration],
  ['identity.leaver.', administration],
  ['identity.temp_account.', administration],
  ['identity.dormant.', administration],
  ['identity.review.', administration],
  ['identity.audit.', administration],
  ['identity.log.', administration],
  ['gateway.session.admin_', administration],
]

/** Whose work the parameter measures, for every unit; `null` where it binds everybody alike. Source, defaults 2.9. */
export function interestMeasuredBy(key: ParameterKey): Interest | null {
  return measured.find(([start]) => key.startsWith(start))?.[1] ?? null
}

/** The roles that decide about a value of the parameter that asks less. */
export function decidersOf(key: ParameterKey): readonly Role[] {
  const roles = interestMeasuredBy(key)?.roles ?? []
  return permissions['parameter.decide'].filter((role) => !roles.includes(role))
}

/**
 * Whether whoever acts is of the interest: holds one of its roles, or is of a department that belongs to it, or lately
 * did or was, by the own account or through a client.
 */
export async function isOfInterest(
  tx: EntityManager,
  act: Pick<Act, 'personId' | 'controllers' | 'role' | 'now'>,
  { roles, beside }: Interest,
): Promise<boolean> {
  if (roles.some((role) => role === act.role)) return true
  // The administrators are known by their role alone: none of them has another one.
  if (beside.length === 0) return false
  const since = new Date(act.now.getTime() - STILL_OF_INTEREST_DAYS * 86_400_000)
  const found: unknown[] = await tx.query(
    `with state as (
       select unit_id, department_id, roles from person where id = any($1)
       union all
       select unit_id, department_id, roles from person_past where person_id = any($1) and until > $4
     )
     select from state s
      where s.roles && $2
         or exists (select from person m
                     where m.active and m.roles && $3 and m.unit_id = s.unit_id
                       and coalesce(m.department_id = s.department_id, true))
      limit 1`,
    [handsOf(act), roles, beside, since],
  )
  return found.length > 0
}
