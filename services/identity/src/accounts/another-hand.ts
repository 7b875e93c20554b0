import type { Act } from '@erp-steward/contracts/act'
import { Problem } from '@erp-steward/contracts/problem'
import type { EntityManager } from 'typeorm'

/** Who had a hand in something, as it was kept at the time. */
export interface Hand {
  /** Account or client. */
  readonly actor: string
  readonly personId: string | null
  /** People behind a client. */
  readonly controllers?: readonly string[]
}

/**
 * Refuses an actor who is one of those who had a hand in it already, under whatever account or through whatever client.
 * An administrator whose account was given to a person only later is that person for what was done before, too; two
 * accounts that belong to nobody yet are told apart by account, for a new site has no others.
 *
 * @throws Problem `same-person`
 */
export async function assertAnotherHand(
  tx: EntityManager,
  act: Act,
  hands: readonly Hand[],
  detail: string,
): Promise<void> {
  const own = await peopleBehind(tx, [act])
  const others = await peopleBehind(tx, hands)
  const isOne =
    hands.some(({ actor }) => actor === act.actor) || own.some((person) => others.includes(person))
  if (isOne) throw new Problem('same-person', detail)
}

/**
 * Refuses an act about a person by that person, in whatever account or through whatever client.
 *
 * @throws Problem `same-person`
 */
export async function assertNotAbout(
  tx: EntityManager,
  act: Act,
  personId: string,
  detail: string,
): Promise<void> {
  if ((await peopleBehind(tx, [act])).includes(personId)) throw new Problem('same-person', detail)
}

/** The people who had a hand in it, also where the account was given to one only later. */
export async function peopleBehind(tx: EntityManager, hands: readonly Hand[]): Promise<string[]> {
  const owners: { id: string }[] = await tx.query(
    'select person_id as id from account where id::text = any($1) and person_id is not null',
    [hands.map(({ actor }) => actor)],
  )
  const kept = hands.flatMap(({ personId, controllers = [] }) => [personId, ...controllers])
  return [...owners.map(({ id }) => id), ...kept.filter((id) => id !== null)]
}
