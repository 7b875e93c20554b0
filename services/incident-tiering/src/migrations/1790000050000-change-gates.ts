import type { MigrationInterface, QueryRunner } from 'typeorm'

/**
 * Whether a change needs a backup is decided by its kind when it is asked for; what an emergency skipped is owed; and
 * who left a unit is remembered, since the company's stage is not for people of the unit that asks.
 *
 * Changes that run or are over keep what they were started under; one of a dangerous kind that has not started needs its
 * backup from now on.
 */
export class ChangeGates1790000050000 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      alter table change add needs_backup boolean, add unfilled_stage text;
      update change set needs_backup = system_code is not null
        or (started_at is null and kind not in ('report', 'permission'));
      alter table change
        alter needs_backup set not null,
        drop constraint change_system_check,
        add constraint change_system_check check (system_code is null or needs_backup),
        drop constraint change_backup_check,
        add constraint change_backup_check check (
          started_at is null or not needs_backup or cardinality(backup_run_ids) > 0);

      create table change_debt (
        change_id  uuid not null,
        kind       text not null
          constraint change_debt_kind_check check (kind in ('papers', 'unit-approval', 'review')),
        due_at     timestamptz not null,
        settled_at timestamptz,
        overdue_at timestamptz,
        constraint change_debt_pkey primary key (change_id, kind)
      );
      insert into change_debt (change_id, kind, due_at, settled_at)
        select id, 'papers', papers_due_at, papers_filed_at from change where papers_due_at is not null;

      create table person_move (
        person_id uuid not null,
        unit_id   uuid not null,
        left_at   timestamptz not null,
        constraint person_move_pkey primary key (person_id, unit_id)
      );
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query(`
      drop table person_move, change_debt;
      alter table change
        drop constraint change_system_check,
        add constraint change_system_check check (kind not in ('upgrade', 'migration') or system_code is not null),
        drop constraint change_backup_check,
        add constraint change_backup_check check (
          started_at is null or system_code is null or cardinality(backup_run_ids) > 0),
        drop needs_backup,
        drop unfilled_stage;
    `)
  }
}
