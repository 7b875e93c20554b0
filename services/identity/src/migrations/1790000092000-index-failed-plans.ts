import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Whoever looks at what wants a human looks often, and nearly every plan takes effect. */
export class IndexFailedPlans1790000092000 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(
      `create index person_plan_failed on person_plan (ended_at) where state = 'failed'`,
    )
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query('drop index person_plan_failed')
  }
}
