import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Lists of people that are taken in by a job: what is left to do, and what became of the rest. Rows lie sealed. */
export class CreatePersonImport1790000090600 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      create table person_import (
        id         uuid constraint person_import_pkey primary key,
        dry_run    boolean not null,
        unit_id    uuid,
        act        jsonb not null,
        epoch      integer not null,
        state      text not null constraint person_import_state_check check (state in ('running', 'done', 'stopped')),
        rows       integer not null,
        rows_done  integer not null,
        parts      integer not null,
        parts_done integer not null,
        counts     jsonb not null,
        asked_at   timestamptz not null,
        ended_at   timestamptz
      );
      create index person_import_by_age on person_import (asked_at, id);
      create table person_import_part (
        import_id uuid not null constraint person_import_part_import_id_fkey references person_import (id) on delete cascade,
        part      integer not null,
        sealed    text not null constraint person_import_part_sealed_check check (sealed ~ '^[0-9a-f]{8}\\.[A-Za-z0-9_-]{16}\\.'),
        constraint person_import_part_pkey primary key (import_id, part)
      );
      create table person_import_note (
        seq       bigserial constraint person_import_note_pkey primary key,
        import_id uuid not null constraint person_import_note_import_id_fkey references person_import (id) on delete cascade,
        sealed    text not null constraint person_import_note_sealed_check check (sealed ~ '^[0-9a-f]{8}\\.[A-Za-z0-9_-]{16}\\.')
      );
      create index person_import_note_by_import on person_import_note (import_id, seq);
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query('drop table person_import_note, person_import_part, person_import')
  }
}
