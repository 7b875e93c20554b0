import type { EntityManager } from 'typeorm'
import type { AccountChange } from './account-change.ts'
import { peopleBehind } from './another-hand.ts'
import { concerned, whoAsked } from './concerned.ts'
import { standsInFor, type Decider } from './rules/who-decides.ts'

/** Whether `role` decides the change because nobody can who comes before it. */
export async function standsIn(
  tx: EntityManager,
  change: AccountChange,
  role: string,
): Promise<boolean> {
  const before = standsInFor(change.kind, role)
  return before !== null && !(await isUnconcerned(tx, change, before))
}

/**
 * Whether anybody of the roles had no hand in the change. A frozen account counts: shutting it out for a while makes
 * nobody else its stand-in.
 */
export async function isUnconcerned(
  tx: EntityManager,
  change: AccountChange,
  roles: readonly Decider[],
): Promise<boolean> {
  const hands = [whoAsked(change), ...(await concerned(tx, change.command))]
  const others: unknown[] = await tx.query(
    `select from account
       left join person on person.id = account.person_id
       left join position on position.id = person.position_id
      where account.status <> 'disabled' and (person.id is null or person.active)
        and (administrator_role = any($1)
             or administrator_role is null and not rights_pending and position.roles ?| $1)
        and not account.id::text = any($2)
        and (person_id is null or not person_id = any($3))
      limit 1`,
    [roles, hands.map(({ actor }) => actor), await peopleBehind(tx, hands)],
  )
  return others.length > 0
}
