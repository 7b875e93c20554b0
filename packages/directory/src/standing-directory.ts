import type { MigrationInterface, QueryRunner } from 'typeorm'

/** The copy knows what a person may do: state of the account and roles in force. */
export class StandingDirectory1785000000002 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    // Nobody may do anything until identity has said so; it states everybody again after its own migration.
    await query.query(`
      alter table person
        add column account_status   text not null default 'none',
        add column roles            text[] not null default '{}',
        add column standing_version integer not null default 0;
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query(`
      alter table person drop column standing_version, drop column roles, drop column account_status
    `)
  }
}
