import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Sessions with their rotating refresh tokens, revocations for gateways that start, and the keys that sign tokens. */
export class CreateSession1790000001100 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      create table session (
        id                 uuid constraint session_pkey primary key,
        account_id         uuid not null constraint session_account_id_fkey references account (id),
        must_change        boolean not null,
        source_ip          text not null,
        user_agent         text,
        started_at         timestamptz not null,
        refreshed_at       timestamptz not null,
        idle_seconds       integer not null
          constraint session_idle_seconds_check check (idle_seconds > 0),
        idle_at            timestamptz not null,
        ends_at            timestamptz not null,
        parameter_versions jsonb not null,
        ended_at           timestamptz,
        end_reason         text,
        constraint session_end_check check ((ended_at is null) = (end_reason is null))
      );
      create index session_open_by_account on session (account_id, started_at) where ended_at is null;
      create index session_open_by_limit on session (least(idle_at, ends_at)) where ended_at is null;
      create index session_ended on session (ended_at) where ended_at is not null;

      create table refresh_token (
        digest     bytea constraint refresh_token_pkey primary key,
        session_id uuid not null constraint refresh_token_session_id_fkey
          references session (id) on delete cascade,
        issued_at  timestamptz not null,
        used_at    timestamptz
      );
      create index refresh_token_by_session on refresh_token (session_id);

      create table revocation (
        subject_id uuid constraint revocation_pkey primary key,
        epoch      integer not null,
        revoked_at timestamptz not null
      );
      create index revocation_by_time on revocation (revoked_at);

      create table signing_key (
        id              uuid constraint signing_key_pkey primary key,
        public_pem      text not null,
        sealed_private  text not null,
        created_at      timestamptz not null,
        retired_at      timestamptz,
        published_until timestamptz,
        constraint signing_key_retired_check
          check ((retired_at is null) = (published_until is null))
      );
      create unique index signing_key_current_key on signing_key ((retired_at is null))
        where retired_at is null;
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query('drop table signing_key, revocation, refresh_token, session')
  }
}
