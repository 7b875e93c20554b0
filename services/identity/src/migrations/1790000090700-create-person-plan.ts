import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Joiners and movers of a later day: what is to happen lies sealed until then. */
export class CreatePersonPlan1790000090700 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      create table person_plan (
        id           uuid constraint person_plan_pkey primary key,
        kind         text not null constraint person_plan_kind_check check (kind in ('join', 'move')),
        person_id    uuid constraint person_plan_person_id_fkey references person (id),
        unit_id      uuid not null constraint person_plan_unit_id_fkey references unit (id),
        range_id     uuid,
        effective_on date not null,
        sealed       text not null constraint person_plan_sealed_check check (sealed ~ '^[0-9a-f]{8}\\.[A-Za-z0-9_-]{16}\\.'),
        act          jsonb not null,
        state        text not null
          constraint person_plan_state_check check (state in ('planned', 'done', 'withdrawn', 'failed')),
        problem      text,
        planned_at   timestamptz not null,
        ended_at     timestamptz,
        version      integer not null
      );
      create index person_plan_by_age on person_plan (planned_at, id);
      -- Two moves of one person on different days are two plans; two on one day contradict each other.
      create unique index person_plan_move_key on person_plan (person_id, effective_on)
        where state = 'planned' and kind = 'move';
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query('drop table person_plan')
  }
}
