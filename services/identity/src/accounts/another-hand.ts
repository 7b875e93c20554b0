import type { Act } from '@erp-steward/contracts/act'
import { said, type Bilingual } from '@erp-steward/contracts/bilingual'
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
 * An administrator whose account was given to a person only later is that person for what was done before, too. Two
 * accounts that belong to nobody yet cannot be told from one human: where it matters, `assertNamed` refuses them.
 *
 * @throws Problem `same-person`
 */
export async function assertAnotherHand(
  tx: EntityManager,
  act: Act,
  hands: readonly Hand[],
  detail: Bilingual,
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
  detail: Bilingual,
): Promise<void> {
  if ((await peopleBehind(tx, [act])).includes(personId)) throw new Problem('same-person', detail)
}

/**
 * Refuses an actor while the actor, or who had a hand in it, is an administrator whom nobody has named yet, also behind a
 * client: two such accounts may be one human.
 *
 * @throws Problem `administrator-unnamed`
 */
export async function assertNamed(
  tx: EntityManager,
  act: Pick<Act, 'actor'>,
  hands: readonly Pick<Hand, 'actor'>[] = [],
): Promise<void> {
  const unnamed: unknown[] = await tx.query(
    `select from account
      where administrator_role is not null and person_id is null
        and (id::text = any($1)
          or id::text in (select actor from client_controller
                           where client_id::text = any($1) and part <> 'approved')) limit 1`,
    [[act, ...hands].map(({ actor }) => actor)],
  )
  if (unnamed.length > 0)
    throw new Problem(
      'administrator-unnamed',
      said('An administrator with a hand in it is not named.', '参与其中的管理员尚未指明其人。'),
    )
}

/** Those named at the time, and those whose account, or part in a client, was found to be theirs since. */
export async function peopleBehind(tx: EntityManager, hands: readonly Hand[]): Promise<string[]> {
  const owners: { id: string }[] = await tx.query(
    `select person_id as id from account where id::text = any($1) and person_id is not null
     union
     select account.person_id
       from client_controller join account on account.id::text = client_controller.actor
      where client_id::text = any($1) and part <> 'approved' and account.person_id is not null`,
    [hands.map(({ actor }) => actor)],
  )
  const kept = hands.flatMap(({ personId, controllers = [] }) => [personId, ...controllers])
  return [...owners.map(({ id }) => id), ...kept.filter((id) => id !== null)]
}
