import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Long lists of people may be all or none: every row is tried before the first is taken in. */
export class CheckImportsFirst1790000092200 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      alter table person_import add column all_or_none boolean not null default false;
      alter table person_import drop constraint person_import_state_check;
      alter table person_import add constraint person_import_state_check
        check (state in ('checking', 'running', 'done', 'refused', 'stopped'));
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query(`
      -- Nothing of these was taken in, and the code of before does not know them.
      delete from person_import where state in ('checking', 'refused');
      alter table person_import drop constraint person_import_state_check;
      alter table person_import add constraint person_import_state_check check (state in ('running', 'done', 'stopped'));
      alter table person_import drop column all_or_none;
    `)
  }
}
