import type { MigrationInterface, QueryRunner } from 'typeorm'

/**
 * The tables belong to a role that the service cannot become, so days of samples are made and dropped by functions with
 * the rights of that role. A day that is made anew has the rights that the default privileges of the schema give.
 */
export class MakeDaysAsOwner1790000020000 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      create function make_sample_day(day date) returns void language plpgsql
        security definer set search_path = monitoring_ingest, pg_temp as $$
        declare
          name text := 'sample_' || to_char(day, 'YYYYMMDD');
        begin
          if to_regclass(name) is not null then
            return;
          end if;
          -- Attached, not created in place: that would lock out every insert.
          execute format('create table %I (like sample including all)', name);
          execute format('alter table sample attach partition %I for values from (%L) to (%L)', name,
            to_char(day, 'YYYY-MM-DD"T"00:00:00"Z"'), to_char(day + 1, 'YYYY-MM-DD"T"00:00:00"Z"'));
        end
      $$;

      create function drop_sample_days(before date) returns void language plpgsql
        security definer set search_path = monitoring_ingest, pg_temp as $$
        declare
          past text;
        begin
          for past in
            select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
             where i.inhparent = 'sample'::regclass and c.relname < 'sample_' || to_char(before, 'YYYYMMDD')
             order by 1
          loop
            execute format('drop table %I', past);
          end loop;
        end
      $$;
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query('drop function drop_sample_days(date); drop function make_sample_day(date)')
  }
}
