import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Passwords as hashes, those of the past for the history, and the counters that lock guessers out. */
export class CreateCredential1790000001000 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      create table credential (
        id         uuid constraint credential_pkey primary key,
        account_id uuid not null constraint credential_account_id_fkey references account (id),
        kind       text not null constraint credential_kind_check check (kind in ('initial', 'chosen')),
        hash       text not null
          constraint credential_hash_check check (hash like '$argon2id$v=19$m=%'),
        policy     jsonb not null,
        set_at     timestamptz not null,
        expires_at timestamptz,
        used_at    timestamptz,
        ended_at   timestamptz,
        constraint credential_initial_expires_check
          check ((kind = 'initial') = (expires_at is not null))
      );
      create unique index credential_live_key on credential (account_id) where ended_at is null;
      create index credential_history on credential (account_id, set_at);

      create table sign_in_guard (
        name_digest  bytea not null,
        source       text not null,
        attempts     timestamptz[] not null,
        locks        timestamptz[] not null,
        locked_until timestamptz,
        held         boolean not null,
        touched_at   timestamptz not null,
        constraint sign_in_guard_pkey primary key (name_digest, source)
      );
      create index sign_in_guard_by_age on sign_in_guard (touched_at);
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query('drop table sign_in_guard, credential')
  }
}
