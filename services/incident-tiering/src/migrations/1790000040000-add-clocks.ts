import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Clocks of the final solution, of an unsolved ticket, of the superiors and of the user's answer. */
export class AddClocks1790000040000 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      alter table ticket_clock drop constraint ticket_clock_kind_check;
      alter table ticket_clock add constraint ticket_clock_kind_check
        check (kind in ('acknowledge', 'restore', 'progress-note', 'tier', 'confirm', 'final', 'unsolved',
          'department-head', 'leading-group', 'top-manager', 'remind'));
      alter table ticket add column user_silent_at timestamptz;
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query(`
      alter table ticket drop column user_silent_at;
      delete from ticket_clock where kind not in ('acknowledge', 'restore', 'progress-note', 'tier', 'confirm');
      alter table ticket_clock drop constraint ticket_clock_kind_check;
      alter table ticket_clock add constraint ticket_clock_kind_check
        check (kind in ('acknowledge', 'restore', 'progress-note', 'tier', 'confirm'));
    `)
  }
}
