import type { MigrationInterface, QueryRunner } from 'typeorm'

/** A service's own copy of units, modules and people: no service reads another's schema. */
export class CreateDirectory1785000000000 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      create table unit (
        id       uuid constraint unit_pkey primary key,
        code     text not null,
        name     text not null,
        uses_erp boolean not null,
        active   boolean not null
      );
      create table module (
        code   text constraint module_pkey primary key,
        name   text not null,
        active boolean not null
      );
      create table person (
        id      uuid constraint person_pkey primary key,
        name    text not null,
        unit_id uuid not null,
        email   text,
        active  boolean not null
      );
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query('drop table person, module, unit')
  }
}
