import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Who approved a version of a parameter stands beside who proposed it; `null` where one person was enough. */
export class NameApprover1780000000003 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query('alter table parameter_version add column approved_by text')
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query('alter table parameter_version drop column approved_by')
  }
}
