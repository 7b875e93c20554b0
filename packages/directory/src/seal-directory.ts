import type { MigrationInterface, QueryRunner } from 'typeorm'

/**
 * The copy no longer knows what people are called, and an address lies in it only sealed. What lay there in clear is
 * forgotten at once: identity tells of every person again when it has sealed its own rows. Source.
 */
export class SealDirectory1785000000003 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      alter table person drop column name;
      update person set email = null where email is not null;
      delete from dead_letter where type = 'identity.directory.person-changed.v1';
      alter table person add constraint person_email_sealed_check
        check (email ~ '^[0-9a-f]{8}\\.[A-Za-z0-9_-]{16}\\.');
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query(`
      alter table person drop constraint person_email_sealed_check;
      alter table person add column name text not null default '';
      alter table person alter column name drop default;
    `)
  }
}
