import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Ended sessions stay readable, by account and by time, and a session may have the name of its device. */
export class KeepEndedSessions1790000097110 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      alter table session add column device_name text;
      create index session_by_account on session (account_id, started_at, id);
      create index session_by_start on session (started_at, id);
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query(`
      drop index session_by_account, session_by_start;
      alter table session drop column device_name;
    `)
  }
}
