import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Accounts, and the changes to them that wait for the security administrator. */
export class CreateAccount1790000000100 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      create table account (
        id                 uuid primary key,
        user_name          text not null constraint account_user_name_key unique
          constraint account_user_name_check check (user_name ~ '^[A-Z0-9][A-Z0-9._@-]{0,99}$'),
        person_id          uuid constraint account_person_id_key unique
          constraint account_person_id_fkey references person (id),
        administrator_role text constraint account_administrator_role_check
          check (administrator_role in ('SYSTEM_ADMIN', 'SECURITY_ADMIN', 'AUDIT_ADMIN')),
        status             text not null
          constraint account_status_check check (status in ('active', 'frozen', 'disabled')),
        epoch              integer not null,
        version            integer not null,
        created_at         timestamptz not null,
        disabled_at        timestamptz,
        disabled_reason    text,
        constraint account_one_kind_check
          check ((person_id is null) <> (administrator_role is null))
      );

      create table account_change (
        id                  uuid primary key,
        kind                text not null,
        subject_id          uuid not null,
        command             jsonb not null,
        reason              text not null,
        status              text not null constraint account_change_status_check
          check (status in ('pending', 'approved', 'rejected')),
        requested_by        text not null,
        requested_by_person uuid,
        requested_at        timestamptz not null,
        decided_by          text,
        decided_at          timestamptz,
        decision_reason     text,
        version             integer not null
      );
      create index account_change_by_status on account_change (status, requested_at, id);
      create unique index account_change_one_pending on account_change (kind, subject_id)
        where status = 'pending';
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query('drop table account_change, account')
  }
}
