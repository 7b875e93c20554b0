import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { personalDataOf } from '@erp-steward/service-kit/personal-data'
import { In, type EntityManager } from 'typeorm'
import { AccountEntity } from '../accounts/account.ts'
import { openUserName } from '../accounts/sealed-user-name.ts'
import { PersonEntity, type Person } from '../people/person.ts'
import { findPlace, type Place } from '../people/place.ts'
import { holdTwins } from '../people/twin.ts'
import type { ImportRow, ReadRow } from './rules/import-row.ts'

/** What the rows of a list refer to, read once and held. */
export interface Register {
  /** By which a number is found: its keyed hash, whatever its case. */
  readonly keyOf: (employeeNumber: string) => string
  readonly people: ReadonlyMap<string, Person>
  /** User name by person. */
  readonly userNames: ReadonlyMap<string, string>
  readonly places: Map<string, Place | Problem>
  /** Keys of the people that rows of the list were about. */
  seen: Set<string>
}

export async function openRegister(tx: EntityManager, rows: readonly ReadRow[]): Promise<Register> {
  const values = rows.flatMap((read) => ('value' in read ? [read.value] : []))
  const places = new Map<string, Place | Problem>()
  // Places before people, as everybody who holds both does.
  for (const value of values) await placeOf(tx, value, places)
  const { lookup } = personalDataOf(tx)
  const keyOf = (employeeNumber: string) => lookup('employee-number', employeeNumber)
  const people = await tx.find(PersonEntity, {
    where: { employeeNumberLookup: In(values.map(({ employeeNumber }) => keyOf(employeeNumber))) },
    order: { id: 'asc' },
    lock: { mode: 'pessimistic_write' },
  })
  await holdTwins(tx)
  const accounts = await tx.findBy(AccountEntity, { personId: In(people.map(({ id }) => id)) })
  return {
    keyOf,
    people: new Map(people.map((person) => [person.employeeNumberLookup, person])),
    userNames: new Map(
      accounts.map((account) => [String(account.personId), openUserName(tx, account)]),
    ),
    places,
    seen: new Set(),
  }
}

async function placeOf(
  tx: EntityManager,
  codes: ImportRow,
  places: Register['places'],
): Promise<Place | Problem> {
  const key = `${codes.unitCode} ${codes.departmentCode} ${codes.positionCode}`
  const known = places.get(key)
  if (known !== undefined) return known
  const found = await findPlace(tx, codes).catch((error: unknown) => {
    if (error instanceof Problem) return error
    throw error
  })
  places.set(key, found)
  return found
}

/** What a row is about. */
export interface Known {
  readonly place: Place
  /** `undefined`: nobody has the number. */
  readonly person: Person | undefined
}

/**
 * Finds what a row is about, once a list.
 *
 * @throws Problem `validation-failed` for a person whom the list has named before, `outside-unit`, and as `findPlace`
 */
export async function lookUp(
  tx: EntityManager,
  value: ImportRow,
  register: Register,
  unitId: string | null,
): Promise<Known> {
  const key = register.keyOf(value.employeeNumber)
  if (register.seen.has(key))
    throw new Problem(
      'validation-failed',
      said('The list names this person twice.', '名单中该人员出现两次。'),
    )
  register.seen.add(key)
  const place = await placeOf(tx, value, register.places)
  if (place instanceof Problem) throw place
  const person = register.people.get(key)
  const foreign = [place.unit.id, person?.unitId ?? place.unit.id].some((id) => id !== unitId)
  if (unitId !== null && foreign)
    throw new Problem('outside-unit', said('Your range is your own unit.', '您的范围仅限本单位。'))
  return { place, person }
}
