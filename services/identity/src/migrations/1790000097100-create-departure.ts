import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Who left a place, and when the personnel system and the department told of it. Source. */
export class CreateDeparture1790000097100 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      create table departure (
        id                 uuid constraint departure_pkey primary key,
        person_id          uuid not null constraint departure_person_id_fkey references person (id),
        kind               text not null constraint departure_kind_check check (kind in ('leave', 'move')),
        unit_id            uuid not null,
        department_id      uuid not null,
        effective_on       date not null,
        personnel_told_at  timestamptz,
        department_told_at timestamptz,
        department_told_by text,
        department_said    date,
        due_at             timestamptz,
        parameter_version  integer not null,
        verdict            text not null constraint departure_verdict_check check (
          verdict in ('awaited', 'in-time', 'late', 'missing', 'withdrawn')),
        lag_seconds        integer,
        opened_at          timestamptz not null,
        version            integer not null,
        constraint departure_told_check check (personnel_told_at is not null or department_told_at is not null),
        constraint departure_department_check check (
          (department_told_at is null) = (department_told_by is null)
          and (department_told_at is null) = (department_said is null))
      );
      create index departure_by_age on departure (opened_at, id);
      create index departure_by_person on departure (person_id, kind, effective_on);
      create index departure_by_day on departure (effective_on);
      create index departure_awaited on departure (due_at) where verdict = 'awaited';
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query('drop table departure')
  }
}
