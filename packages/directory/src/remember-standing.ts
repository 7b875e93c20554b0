import type { MigrationInterface, QueryRunner } from 'typeorm'

/**
 * The copy remembers what people were before: whoever leaves a department or a role in order to decide about those who
 * stay is still one of them for a while. Source.
 */
export class RememberStanding1785000000004 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      create table person_past (
        person_id        uuid not null,
        version          integer not null,
        standing_version integer not null,
        unit_id          uuid not null,
        department_id    uuid,
        roles            text[] not null,
        until            timestamptz not null,
        constraint person_past_pkey primary key (person_id, version, standing_version)
      )
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query('drop table person_past')
  }
}
