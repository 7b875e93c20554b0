import { createHash, createHmac, createSecretKey } from 'node:crypto'
import { Type } from 'typebox'
import type { DataSource, EntityManager } from 'typeorm'
import { createSeal } from './seal.ts'

/** The setting of a service that shows personal data or writes to people. */
export const PersonalDataKeys = Type.String({
  description:
    'Base64 keys of 32 bytes that seal names, addresses and numbers of people, comma-separated, the newest first; the same in every service that has it.',
  writeOnly: true,
  pattern: '^[A-Za-z0-9+/]{43}=(,[A-Za-z0-9+/]{43}=)*$',
})

/** The setting of the service that looks people up by what is sealed. */
export const PersonalIndexKey = Type.String({
  description:
    'Base64 key of 32 bytes under which people are found by number, name or address: another one than those that seal.',
  writeOnly: true,
  pattern: '^[A-Za-z0-9+/]{43}=$',
})

/** What of a person is sealed. Source. */
export type PersonalField =
  | 'name'
  | 'email'
  | 'phone'
  | 'employee-number'
  | 'birthday'
  | 'user-name'
  | 'ebs'
  | 'answer'
  | 'import'
  | 'plan'
  | 'scim'

/** Seals what identifies people, opens it at the edge where it is shown, and finds it again by keyed hash. */
export interface PersonalData {
  /** `owner` is the id of the person or account: what is sealed for one does not open for another. */
  readonly seal: (owner: string, field: PersonalField, plain: string) => string
  /** @throws Error if owner, field or key is another one, or the text was changed */
  readonly open: (owner: string, field: PersonalField, sealed: string) => string
  /**
   * The keyed hash by which the value is found, whatever the case and the space around it.
   *
   * @throws TypeError in a service without the key for look-ups
   */
  readonly lookup: (field: PersonalField, plain: string) => string
  /** Id of the key that seals now, the first part of what it seals. */
  readonly sealingKeyId: string
  /** Id of the key for look-ups, the first part of a look-up; `null` without one. */
  readonly lookupKeyId: string | null
}

/**
 * @param keys as `PersonalDataKeys`
 * @param indexKey as `PersonalIndexKey`; `null` in a service that looks nobody up
 */
export function createPersonalData(keys: string, indexKey: string | null): PersonalData {
  const { seal, open, keyId } = createSeal(keys)
  const bytes = indexKey === null ? null : Buffer.from(indexKey, 'base64')
  const index = bytes === null ? null : createSecretKey(bytes)
  // Not the id a sealing key of the same bytes would have: the two must not look alike.
  const lookupKeyId =
    bytes === null ? null : createHash('sha256').update('look-up').update(bytes).digest('hex')
  return {
    seal: (owner, field, plain) => seal(labelOf(owner, field), plain),
    open: (owner, field, sealed) => open(labelOf(owner, field), sealed),
    lookup(field, plain) {
      if (index === null || lookupKeyId === null)
        throw new TypeError('this service has no key for look-ups')
      // The field is hashed too, so that a number and a name of the same letters do not show as the same.
      const hash = createHmac('sha256', index).update(`${field}\n${normalised(plain)}`)
      return `${lookupKeyId.slice(0, 8)}.${hash.digest('base64url')}`
    },
    sealingKeyId: keyId,
    lookupKeyId: lookupKeyId?.slice(0, 8) ?? null,
  }
}

const labelOf = (owner: string, field: PersonalField) => `person:${owner}:${field}`

/** Full width and half width are one, as are capitals and small letters: they are typed both ways. */
const normalised = (plain: string) => plain.normalize('NFKC').trim().toUpperCase()

const held = new WeakMap<DataSource, PersonalData>()

/** Ties the keys to the database whose rows they open, so that a use case needs no more than its transaction. */
export function holdPersonalData(db: DataSource, personalData: PersonalData): void {
  held.set(db, personalData)
}

/**
 * What seals and opens in the transaction's database.
 *
 * @throws TypeError in a service that was given no keys
 */
export function personalDataOf(tx: EntityManager): PersonalData {
  const found = held.get(tx.dataSource)
  if (found === undefined) throw new TypeError('this service holds no keys of personal data')
  return found
}

/** As `personalDataOf`; `null` in a service that was given no keys. */
export function personalDataIfHeld(tx: EntityManager): PersonalData | null {
  return held.get(tx.dataSource) ?? null
}
