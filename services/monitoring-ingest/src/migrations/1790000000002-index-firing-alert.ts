import type { MigrationInterface, QueryRunner } from 'typeorm'

/** What is wrong right now is asked for all day; the few firing episodes are found without the years of ended ones. */
export class IndexFiringAlert1790000000002 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(
      `create index alert_episode_firing on alert_episode (since, id) where state = 'firing'`,
    )
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query('drop index alert_episode_firing')
  }
}
