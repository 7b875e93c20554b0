import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Birthdays, sealed, by which one human with two entries is found; and who has name and birthday of another, by approval. */
export class AddBirthday1790000010301 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      alter table person
        add column birthday    text,
        add column twin_lookup text,
        add constraint person_birthday_sealed_check check (
          (birthday is null) = (twin_lookup is null)
          and coalesce(birthday ~ '^[0-9a-f]{8}\\.[A-Za-z0-9_-]{16}\\.', true));
      create index person_by_twin on person (twin_lookup) where twin_lookup is not null;
      create table namesake (
        twin_lookup text constraint namesake_pkey primary key,
        since       timestamptz not null
      );
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query(`
      drop table namesake;
      alter table person drop column birthday, drop column twin_lookup;
    `)
  }
}
