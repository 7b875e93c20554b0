import type { MigrationInterface, QueryRunner } from 'typeorm'

/** What is asked for beside the position is a request with its approvals, and a source of grants beside it. */
export class CreateAccessRequest1790000095100 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      create table access_request (
        id                       uuid constraint access_request_pkey primary key,
        kind                     text not null,
        person_id                uuid not null constraint access_request_person_id_fkey references person (id),
        unit_id                  uuid not null,
        position_id              uuid not null,
        change                   jsonb not null,
        digest                   text not null,
        stages                   text[] not null,
        approvals                jsonb not null,
        state                    text not null
          constraint access_request_state_check
            check (state in ('submitted', 'unit-approved', 'company-approved', 'approved', 'rejected', 'withdrawn')),
        requested_by             text not null,
        requested_by_person      uuid,
        requested_by_controllers uuid[] not null,
        requested_at             timestamptz not null,
        expires_at               timestamptz not null,
        decided_by               text,
        decided_at               timestamptz,
        decision_reason          text,
        applied_in               text,
        version                  integer not null
      );
      create index access_request_by_age on access_request (requested_at, id);
      create index access_request_by_person on access_request (person_id);

      alter table access_grant add column request_id uuid
        constraint access_grant_request_id_fkey references access_request (id);
      alter table access_grant drop constraint access_grant_source_check;
      alter table access_grant add constraint access_grant_source_check check (
        source = 'position' and position_id is not null and position_version is not null and request_id is null
        or source = 'request' and request_id is not null and position_id is null and position_version is null);
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query(`
      -- The code of before does not know them, and would give them to nobody's position.
      delete from access_grant where source = 'request';
      alter table access_grant drop constraint access_grant_source_check;
      alter table access_grant add constraint access_grant_source_check
        check (source = 'position' and position_id is not null and position_version is not null);
      alter table access_grant drop column request_id;
      drop table access_request;
    `)
  }
}
