import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Audits of the ledger, and the facts that were drawn for them. What was drawn and what was signed is never changed. */
export class CreateAuditTask1790000097200 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      create table audit_task (
        id                 uuid constraint audit_task_pkey primary key,
        kind               text not null constraint audit_task_kind_check check (kind in ('periodic', 'extra')),
        state              text not null,
        recorded_before    timestamptz not null,
        after_seq          bigint not null,
        through_seq        bigint not null,
        seed               text not null,
        population         jsonb not null,
        items              integer not null,
        open_items         integer not null,
        anomalies          integer not null,
        opened_at          timestamptz not null,
        opened_by          text not null,
        reason             text,
        due_at             timestamptz not null,
        parameter_versions jsonb not null,
        conclusion         text,
        summary            text,
        ledger             jsonb,
        report             text,
        sha256             text,
        key_id             text,
        signature          text,
        signed_at          timestamptz,
        signed_by          uuid,
        within_target      boolean,
        version            integer not null,
        constraint audit_task_signed_check check ((state = 'signed') = (signature is not null))
      );
      create index audit_task_by_age on audit_task (opened_at, id);
      create unique index audit_task_one_per_stretch on audit_task (through_seq) where kind = 'periodic';
      create index audit_task_open on audit_task (due_at) where state = 'open';

      create table audit_item (
        task_id     uuid not null constraint audit_item_task_id_fkey references audit_task (id),
        seq         bigint not null,
        stratum     text not null,
        event_id    uuid not null,
        type        text not null,
        subject     text not null,
        actor       text not null,
        recorded_at timestamptz(3) not null,
        hash        bytea not null,
        by_auditor  boolean not null,
        judgement   text,
        note        text,
        judged_by   uuid,
        judged_at   timestamptz,
        constraint audit_item_pkey primary key (task_id, seq)
      );

      create function refuse_signed_audit_change() returns trigger language plpgsql as $$
        begin
          if exists (select from audit_task where id = old.task_id and state = 'signed') then
            raise exception 'an audit that is signed does not change' using errcode = 'insufficient_privilege';
          end if;
          return new;
        end
      $$;
      create trigger audit_item_signed_stays before update on audit_item
        for each row execute function refuse_signed_audit_change();
      create function refuse_signed_task_change() returns trigger language plpgsql as $$
        begin
          raise exception 'an audit that is signed does not change' using errcode = 'insufficient_privilege';
        end
      $$;
      create trigger audit_task_signed_stays before update on audit_task
        for each row when (old.state = 'signed') execute function refuse_signed_task_change();
      create trigger audit_task_stays before delete or truncate on audit_task
        for each statement execute function refuse_audit_change();
      create trigger audit_item_stays before delete or truncate on audit_item
        for each statement execute function refuse_audit_change();
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query(
      `drop table audit_item, audit_task;
       drop function refuse_signed_audit_change(); drop function refuse_signed_task_change()`,
    )
  }
}
