import type { EntityManager } from 'typeorm'
import { inForceAt } from '../grants/access-grant.ts'
import type { AccountStatus } from './account.ts'
import type { AccountChange } from './account-change.ts'
import { peopleBehind, type Hand } from './another-hand.ts'
import { concerned, whoAsked } from './concerned.ts'
import { standsInFor } from './rules/who-decides.ts'
import { whoPlaced } from './who-placed.ts'

/** Whether `role` decides the change because nobody can who comes before it. */
export async function standsIn(
  tx: EntityManager,
  change: AccountChange,
  role: string,
  at: Date,
): Promise<boolean> {
  const before = standsInFor(change.kind, role)
  if (before === null) return false
  const hands = await handsIn(tx, change)
  // A frozen account counts: shutting it out for a while makes nobody else its stand-in.
  return !(await isAnotherHand(tx, hands, before, ['active', 'frozen'], at))
}

/** Who may not decide a change: who asked, whom it concerns, and who put the person where the rights come from. */
export async function handsIn(tx: EntityManager, change: AccountChange): Promise<Hand[]> {
  return [
    whoAsked(change),
    ...(await concerned(tx, change.command)),
    ...(await whoPlaced(tx, change.command)),
  ]
}

/** Whether somebody has one of the roles, in an account of these states, and is none of the hands. */
export async function isAnotherHand(
  tx: EntityManager,
  hands: readonly Hand[],
  roles: readonly string[],
  states: readonly AccountStatus[],
  at: Date,
): Promise<boolean> {
  const others: unknown[] = await tx.query(
    `select from account
       left join person on person.id = account.person_id
      where account.status = any($1) and (person.id is null or person.active)
        and (administrator_role = any($2)
             or administrator_role is null and exists (
               select from access_grant
                where access_grant.person_id = person.id and kind = 'role' and name = any($2)
                  and ${inForceAt('access_grant', '$5')}))
        and not account.id::text = any($3)
        and (person_id is null or not person_id = any($4))
      limit 1`,
    [states, roles, hands.map(({ actor }) => actor), await peopleBehind(tx, hands), at],
  )
  return others.length > 0
}
