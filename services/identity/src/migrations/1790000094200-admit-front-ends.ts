import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Front ends of others sign people in by an authorization code, which is bound to the session that it opens. */
export class AdmitFrontEnds1790000094200 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      alter table client drop constraint client_role_check;
      alter table client add constraint client_role_check
        check (role in ('MIDDLEWARE', 'SCRIPT', 'MONITORING_AGENT', 'BACKUP_AGENT', 'DELIVERY_AGENT', 'FRONT_END'));
      alter table client add column redirect_uris text[] not null default '{}';
      alter table client add column sign_out_uris text[] not null default '{}';
      create table authorization_code (
        digest       bytea constraint authorization_code_pkey primary key,
        session_id   uuid not null
          constraint authorization_code_session_id_fkey references session (id) on delete cascade,
        redirect_uri text not null,
        challenge    text not null,
        nonce        text,
        expires_at   timestamptz not null,
        used_at      timestamptz
      );
      create index authorization_code_by_session on authorization_code (session_id);
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query(`
      drop table authorization_code;
      -- The code of before does not know them.
      update session set client_id = null where client_id in (select id from client where role = 'FRONT_END');
      delete from client_key where client_id in (select id from client where role = 'FRONT_END');
      delete from client_assertion where client_id in (select id from client where role = 'FRONT_END');
      delete from client_controller where client_id in (select id from client where role = 'FRONT_END');
      delete from client where role = 'FRONT_END';
      alter table client drop column redirect_uris, drop column sign_out_uris;
      alter table client drop constraint client_role_check;
      alter table client add constraint client_role_check
        check (role in ('MIDDLEWARE', 'SCRIPT', 'MONITORING_AGENT', 'BACKUP_AGENT', 'DELIVERY_AGENT'));
    `)
  }
}
