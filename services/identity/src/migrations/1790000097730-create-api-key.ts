import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Keys by which scripts call in the name of a machine. */
export class CreateApiKey1790000097730 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      create table api_key (
        id              uuid not null constraint api_key_pkey primary key,
        client_id       uuid not null constraint api_key_client_id_fkey references client (id),
        name            text not null,
        mark            text not null constraint api_key_mark_key unique,
        permissions     text[] not null,
        networks        text[] not null,
        asked_by        text not null,
        asked_by_person uuid,
        asked_role      text not null,
        asked_at        timestamptz not null,
        half_digest     bytea,
        secret_hash     bytea,
        issued_at       timestamptz,
        expires_at      timestamptz not null,
        last_used_at    timestamptz,
        last_used_from  text,
        replaces        uuid constraint api_key_replaces_fkey references api_key (id),
        ended_at        timestamptz
      );
      create index api_key_by_age on api_key (asked_at, id);
      create index api_key_by_client on api_key (client_id);
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query('drop table api_key')
  }
}
