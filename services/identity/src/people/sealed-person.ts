import { personalDataOf } from '@erp-steward/service-kit/personal-data'
import type { EntityManager } from 'typeorm'
import type { Person } from './person.ts'

/** What identifies a person, in clear: for a caller who may see it, for EBS, and for a comparison; never stored. */
export interface PlainPerson {
  readonly employeeNumber: string
  readonly name: string
  readonly email: string | null
  readonly birthday: string | null
}

type SealedMembers = Pick<
  Person,
  | 'employeeNumber'
  | 'employeeNumberLookup'
  | 'name'
  | 'nameLookup'
  | 'email'
  | 'emailLookup'
  | 'birthday'
  | 'twinLookup'
>

/** The members as they are stored: sealed for this person, with the keyed hashes to find them by. Source. */
export function sealPerson(
  tx: EntityManager,
  id: string,
  { employeeNumber, name, email, birthday }: PlainPerson,
): SealedMembers {
  const { seal, lookup } = personalDataOf(tx)
  return {
    employeeNumber: seal(id, 'employee-number', employeeNumber),
    employeeNumberLookup: lookup('employee-number', employeeNumber),
    name: seal(id, 'name', name),
    nameLookup: lookup('name', name),
    email: email === null ? null : seal(id, 'email', email),
    emailLookup: email === null ? null : lookup('email', email),
    birthday: birthday === null ? null : seal(id, 'birthday', birthday),
    // One hash of both: a birthday alone is one of few, and would be guessed by how often it comes.
    twinLookup: birthday === null ? null : lookup('birthday', `${birthday} ${spaced(name)}`),
  }
}

/** A name with one space wherever it has some; the hash itself looks at neither case nor width. */
const spaced = (name: string) => name.normalize('NFKC').trim().replace(/\s+/gu, ' ')

/**
 * The same person with what is sealed in clear.
 *
 * @throws Error if it was sealed under keys that are not configured
 */
export function openPerson<Sealed extends PlainPerson & { readonly id: string }>(
  tx: EntityManager,
  person: Sealed,
): Sealed {
  const { open } = personalDataOf(tx)
  const { id, employeeNumber, name, email, birthday } = person
  return {
    ...person,
    employeeNumber: open(id, 'employee-number', employeeNumber),
    name: open(id, 'name', name),
    email: email === null ? null : open(id, 'email', email),
    birthday: birthday === null ? null : open(id, 'birthday', birthday),
  }
}

/** The name of a person alone. */
export function openName(
  tx: EntityManager,
  { id, name }: { readonly id: string; readonly name: string },
): string {
  return personalDataOf(tx).open(id, 'name', name)
}
