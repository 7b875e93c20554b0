import type { MigrationInterface, QueryRunner } from 'typeorm'

/** The secret before signs beside the new one until its receiver has had time to take that. */
export class ReplaceWebhookSecrets1790000099700 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(
      'alter table webhook add column sealed_previous text, add column previous_until timestamptz',
    )
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query('alter table webhook drop column previous_until, drop column sealed_previous')
  }
}
