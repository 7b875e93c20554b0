import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Incompatible duties that an exception covers are not told as found, and are when it ends. All that are known were told. */
export class TellViolations1790000096000 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      alter table sod_violation add column told boolean not null default true;
      alter table sod_violation alter column told drop default;
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query('alter table sod_violation drop column told')
  }
}
