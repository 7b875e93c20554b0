import type { MigrationInterface, QueryRunner } from 'typeorm'

/**
 * Every fact of the product in one chain of hashes. The triggers stop mistakes and the service's own role; somebody
 * with the rights to switch them off is found by the verification.
 */
export class CreateAuditLedger1790000001300 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      create table audit_record (
        seq           bigint constraint audit_record_pkey primary key,
        event_id      uuid not null constraint audit_record_event_id_key unique,
        type          text not null,
        subject       text not null,
        actor         text not null,
        recorded_at   timestamptz(3) not null,
        envelope      text not null,
        previous_hash bytea not null,
        hash          bytea not null
      );
      create index audit_record_by_subject on audit_record (subject, seq);
      create index audit_record_by_actor on audit_record (actor, seq);
      create index audit_record_by_type on audit_record (type, seq);
      create index audit_record_by_time on audit_record (recorded_at);

      create table audit_head (
        id   boolean constraint audit_head_pkey primary key
          constraint audit_head_one_check check (id),
        seq  bigint not null,
        hash bytea not null
      );
      insert into audit_head (id, seq, hash) values (true, 0, decode(repeat('00', 32), 'hex'));

      create table audit_anchor (
        day         date constraint audit_anchor_pkey primary key,
        seq         bigint not null,
        hash        bytea not null,
        anchored_at timestamptz not null
      );

      create function refuse_audit_change() returns trigger language plpgsql as $$
        begin
          raise exception '% of % is refused: the audit ledger only grows', tg_op, tg_table_name
            using errcode = 'insufficient_privilege';
        end
      $$;
      create trigger audit_record_only_grows before update or delete or truncate on audit_record
        for each statement execute function refuse_audit_change();
      create trigger audit_anchor_only_grows before update or delete or truncate on audit_anchor
        for each statement execute function refuse_audit_change();
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query(
      'drop table audit_anchor, audit_head, audit_record; drop function refuse_audit_change()',
    )
  }
}
