import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Mail addresses that several people may have, by approval; any other address is one person's. */
export class ShareAddress1790000010300 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      create table shared_address (
        email_lookup text constraint shared_address_pkey primary key,
        since        timestamptz not null
      )
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query('drop table shared_address')
  }
}
