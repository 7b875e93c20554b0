import type { Act } from '@erp-steward/contracts/act'
import { write, type RowsStatement } from '@erp-steward/messaging/statement'
import { EntitySchema, type EntityManager } from 'typeorm'
import type { Hand } from '../accounts/another-hand.ts'
import type { Person } from './person.ts'

/** `placed`: taken in, taken back or moved, into the unit and position of then. `rewritten`: another name, address or birthday. */
export type HandPart = 'placed' | 'rewritten'

/** What somebody did with a person of the register, and who it was; kept for ever. */
export interface PersonHand {
  /** Order in which it happened; a bigint, which PostgreSQL hands over as text. */
  seq: string
  personId: string
  part: HandPart
  /** Account or client. */
  actor: string
  handPerson: string | null
  /** People behind a client, at the time. */
  controllers: string[]
  /** By a client whose secret was read by two, a half each: none of the people behind it could do this alone. */
  halved: boolean
  /** Of a rewritten person: the keyed hashes of before, where they changed. */
  emailLookup: string | null
  twinLookup: string | null
  since: Date
}

export const PersonHandEntity = new EntitySchema<PersonHand>({
  name: 'PersonHand',
  tableName: 'person_hand',
  columns: {
    seq: {
      type: 'bigint',
      primary: true,
      generated: 'increment',
      primaryKeyConstraintName: 'person_hand_pkey',
    },
    personId: { type: 'uuid', name: 'person_id' },
    part: { type: 'text' },
    actor: { type: 'text' },
    handPerson: { type: 'uuid', name: 'hand_person', nullable: true },
    controllers: { type: 'uuid', array: true },
    halved: { type: 'boolean' },
    emailLookup: { type: 'text', name: 'email_lookup', nullable: true },
    twinLookup: { type: 'text', name: 'twin_lookup', nullable: true },
    since: { type: 'timestamptz' },
  },
  checks: [{ name: 'person_hand_part_check', expression: `part in ('placed', 'rewritten')` }],
  indices: [
    { name: 'person_hand_by_person', columns: ['personId', 'seq'] },
    {
      name: 'person_hand_by_email',
      columns: ['emailLookup'],
      where: 'email_lookup is not null',
    },
    { name: 'person_hand_by_twin', columns: ['twinLookup'], where: 'twin_lookup is not null' },
  ],
  foreignKeys: [
    {
      name: 'person_hand_person_id_fkey',
      target: 'person',
      columnNames: ['person_id'],
      referencedColumnNames: ['id'],
    },
  ],
})

const NOTE_HAND: RowsStatement<Omit<PersonHand, 'seq' | 'halved'>> = {
  name: 'note hand',
  table: 'person_hand',
  parents: ['person'],
  text: `insert into person_hand (person_id, part, actor, hand_person, controllers, email_lookup, twin_lookup, since, halved)
         select "personId", part, actor, "handPerson", controllers, "emailLookup", "twinLookup", since,
                exists (select from client_controller as half
                         where half.client_id::text = hand.actor and half.part = 'second-half')
           from json_to_recordset($1) as hand (
             "personId" uuid, part text, actor text, "handPerson" uuid, controllers uuid[],
             "emailLookup" text, "twinLookup" text, since timestamptz)`,
  values: (hands) => [JSON.stringify(hands)],
}

/**
 * Keeps that the actor had a hand in a person.
 *
 * @param former the keyed hashes that the person has no longer
 */
export async function noteHand(
  tx: EntityManager,
  personId: string,
  part: HandPart,
  { actor, personId: handPerson, controllers, now }: Act,
  former: Pick<Person, 'emailLookup' | 'twinLookup'> = { emailLookup: null, twinLookup: null },
): Promise<void> {
  const { emailLookup, twinLookup } = former
  const hand = {
    personId,
    part,
    actor,
    handPerson,
    controllers,
    emailLookup,
    twinLookup,
    since: now,
  }
  await write(tx, NOTE_HAND, [hand])
}

/** Who gave the people the places of now, with everybody behind a client. */
export async function placedBy(tx: EntityManager, personIds: readonly string[]): Promise<Hand[]> {
  const hands: Hand[] = await tx.query(
    `select distinct on (person_id) actor, hand_person as "personId", controllers from person_hand
      where person_id = any($1) and part = 'placed' order by person_id, seq desc`,
    [personIds],
  )
  return hands
}

/** Everybody who took the person in or back, moved or rewrote it, and could do so alone. */
export async function loneHandsOn(tx: EntityManager, personId: string): Promise<Hand[]> {
  const hands: Hand[] = await tx.query(
    `select distinct actor, hand_person as "personId", controllers from person_hand
      where person_id = $1 and not halved`,
    [personId],
  )
  return hands
}
