import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { ask } from '@erp-steward/messaging/statement'
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

/** A name and birthday that two administrators admitted as those of several people. */
export interface Namesake {
  /** Keyed hash of name and birthday. */
  twinLookup: string
  since: Date
}

export const NamesakeEntity = new EntitySchema<Namesake>({
  name: 'Namesake',
  tableName: 'namesake',
  columns: {
    twinLookup: {
      type: 'text',
      name: 'twin_lookup',
      primary: true,
      primaryKeyConstraintName: 'namesake_pkey',
    },
    since: { type: 'timestamptz' },
  },
})

/** Any number: the lock of all that is compared, shared by who compares one person, whole for a list. */
const TWINS_LOCK = 7_411_007
/** First key of the locks on what is compared; any number that nothing else uses. */
const TWIN_LOCK = 7_411_006
/** How many of them there are, in each direction of the hash. */
const TWIN_LOCKS = 128

type Compared = Pick<Person, 'id' | 'emailLookup' | 'twinLookup'>

const HOLD_SHARED = {
  name: 'hold twins shared',
  text: 'select pg_advisory_xact_lock_shared($1)',
  reads: [],
}

/** In the order of the keys, so that no two wait for each other. */
const HOLD_COMPARED = {
  name: 'hold compared',
  text: `select pg_advisory_xact_lock($1, key)
           from (select distinct hashtext(lookup) % $2 as key from unnest($3::text[]) as lookup order by 1) as keys`,
  reads: [],
}

const TWIN = {
  name: 'twin',
  text: `select id, email_lookup is not distinct from $2 as address from person
          where active and id <> $1
            and (email_lookup = $2 and not exists (select from shared_address where email_lookup = $2)
              or twin_lookup = $3 and not exists (select from namesake where twin_lookup = $3)) limit 1`,
  reads: ['person', 'shared_address', 'namesake'],
}

const KNOWN_HUMAN = {
  name: 'known human',
  text: `select from person
          where not active and id <> $1 and (email_lookup = $2 or twin_lookup = $3)
         union all
         select from person_hand
          where person_id <> $1 and (email_lookup = $2 or twin_lookup = $3) limit 1`,
  reads: ['person', 'person_hand'],
}

/**
 * Refuses a person whose mail address, or whose name and birthday, another active person has: one human with two entries
 * in the register is two hands where the rules ask for two people. The number is unique by itself, whatever its case; a
 * name alone says nothing.
 *
 * Whoever holds the row of a person may call it, once in a transaction if not under `holdTwins`.
 *
 * @throws Problem `person-twin` with `twinId`, the id of the other
 */
export async function assertNoTwin(
  tx: EntityManager,
  { id, emailLookup, twinLookup }: Compared,
): Promise<void> {
  const compared = [emailLookup, twinLookup].filter((lookup) => lookup !== null)
  if (compared.length === 0) return
  // Two joiners at the same moment do not see each other. The look comes after the locks, in the order of a connection.
  const [, , [twin]] = await Promise.all([
    ask(tx, HOLD_SHARED, [TWINS_LOCK]),
    ask(tx, HOLD_COMPARED, [TWIN_LOCK, TWIN_LOCKS, compared]),
    ask<{ id: string; address: boolean }>(tx, TWIN, [id, emailLookup, twinLookup]),
  ])
  if (twin === undefined) return
  const what = twin.address ? 'this mail address' : 'this name and birthday'
  throw new Problem(
    'person-twin',
    said(
      `Another active person, ${twin.id}, has ${what}.`,
      `另一位在职人员 ${twin.id} 具有 ${what}。`,
    ),
    {
      twinId: twin.id,
    },
  )
}

/**
 * Whether somebody who left has the mail address, or the name and birthday, or another entry had them before: most likely
 * one human, who comes back under another number, or whose second entry takes over what the first gave up. An exception
 * for several people does not count, for it says nothing of this one. After `assertNoTwin`.
 */
export async function isKnownHuman(
  tx: EntityManager,
  { id, emailLookup, twinLookup }: Compared,
): Promise<boolean> {
  if (emailLookup === null && twinLookup === null) return false
  const known = await ask(tx, KNOWN_HUMAN, [id, emailLookup, twinLookup])
  return known.length > 0
}

/**
 * Holds everything that is compared until the end of the transaction: a list compares its people in its own order, and
 * thousands of them. After the rows of people that the list holds.
 */
export async function holdTwins(tx: EntityManager): Promise<void> {
  await tx.query('select pg_advisory_xact_lock($1)', [TWINS_LOCK])
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
    throw new Problem(
      'person-unknown',
      said('There is no active person with an address.', '没有具有邮件地址的在职人员。'),
    )
  await tx.query(
    'insert into shared_address (email_lookup, since) values ($1, $2) on conflict do nothing',
    [emailLookup, now],
  )
}

/**
 * Admits that several people have the name and the birthday of this person, by the approval of an account change.
 *
 * @throws Problem `person-unknown` when the person has left or no birthday is known
 */
export async function admitNamesake(
  tx: EntityManager,
  personId: string,
  { now }: Act,
): Promise<void> {
  const person = await tx.findOneBy(PersonEntity, { id: personId, active: true })
  const twinLookup = person?.twinLookup ?? null
  if (twinLookup === null)
    throw new Problem(
      'person-unknown',
      said('There is no active person with a birthday.', '没有登记生日的在职人员。'),
    )
  await tx.query(
    'insert into namesake (twin_lookup, since) values ($1, $2) on conflict do nothing',
    [twinLookup, now],
  )
}

/** What was admitted for a person stays admitted when another key makes the hashes anew. */
export async function carryExceptions(
  tx: EntityManager,
  before: Compared,
  after: Compared,
): Promise<void> {
  await tx.query(
    `insert into shared_address (email_lookup, since)
     select $2, since from shared_address where email_lookup = $1 and $2::text is not null on conflict do nothing`,
    [before.emailLookup, after.emailLookup],
  )
  await tx.query(
    `insert into namesake (twin_lookup, since)
     select $2, since from namesake where twin_lookup = $1 and $2::text is not null on conflict do nothing`,
    [before.twinLookup, after.twinLookup],
  )
}
