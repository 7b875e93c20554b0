import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Each alert that fires asks whether the same one was told of a moment ago. */
export class IndexAlertSeries1790000070001 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(
      'create index alert_episode_by_series on alert_episode (threshold_id, series_id, ended_at)',
    )
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query('drop index alert_episode_by_series')
  }
}
