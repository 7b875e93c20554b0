import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Secrets that nobody reads whole: halves for two people, a cooling time after them, and the case of each reset. */
export class HalveCredentials1790000010100 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    // Initial passwords of before were read whole by who issued them: they cool as well.
    await query.query(`
      alter table account add column cooling_until timestamptz;
      alter table credential
        add column halved boolean not null default false,
        add column cools  boolean not null default true;

      create table credential_reset (
        id                 uuid constraint credential_reset_pkey primary key,
        account_id         uuid not null
          constraint credential_reset_account_id_fkey references account (id),
        state              text not null constraint credential_reset_state_check
          check (state in ('half-issued', 'issued', 'chosen', 'superseded')),
        first_by           text not null,
        first_person       uuid,
        first_role         text not null,
        first_at           timestamptz not null,
        first_digest       bytea,
        second_by          text,
        second_person      uuid,
        second_role        text,
        second_at          timestamptz,
        expires_at         timestamptz not null,
        chosen_at          timestamptz,
        cooling_until      timestamptz,
        confirmed_by       text,
        confirmed_person   uuid,
        confirmed_at       timestamptz,
        confirmation       text,
        constraint credential_reset_digest_check
          check ((state = 'half-issued') = (first_digest is not null))
      );
      create index credential_reset_by_time on credential_reset (first_at, id);
      create unique index credential_reset_open_key on credential_reset (account_id)
        where state in ('half-issued', 'issued');

      alter table client
        add column half_digest bytea,
        add column half_by     text,
        add column half_person uuid,
        add column half_role   text;
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query(`
      alter table client
        drop column half_role, drop column half_person, drop column half_by, drop column half_digest;
      drop table credential_reset;
      alter table credential drop column cools, drop column halved;
      alter table account drop column cooling_until;
    `)
  }
}
