import type { MigrationInterface, QueryRunner } from 'typeorm'

/** The copy knows how new each row is, and to which department a person belongs. */
export class VersionDirectory1785000000001 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    // Rows that were copied without a version are older than every event, which counts from 1.
    await query.query(`
      alter table unit add column version integer not null default 0;
      alter table unit alter column version drop default;
      alter table module add column version integer not null default 0;
      alter table module alter column version drop default;
      alter table person add column version integer not null default 0;
      alter table person alter column version drop default;
      alter table person add column department_id uuid;
      create table department (
        id      uuid constraint department_pkey primary key,
        unit_id uuid not null,
        code    text not null,
        name    text not null,
        active  boolean not null,
        version integer not null
      );
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query(`
      drop table department;
      alter table person drop column department_id, drop column version;
      alter table module drop column version;
      alter table unit drop column version;
    `)
  }
}
