import type { MigrationInterface, QueryRunner } from 'typeorm'

/** The daily inspection: who does it, its rounds, their items and findings. */
export class CreateInspection1790000000001 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      create table inspection_roster (
        unit_id             uuid constraint inspection_roster_pkey primary key,
        inspector_person_id uuid not null,
        deputy_person_id    uuid,
        set_by              text not null,
        set_at              timestamptz not null,
        version             integer not null
      );

      create table inspection_round (
        id                  uuid constraint inspection_round_pkey primary key,
        unit_id             uuid not null,
        date                date not null,
        state               text not null constraint inspection_round_state_check check (state in ('open', 'signed')),
        inspector_person_id uuid,
        deputy_person_id    uuid,
        due_at              timestamptz not null,
        deputy_due_at       timestamptz not null,
        due_version         integer not null,
        deputy_due_version  integer not null,
        generated_at        timestamptz not null,
        overdue_at          timestamptz,
        handed_over_at      timestamptz,
        signed_by_person_id uuid,
        signed_at           timestamptz,
        version             integer not null,
        constraint inspection_round_unit_key unique (unit_id, date),
        constraint inspection_round_signed_check
          check ((state = 'signed') = (signed_by_person_id is not null and signed_at is not null))
      );

      create table inspection_item (
        round_id              uuid not null,
        code                  text not null,
        origin                text,
        value                 text,
        verdict               text constraint inspection_item_verdict_check check (verdict in ('normal', 'abnormal')),
        level                 text,
        note                  text,
        limits                jsonb,
        value_at              timestamptz,
        recorded_by_person_id uuid,
        recorded_at           timestamptz,
        version               integer not null,
        constraint inspection_item_pkey primary key (round_id, code),
        constraint inspection_item_level_check
          check ((verdict is not distinct from 'abnormal') = (level is not null))
      );

      create table inspection_finding (
        id                 uuid constraint inspection_finding_pkey primary key,
        round_id           uuid not null,
        item               text not null,
        unit_id            uuid not null,
        severity           text not null,
        level              text not null,
        note               text not null,
        value              text,
        found_by_person_id uuid not null,
        found_at           timestamptz not null,
        constraint inspection_finding_item_key unique (round_id, item)
      );
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query(
      'drop table inspection_finding, inspection_item, inspection_round, inspection_roster',
    )
  }
}
