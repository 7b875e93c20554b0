import type { MigrationInterface, QueryRunner } from 'typeorm'

/**
 * Who nominated a key user, and of which unit they were then: the company's stage is not for whom the unit that asks has
 * chosen. Of older duties nobody knows it any more.
 */
export class KeepNominators1790000040010 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query('alter table key_user add nominated_by uuid[], add nominated_in uuid[]')
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query('alter table key_user drop nominated_by, drop nominated_in')
  }
}
