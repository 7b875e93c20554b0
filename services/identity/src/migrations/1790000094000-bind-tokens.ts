import type { MigrationInterface, QueryRunner } from 'typeorm'

/**
 * Sessions may belong to a front end and to a part of the rights. Machines may prove who they are by keys of their own, whose
 * assertions are good once.
 */
export class BindTokens1790000094000 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      alter table session add column client_id uuid
        constraint session_client_id_fkey references client (id);
      alter table session add column scope text;
      create table client_key (
        client_id       uuid not null constraint client_key_client_id_fkey references client (id),
        thumbprint      text not null,
        jwk             json not null,
        asked_by        text not null,
        asked_by_person uuid,
        asked_role      text not null,
        asked_at        timestamptz not null,
        confirmed_at    timestamptz,
        ended_at        timestamptz,
        constraint client_key_pkey primary key (client_id, thumbprint)
      );
      create table client_assertion (
        client_id  uuid not null constraint client_assertion_client_id_fkey references client (id),
        jti_digest bytea not null,
        expires_at timestamptz not null,
        constraint client_assertion_pkey primary key (client_id, jti_digest)
      );
      create index client_assertion_by_end on client_assertion (expires_at);
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query(`
      drop table client_assertion, client_key;
      alter table session drop column client_id, drop column scope;
    `)
  }
}
