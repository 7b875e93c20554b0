import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Whoever looks at what wants a human looks often, and nearly everything is corrected and finished. */
export class IndexOverdue1790000092000 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      create index observation_still_wrong on observation (due_at)
        where due_at is not null and corrected_at is null and standing <> 'voided';
      create index time_node_unfinished on time_node (due_at) where state in ('open', 'missed');
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query('drop index observation_still_wrong, time_node_unfinished')
  }
}
