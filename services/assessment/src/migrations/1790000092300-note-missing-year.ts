import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Why a data error has no due date is kept as the year that was missing, so that it is told in the language of who asks. */
export class NoteMissingYear1790000092300 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      alter table observation add due_missing_year integer;
      update observation set due_missing_year = substring(due_fault from '[0-9]{4}')::integer
       where due_fault is not null;
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query('alter table observation drop due_missing_year')
  }
}
