import type { MigrationInterface, QueryRunner } from 'typeorm'

/**
 * Programs that send halves of first passwords on sign in with credentials of their own, and may do nothing else. To which key
 * a first half was sealed is kept, so that the second goes another way.
 */
export class AdmitDeliveryAgent1790000092100 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      alter table client drop constraint client_role_check;
      alter table client add constraint client_role_check
        check (role in ('MIDDLEWARE', 'SCRIPT', 'MONITORING_AGENT', 'BACKUP_AGENT', 'DELIVERY_AGENT'));
      alter table credential_reset add column first_sealed_to text;
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query(`
      alter table client drop constraint client_role_check;
      alter table client add constraint client_role_check
        check (role in ('MIDDLEWARE', 'SCRIPT', 'MONITORING_AGENT', 'BACKUP_AGENT'));
      alter table credential_reset drop column first_sealed_to;
    `)
  }
}
