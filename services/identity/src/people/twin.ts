import type { Act } from '@erp-steward/contracts/act'
import { Problem } from '@erp-steward/contracts/problem'
import { EntitySchema, type EntityManager } from 'typeorm'
import { PersonEntity, type Person } from './person.ts'

/** A mail address that two administrators admitted as one of several people: a group's, or a shared terminal's. */
export interface SharedAddress {
  /** Keyed hash of the address. */
  emailLookup: string
  since: Date
}

export const SharedAddressEntity = new EntitySchema<SharedAddress>({
  name: 'SharedAddress',
  tableName: 'shared_address',
  columns: {
    emailLookup: {
      type: 'text',
      name: 'email_lookup',
      primary: true,
      primaryKeyConstraintName: 'shared_address_pkey',
    },
    since: { type: 'timestamptz' },
  },
})

/** First key of the advisory locks on addresses; any number that nothing else uses. */
const ADDRESS_LOCK = 7_411_006
/** How many of them there are, in each direction of the hash. */
const ADDRESS_LOCKS = 128

/**
 * Refuses a person whose mail address another active person has: one human with two entries in the register is two hands
 * where the rules ask for two people. The number is unique by itself, whatever its case; a name alone says nothing.
 *
 * @throws Problem `person-twin`
 */
export async function assertNoTwin(
  tx: EntityManager,
  { id, emailLookup }: Pick<Person, 'id' | 'emailLookup'>,
): Promise<void> {
  if (emailLookup === null) return
  // Two joiners with one address at the same moment do not see each other. A list of thousands must not hold as many locks.
  await tx.query('select pg_advisory_xact_lock($1, hashtext($2) % $3)', [
    ADDRESS_LOCK,
    emailLookup,
    ADDRESS_LOCKS,
  ])
  const twins: unknown[] = await tx.query(
    `select from person where email_lookup = $1 and active and id <> $2
        and not exists (select from shared_address where email_lookup = $1) limit 1`,
    [emailLookup, id],
  )
  if (twins.length > 0)
    throw new Problem('person-twin', 'Another active person has this mail address.')
}

/**
 * Admits that several people have the mail address of this person, by the approval of an account change.
 *
 * @throws Problem `person-unknown` when the person has left or has no address
 */
export async function admitSharedAddress(
  tx: EntityManager,
  personId: string,
  { now }: Act,
): Promise<void> {
  const person = await tx.findOneBy(PersonEntity, { id: personId, active: true })
  const emailLookup = person?.emailLookup ?? null
  if (emailLookup === null)
    throw new Problem('person-unknown', 'There is no active person with an address.')
  await tx.query(
    'insert into shared_address (email_lookup, since) values ($1, $2) on conflict do nothing',
    [emailLookup, now],
  )
}
