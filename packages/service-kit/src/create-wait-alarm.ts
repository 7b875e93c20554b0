import type { MigrationInterface, QueryRunner } from 'typeorm'

/** What was said of things that wait for another person, so that it is said once. */
export class CreateWaitAlarm1780000000004 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      create table wait_alarm (
        kind      text not null,
        subject   text not null,
        alarm     text not null
          constraint wait_alarm_check check (alarm in ('undecidable', 'running-out')),
        raised_at timestamptz not null,
        constraint wait_alarm_pkey primary key (subject, kind, alarm)
      )
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query('drop table wait_alarm')
  }
}
