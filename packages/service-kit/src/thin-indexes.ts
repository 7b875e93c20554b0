import type { MigrationInterface, QueryRunner } from 'typeorm'

/**
 * Every event and every creation pays for the indexes of these tables, which are read by age once a night: rows lie in the
 * order of their age, so a summary of each range of pages finds them. The id of an event is random and looked for in the
 * inbox of the receivers, never in the outbox.
 */
export class ThinIndexes1780000000006 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      alter table outbox drop constraint outbox_id_key;
      drop index inbox_by_age, idempotency_key_by_age;
      create index inbox_by_age on inbox using brin (received_at) with (autosummarize = on);
      create index idempotency_key_by_age on idempotency_key using brin (created_at) with (autosummarize = on);
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query(`
      drop index inbox_by_age, idempotency_key_by_age;
      create index inbox_by_age on inbox (received_at);
      create index idempotency_key_by_age on idempotency_key (created_at);
      alter table outbox add constraint outbox_id_key unique (id);
    `)
  }
}
