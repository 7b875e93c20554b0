import type { MigrationInterface, QueryRunner } from 'typeorm'

/** How EBS says that a user stands, as an upload told it. */
export class TellEbsValidity1790000095200 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query('alter table ebs_user_seen add column validity integer')
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query('alter table ebs_user_seen drop column validity')
  }
}
