import type { MigrationInterface, QueryRunner } from 'typeorm'

/**
 * Records may leave the ledger for an archive: only those that one covers, and none that is younger than the law lets logs
 * be. The service's role has no right to delete; a function of the owner does it, and the trigger judges every row.
 */
export class ArchiveLedger1790000099900 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      create table audit_archive (
        id            uuid constraint audit_archive_pkey primary key,
        file          text not null,
        after_seq     bigint not null,
        through_seq   bigint not null constraint audit_archive_through_seq_key unique,
        last_hash     text not null,
        records       integer not null,
        first_at      timestamptz(3) not null,
        last_at       timestamptz(3) not null,
        size_bytes    bigint not null,
        sha256        text not null,
        archived_at   timestamptz(3) not null,
        key_id        text not null,
        signature     text not null
      );
      create table audit_archive_end (
        archive_id   uuid constraint audit_archive_end_pkey primary key
          constraint audit_archive_end_archive_id_fkey references audit_archive (id),
        destroyed_at timestamptz not null
      );
      create trigger audit_archive_only_grows before update or delete or truncate on audit_archive
        for each statement execute function refuse_audit_change();
      create trigger audit_archive_end_only_grows before update or delete or truncate on audit_archive_end
        for each statement execute function refuse_audit_change();

      drop trigger audit_record_only_grows on audit_record;
      create trigger audit_record_only_grows before update or truncate on audit_record
        for each statement execute function refuse_audit_change();
      create function refuse_unarchived_delete() returns trigger language plpgsql
        set search_path = identity, pg_temp as $$
        begin
          if old.recorded_at > now() - interval '180 days'
            or not exists (select from audit_archive where old.seq > after_seq and old.seq <= through_seq)
          then
            raise exception 'the audit ledger only grows, but for what an archive has and is older than 180 days'
              using errcode = 'insufficient_privilege';
          end if;
          return old;
        end
      $$;
      create trigger audit_record_leaves_archived before delete on audit_record
        for each row execute function refuse_unarchived_delete();
      create function remove_archived_records(after bigint, through bigint) returns bigint language sql
        security definer set search_path = identity, pg_temp
        as 'with removed as (delete from audit_record where seq > after and seq <= through returning 1)
            select count(*) from removed';
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query(`
      drop function remove_archived_records(bigint, bigint);
      drop trigger audit_record_leaves_archived on audit_record;
      drop function refuse_unarchived_delete();
      drop trigger audit_record_only_grows on audit_record;
      create trigger audit_record_only_grows before update or delete or truncate on audit_record
        for each statement execute function refuse_audit_change();
      drop table audit_archive_end, audit_archive;
    `)
  }
}
