import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Whose an alarm is, so that callers of a unit see those of their unit; what was raised before is the company's. */
export class NameWaitingUnits1780000000005 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`alter table wait_alarm add unit_ids uuid[] not null default '{}'`)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query('alter table wait_alarm drop column unit_ids')
  }
}
