import type { MigrationInterface, QueryRunner } from 'typeorm'

/**
 * When a person and an account last changed. A trigger writes it, so that no way of changing a row can forget to; in
 * milliseconds, because a cursor of a list carries it.
 */
export class NoteChange1790000090500 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      alter table person add column changed_at timestamptz(3);
      alter table account add column changed_at timestamptz(3);
      -- Of before nothing is known but when the row was made.
      update person set changed_at = created_at;
      update account set changed_at = created_at;
      alter table person alter column changed_at set not null, alter column changed_at set default clock_timestamp();
      alter table account alter column changed_at set not null, alter column changed_at set default clock_timestamp();
      create function note_change() returns trigger language plpgsql as $$
        begin
          new.changed_at := clock_timestamp();
          return new;
        end $$;
      create trigger person_note_change before update on person
        for each row when (old.* is distinct from new.*) execute function note_change();
      create trigger account_note_change before update on account
        for each row when (old.* is distinct from new.*) execute function note_change();
      create index person_by_change on person (changed_at, id);
      create index account_by_change on account (changed_at, id);
      create index person_by_department on person (department_id, created_at, id);
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query(`
      drop trigger account_note_change on account;
      drop trigger person_note_change on person;
      drop function note_change();
      alter table account drop column changed_at;
      alter table person drop column changed_at;
      drop index person_by_department;
    `)
  }
}
