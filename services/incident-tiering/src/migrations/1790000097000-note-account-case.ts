import type { MigrationInterface, QueryRunner } from 'typeorm'

/** The ticket of an account that was reported stolen: one for each case of identity. */
export class NoteAccountCase1790000097000 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      alter table ticket add column account_case_id uuid constraint ticket_account_case_key unique;
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query('alter table ticket drop column account_case_id')
  }
}
