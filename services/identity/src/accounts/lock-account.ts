import type { EntityManager } from 'typeorm'
import { PositionEntity, type Position } from '../organisation/position.ts'
import { PersonEntity, type Person } from '../people/person.ts'
import { AccountEntity, type Account } from './account.ts'

export interface HeldAccount {
  readonly account: Account
  /** The person it belongs to; `null` for an administrator who is not named yet. */
  readonly owner: Person | null
  /** The person with the position whose rights the account carries; `null` for an administrator. */
  readonly holder: { readonly person: Person; readonly position: Position } | null
}

/**
 * The account with its person, both locked until the end of the transaction: person before account, as everybody
 * does, so that two changes wait instead of blocking each other. `null` when there is no such account.
 */
export async function lockAccount(tx: EntityManager, id: string): Promise<HeldAccount | null> {
  const found = await tx.findOneBy(AccountEntity, { id })
  if (found === null) return null
  const lock = { mode: 'pessimistic_write' } as const
  const person =
    found.personId === null
      ? null
      : await tx.findOneOrFail(PersonEntity, { where: { id: found.personId }, lock })
  // All of a kind and in one order: of two that are shut out at once, the second sees that it is the last.
  if (found.administratorRole !== null)
    await tx.query('select from account where administrator_role = $1 order by id for update', [
      found.administratorRole,
    ])
  const account = await tx.findOneOrFail(AccountEntity, { where: { id }, lock })
  if (person === null || account.administratorRole !== null)
    return { account, owner: person, holder: null }
  const position = await tx.findOneByOrFail(PositionEntity, { id: person.positionId })
  return { account, owner: person, holder: { person, position } }
}
