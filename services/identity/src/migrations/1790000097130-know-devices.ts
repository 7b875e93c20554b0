import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Devices have a budget of attempts of their own, places too; who is locked out can be listed. */
export class KnowDevices1790000097130 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      create table known_device (
        id            uuid constraint known_device_pkey primary key,
        account_id    uuid not null constraint known_device_account_id_fkey references account (id),
        digest        bytea not null constraint known_device_digest_key unique,
        first_seen_at timestamptz not null,
        last_seen_at  timestamptz not null
      );
      create index known_device_by_account on known_device (account_id, last_seen_at);
      create index known_device_by_age on known_device (last_seen_at);

      -- A place of before that is an IPv6 address is known anew by the next sign-in.
      alter table session add column place text not null default '';
      update session set place = source_ip;
      alter table session add column device_id uuid;

      alter table sign_in_guard add column account_id uuid;
      update sign_in_guard set account_id = account.id from account
       where sha256(convert_to(account.user_name_lookup, 'UTF8')) = name_digest;
      create index sign_in_guard_locked on sign_in_guard (account_id)
        where locked_until is not null or held;
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query(`
      drop index sign_in_guard_locked;
      -- The code of before knows addresses and one source for all others.
      delete from sign_in_guard where source like 'device:%';
      alter table sign_in_guard drop column account_id;
      alter table session drop column place, drop column device_id;
      drop table known_device;
    `)
  }
}
