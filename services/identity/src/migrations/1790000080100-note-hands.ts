import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Who took a person in, moved or rewrote it: they take no part in its password and decide no rights of the place they gave. */
export class NoteHands1790000080100 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      create table person_hand (
        seq          bigserial constraint person_hand_pkey primary key,
        person_id    uuid not null constraint person_hand_person_id_fkey references person (id),
        part         text not null constraint person_hand_part_check check (part in ('placed', 'rewritten')),
        actor        text not null,
        hand_person  uuid,
        controllers  uuid[] not null,
        halved       boolean not null,
        -- Of before, so that an address which one entry gives up for another is found.
        email_lookup text,
        twin_lookup  text,
        since        timestamptz not null
      );
      create index person_hand_by_person on person_hand (person_id, seq);
      create index person_hand_by_email on person_hand (email_lookup) where email_lookup is not null;
      create index person_hand_by_twin on person_hand (twin_lookup) where twin_lookup is not null;
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query('drop table person_hand')
  }
}
