import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Units, departments, positions, modules and people: what other services copy by event. */
export class CreateDirectory1790000000000 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      create table unit (
        id      uuid primary key,
        code    text not null constraint unit_code_key unique,
        name    text not null,
        kind    text not null constraint unit_kind_check check (kind in
          ('HEADQUARTERS', 'USER_UNIT', 'OM_PROVIDER', 'INFORMATION_COMPANY', 'SUPPLIER')),
        active  boolean not null,
        version integer not null
      );
      create table department (
        id      uuid primary key,
        unit_id uuid not null constraint department_unit_id_fkey references unit (id),
        code    text not null,
        name    text not null,
        active  boolean not null,
        version integer not null,
        constraint department_code_key unique (unit_id, code)
      );
      create table position (
        id               uuid primary key,
        code             text not null constraint position_code_key unique,
        name             text not null,
        active           boolean not null,
        roles            jsonb not null,
        responsibilities jsonb not null,
        ebs_roles        jsonb not null,
        version          integer not null
      );
      create table module (
        id      uuid primary key,
        code    text not null constraint module_code_key unique,
        name    text not null,
        active  boolean not null,
        version integer not null
      );
      create table person (
        id              uuid primary key,
        employee_number text not null constraint person_employee_number_key unique,
        name            text not null,
        unit_id         uuid not null constraint person_unit_id_fkey references unit (id),
        department_id   uuid not null constraint person_department_id_fkey references department (id),
        position_id     uuid not null constraint person_position_id_fkey references position (id),
        email           text,
        active          boolean not null,
        leave_on        date,
        leave_kind      text,
        noticed_at      timestamptz,
        left_on         date,
        version         integer not null,
        created_at      timestamptz not null,
        constraint person_left_on_check check (active = (left_on is null))
      );
      create index person_by_unit on person (unit_id, employee_number);
      create index person_by_position on person (position_id);
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query('drop table person, module, position, department, unit')
  }
}
