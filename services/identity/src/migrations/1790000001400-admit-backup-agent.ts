import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Backup agents sign in with credentials of their own. */
export class AdmitBackupAgent1790000001400 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      alter table client drop constraint client_role_check;
      alter table client add constraint client_role_check
        check (role in ('MIDDLEWARE', 'SCRIPT', 'MONITORING_AGENT', 'BACKUP_AGENT'));
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query(`
      alter table client drop constraint client_role_check;
      alter table client add constraint client_role_check
        check (role in ('MIDDLEWARE', 'SCRIPT', 'MONITORING_AGENT'));
    `)
  }
}
