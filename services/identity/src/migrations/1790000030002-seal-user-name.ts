import type { MigrationInterface, QueryRunner } from 'typeorm'

/**
 * User names lie sealed too, for companies make them from names and numbers; tasks of one user are told by the account.
 * What lies in clear is sealed before the first request, as people are.
 */
export class SealUserName1790000030002 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      alter table account
        add column user_name_lookup text,
        drop constraint account_user_name_key,
        drop constraint account_user_name_check,
        add constraint account_user_name_key unique (user_name_lookup),
        add constraint account_user_name_sealed_check
          check (user_name in ('SYSADM', 'SECADM', 'AUDADM')
            or user_name ~ '^[0-9a-f]{8}\\.[A-Za-z0-9_-]{16}\\.' and user_name_lookup is not null) not valid;
      create index account_by_age on account (created_at, id);
      drop index provisioning_task_open;
      create index provisioning_task_open on provisioning_task (account_id, seq)
        where status in ('queued', 'leased', 'failed');
    `)
  }

  /** What is sealed stays sealed, so the old form of a name cannot be demanded of it. */
  async down(query: QueryRunner): Promise<void> {
    await query.query(`
      drop index provisioning_task_open;
      create index provisioning_task_open on provisioning_task (user_name, seq)
        where status in ('queued', 'leased', 'failed');
      drop index account_by_age;
      alter table account
        drop constraint account_user_name_sealed_check,
        drop constraint account_user_name_key,
        drop column user_name_lookup,
        add constraint account_user_name_key unique (user_name),
        add constraint account_user_name_check check (user_name ~ '^[A-Z0-9][A-Z0-9._@-]{0,99}$') not valid;
    `)
  }
}
