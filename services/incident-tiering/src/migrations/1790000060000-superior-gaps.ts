import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Steps of the ladder above a P1 on which nobody can be called, as they were announced. */
export class SuperiorGaps1790000060000 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      create table superior_gap (
        step     text constraint superior_gap_pkey primary key,
        found_at timestamptz not null
      )
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query('drop table superior_gap')
  }
}
