import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Whoever looks at what wants a human looks often, and nearly every round is signed. */
export class IndexOpenRounds1790000090800 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(
      `create index inspection_round_open on inspection_round (due_at) where state = 'open'`,
    )
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query('drop index inspection_round_open')
  }
}
