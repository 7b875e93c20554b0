import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Whoever looks at what wants a human looks often, and nearly every message is delivered. */
export class IndexUndelivered1790000090800 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(
      `create index notification_undelivered on notification (created_at) where state <> 'delivered'`,
    )
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query('drop index notification_undelivered')
  }
}
