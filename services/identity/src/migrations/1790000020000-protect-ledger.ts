import type { MigrationInterface, QueryRunner } from 'typeorm'

/**
 * The service's role may read and add to the ledger, no more: the head moves by itself, and only forwards by records
 * that continue the chain. Seals are signed heads; their key is not in the database.
 */
export class ProtectLedger1790000020000 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      create function lock_audit_head() returns setof audit_head language sql
        security definer set search_path = identity, pg_temp
        as 'select * from audit_head for update';

      create function move_audit_head() returns trigger language plpgsql
        security definer set search_path = identity, pg_temp as $$
        declare
          head audit_head;
        begin
          if not exists (select from added) then
            return null;
          end if;
          select * into strict head from audit_head for update;
          if exists (
            select from (
              select seq, previous_hash, head.seq + row_number() over numbered as due,
                     lag(hash, 1, head.hash) over numbered as before
                from added window numbered as (order by seq)) linked
             where seq <> due or previous_hash <> before)
          then
            raise exception 'a record that does not continue the chain is refused'
              using errcode = 'insufficient_privilege';
          end if;
          update audit_head set (seq, hash) = (select seq, hash from added order by seq desc limit 1);
          return null;
        end
      $$;
      create trigger audit_record_moves_head after insert on audit_record
        referencing new table as added for each statement execute function move_audit_head();

      create table audit_seal (
        seq       bigint constraint audit_seal_pkey primary key,
        key_id    text not null,
        hash      bytea not null,
        signed_at timestamptz(3) not null,
        signature bytea not null
      );
      create trigger audit_seal_only_grows before update or delete or truncate on audit_seal
        for each statement execute function refuse_audit_change();
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query(
      `drop table audit_seal; drop trigger audit_record_moves_head on audit_record;
       drop function move_audit_head(); drop function lock_audit_head()`,
    )
  }
}
