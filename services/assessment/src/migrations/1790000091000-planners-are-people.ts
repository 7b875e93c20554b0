import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Who planned a time node is known as a person, so that the same one judges its appeal under no other account. */
export class PlannersArePeople1790000091000 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      alter table time_node add planned_by_people uuid[] not null default '{}';
      alter table time_node alter planned_by_people drop default;
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query('alter table time_node drop planned_by_people')
  }
}
