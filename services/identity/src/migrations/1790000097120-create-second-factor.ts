import type { MigrationInterface, QueryRunner } from 'typeorm'

/** An account may prove more than its password; a session says by what it was opened. */
export class CreateSecondFactor1790000097120 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      create table second_factor (
        id            uuid constraint second_factor_pkey primary key,
        account_id    uuid not null constraint second_factor_account_id_fkey references account (id),
        sealed_secret text not null,
        started_at    timestamptz not null,
        confirmed_at  timestamptz,
        last_step     integer,
        ended_at      timestamptz
      );
      create unique index second_factor_live_key on second_factor (account_id)
        where confirmed_at is not null and ended_at is null;
      create unique index second_factor_begun_key on second_factor (account_id)
        where confirmed_at is null and ended_at is null;
      create table recovery_code (
        second_factor_id uuid not null
          constraint recovery_code_second_factor_id_fkey references second_factor (id),
        digest           bytea not null,
        used_at          timestamptz,
        constraint recovery_code_pkey primary key (second_factor_id, digest)
      );
      create table factor_guard (
        account_id   uuid not null constraint factor_guard_account_id_fkey references account (id),
        factor       text not null constraint factor_guard_factor_check check (factor in ('totp', 'recovery')),
        attempts     timestamptz[] not null,
        locks        timestamptz[] not null,
        locked_until timestamptz,
        held         boolean not null,
        constraint factor_guard_pkey primary key (account_id, factor)
      );
      -- Those that are open were opened by a password, and so are those that processes of before open meanwhile.
      alter table session add column amr text[] not null default '{pwd}';
      alter table session add column second_factor_at timestamptz;
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query(`
      alter table session drop column amr, drop column second_factor_at;
      drop table factor_guard, recovery_code, second_factor;
    `)
  }
}
