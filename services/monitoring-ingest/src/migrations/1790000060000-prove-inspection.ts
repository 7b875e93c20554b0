import type { MigrationInterface, QueryRunner } from 'typeorm'

/** A second person's word on a value, what looks copied, and units that nobody is able to inspect. */
export class ProveInspection1790000060000 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      alter table inspection_round add column suspicions text[] not null default '{}';
      alter table inspection_item
        add column overruled_level        text,
        add column overruled_by_person_id uuid,
        add column overruled_at           timestamptz,
        add column overrule_reason        text,
        add constraint inspection_item_overruled_check check
          (overruled_by_person_id is distinct from recorded_by_person_id or overruled_by_person_id is null);

      create table inspection_gap (
        unit_id  uuid constraint inspection_gap_pkey primary key,
        reason   text not null constraint inspection_gap_reason_check check (reason in ('no-roster', 'nobody-able')),
        found_at timestamptz not null
      );
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query(`
      drop table inspection_gap;
      alter table inspection_item
        drop column overruled_level, drop column overruled_by_person_id, drop column overruled_at,
        drop column overrule_reason;
      alter table inspection_round drop column suspicions;
    `)
  }
}
