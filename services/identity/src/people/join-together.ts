import type { Act } from '@erp-steward/contracts/act'
import { ask } from '@erp-steward/messaging/statement'
import { insertStatement } from '@erp-steward/service-kit/insert-rows'
import type { EntityManager, EntitySchema, ObjectLiteral } from 'typeorm'
import { AccountEntity } from '../accounts/account.ts'
import { announceAccount, newAccount } from '../accounts/create-account.ts'
import { isReservedUserName, userNameCandidates } from '../accounts/rules/user-name.ts'
import { userNameLookup } from '../accounts/sealed-user-name.ts'
import { stateFirstStanding } from '../accounts/state-standing.ts'
import { givePosition } from '../grants/give-position.ts'
import { passwordDaysOf, queueNewUser } from '../provisioning/queue-access.ts'
import { violatedByItself } from '../sod/violations-of.ts'
import { announcePerson } from './announce-person.ts'
import { newPerson, type JoinPerson } from './join-person.ts'
import { PersonEntity, type Person } from './person.ts'
import { noteHand } from './person-hand.ts'

/** A joiner who gets an account. */
export type Joiner = Omit<JoinPerson, 'withAccount'>

/** One of the joiners needs a look of its own, by `joinPerson`; what was written of the others is to be undone. */
export class NotTogether extends Error {}

/**
 * Takes in many joiners, each as `joinPerson` does, with an account, but asks the server only a few times for all of them.
 * The caller holds twins, and a savepoint to go back to.
 *
 * Whose address, or name and birthday, any other entry has or had is left to `joinPerson`, which knows the exceptions.
 *
 * @throws NotTogether; Problem `validation-failed`
 */
export async function joinTogether(
  tx: EntityManager,
  joiners: readonly Joiner[],
  act: Act,
): Promise<void> {
  for (const position of new Set(joiners.map(({ place }) => place.position)))
    if ((await violatedByItself(tx, position, act.now)).length > 0) throw new NotTogether()
  const named = await withUserNames(tx, joiners)
  const joined = named.map(({ joiner, userName }) => {
    const person = newPerson(tx, joiner, act)
    const account = newAccount(tx, userName, { personId: person.id }, act)
    return { person, account, access: joiner.place.position }
  })
  const people = joined.map(({ person }) => person)
  await insertAll(tx, PersonEntity, people)
  if (await someoneIsKnown(tx, people)) throw new NotTogether()
  await insertAll(
    tx,
    AccountEntity,
    joined.map(({ account }) => account),
  )
  const passwordDays = new Map<string, number>()
  for (const { person, account, access } of joined) {
    const days = passwordDays.get(person.unitId) ?? (await passwordDaysOf(tx, person.unitId, act))
    passwordDays.set(person.unitId, days)
    await noteHand(tx, person.id, 'placed', act)
    await announcePerson(tx, person, act)
    await announceAccount(tx, account, act)
    const given = { personId: person.id, accountId: account.id, unitId: person.unitId }
    await givePosition(tx, [{ ...given, sod: 'clear' }], access, null, act)
    await queueNewUser(tx, { account, holder: person, access, passwordDays: days }, act)
    await stateFirstStanding(tx, person.id, account, access.roles, act)
  }
}

/** @throws NotTogether when a row with the number or the name of one of them was there */
async function insertAll<Row extends ObjectLiteral>(
  tx: EntityManager,
  entity: EntitySchema<Row>,
  rows: readonly Row[],
): Promise<void> {
  const [first] = rows
  if (first === undefined) return
  const insert = insertStatement(tx, entity, Object.keys(first))
  const statement = {
    name: `${insert.name} unless there`,
    text: `${insert.text} on conflict do nothing returning id`,
  }
  const inserted = await ask(tx, statement, insert.values(rows))
  if (inserted.length < rows.length) throw new NotTogether()
}

const KNOWN = {
  name: 'someone is known',
  text: `select from unnest($1::uuid[], $2::text[], $3::text[]) as joiner (id, email, twin)
          where exists (select from person where email_lookup = joiner.email and person.id <> joiner.id)
             or exists (select from person where twin_lookup = joiner.twin and person.id <> joiner.id)
             or exists (select from person_hand where email_lookup = joiner.email)
             or exists (select from person_hand where twin_lookup = joiner.twin)
          limit 1`,
  reads: ['person', 'person_hand'],
}

async function someoneIsKnown(tx: EntityManager, people: readonly Person[]): Promise<boolean> {
  const known = await ask(tx, KNOWN, [
    people.map(({ id }) => id),
    people.map(({ emailLookup }) => emailLookup),
    people.map(({ twinLookup }) => twinLookup),
  ])
  return known.length > 0
}

const TAKEN = {
  name: 'taken user names',
  text: 'select user_name_lookup as lookup from account where user_name_lookup = any($1)',
  reads: ['account'],
}

/** Each with a user name: as asked for, else the first derived one that nobody has, nor a joiner before. */
async function withUserNames(tx: EntityManager, joiners: readonly Joiner[]) {
  const wanted = joiners.map((joiner) => {
    const names = joiner.userName === null ? userNameCandidates(joiner) : [joiner.userName]
    return { joiner, names: names.map((name) => ({ name, lookup: userNameLookup(tx, name) })) }
  })
  const lookups = wanted.flatMap(({ names }) => names.map(({ lookup }) => lookup))
  const found = await ask<{ lookup: string }>(tx, TAKEN, [lookups])
  const taken = new Set(found.map(({ lookup }) => lookup))
  return wanted.map(({ joiner, names }) => {
    const free = names.find(({ name, lookup }) => !taken.has(lookup) && !isReservedUserName(name))
    if (free === undefined) throw new NotTogether()
    taken.add(free.lookup)
    return { joiner, userName: free.name }
  })
}
