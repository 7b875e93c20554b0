import type { MigrationInterface, QueryRunner } from 'typeorm'

/** When accounts were used last, beyond the life of their sessions, and what a daily look over all of them finds. */
export class CreateAccountFinding1790000099200 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      create table account_use (
        account_id   uuid constraint account_use_pkey primary key
          constraint account_use_account_id_fkey references account (id),
        used_at      timestamptz,
        restarted_at timestamptz
      );

      create table account_finding (
        id              uuid constraint account_finding_pkey primary key,
        kind            text not null
          constraint account_finding_kind_check check (kind in ('dormant', 'orphan', 'generic-name')),
        account_id      uuid not null constraint account_finding_account_id_fkey references account (id),
        since           timestamptz not null,
        stage           text,
        stage_at        timestamptz,
        found_at        timestamptz not null,
        accepted_until  timestamptz,
        accepted_by     text,
        accepted_reason text,
        closed_at       timestamptz,
        closed_why      text,
        version         integer not null,
        constraint account_finding_stage_check
          check ((kind = 'dormant') = (stage is not null) and (stage is null) = (stage_at is null)
            and stage in ('warned', 'locked', 'ended')),
        constraint account_finding_closed_check check ((closed_at is null) = (closed_why is null))
      );
      create unique index account_finding_open_key on account_finding (account_id, kind) where closed_at is null;
      create index account_finding_by_age on account_finding (found_at, id);
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query(`
      drop table account_finding;
      drop table account_use;
    `)
  }
}
