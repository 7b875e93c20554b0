import type { MigrationInterface, QueryRunner } from 'typeorm'

/**
 * What people hold becomes rows with a beginning, an end or an owner, and a reason; each row of the position matrix keeps all
 * its versions, which the grants name. Who holds something now gets it under version 1.
 */
export class CreateGrant1790000093100 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      alter table position add column matrix_version integer not null default 0;

      create table position_version (
        id               uuid constraint position_version_pkey primary key,
        position_id      uuid not null constraint position_version_position_id_fkey references position (id),
        version          integer not null,
        roles            jsonb not null,
        responsibilities jsonb not null,
        ebs_roles        jsonb not null,
        valid_from       timestamptz not null,
        change_id        uuid,
        requested_by     text,
        approved_by      text,
        constraint position_version_key unique (position_id, version)
      );

      create table access_grant (
        id               uuid constraint access_grant_pkey primary key,
        person_id        uuid not null constraint access_grant_person_id_fkey references person (id),
        account_id       uuid not null constraint access_grant_account_id_fkey references account (id),
        kind             text not null
          constraint access_grant_kind_check check (kind in ('role', 'ebs-responsibility', 'ebs-role')),
        name             text not null,
        source           text not null
          constraint access_grant_source_check
            check (source = 'position' and position_id is not null and position_version is not null),
        position_id      uuid constraint access_grant_position_id_fkey references position (id),
        position_version integer,
        starts_at        timestamptz not null,
        ends_at          timestamptz constraint access_grant_end_check check (ends_at > starts_at),
        owner_unit_id    uuid,
        granted_by       text not null,
        approved_by      text,
        sod              text not null constraint access_grant_sod_check check (sod in ('unchecked', 'clear', 'excepted')),
        ended_at         timestamptz,
        ended_by         text,
        end_reason       text,
        version          integer not null,
        constraint access_grant_owner_check check (ends_at is not null or owner_unit_id is not null),
        constraint access_grant_ended_check
          check ((ended_at is null) = (ended_by is null) and (ended_at is null) = (end_reason is null))
      );

      with taken_over as (
        update position set matrix_version = 1
         where roles <> '[]' or responsibilities <> '[]' or ebs_roles <> '[]'
        returning *
      )
      insert into position_version
        (id, position_id, version, roles, responsibilities, ebs_roles, valid_from, change_id, requested_by, approved_by)
      select gen_random_uuid(), taken_over.id, 1, roles, responsibilities, ebs_roles,
             coalesce(change.decided_at, date_trunc('milliseconds', now())), change.id, change.requested_by, change.decided_by
        from taken_over
        left join lateral (
          select * from account_change
           where kind = 'set-position-roles' and subject_id = taken_over.id and status = 'approved'
           order by decided_at desc limit 1) as change on true;

      insert into access_grant
        (id, person_id, account_id, kind, name, source, position_id, position_version, starts_at, owner_unit_id, granted_by,
         approved_by, sod, version)
      select gen_random_uuid(), person.id, account.id, item.kind, item.name, 'position', position.id, 1, date_trunc('milliseconds', now()),
             person.unit_id, 'service:identity', null, 'unchecked', 1
        from account
        join person on person.id = account.person_id and person.active
        join position on position.id = person.position_id
       cross join lateral (
         select 'role' as kind, what as name from jsonb_array_elements_text(roles) as given (what)
         union
         select 'ebs-responsibility', (each ->> 'application') || '|' || (each ->> 'key') || '|' || (each ->> 'securityGroup')
           from jsonb_array_elements(responsibilities) as each
         union
         select 'ebs-role', what from jsonb_array_elements_text(ebs_roles) as given (what)) as item
       where account.administrator_role is null and account.status <> 'disabled' and not account.rights_pending;

      create unique index access_grant_of_position_key on access_grant (person_id, kind, name)
        where source = 'position' and ended_at is null;
      create index access_grant_by_person on access_grant (person_id, starts_at, id);
      create index access_grant_by_age on access_grant (starts_at, id);
      create index access_grant_by_name on access_grant (name, kind) where ended_at is null;
      create index access_grant_by_end on access_grant (ends_at) where ends_at is not null and ended_at is null;
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query(`
      drop table access_grant;
      drop table position_version;
      alter table position drop column matrix_version;
    `)
  }
}
