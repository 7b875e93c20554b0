import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Not only the windows but the time for an emergency's papers too is kept with its version. */
export class NameChangeParameters1790000000003 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query('alter table change rename column window_versions to parameter_versions')
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query('alter table change rename column parameter_versions to window_versions')
  }
}
