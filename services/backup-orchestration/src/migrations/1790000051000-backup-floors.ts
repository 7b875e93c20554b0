import type { MigrationInterface, QueryRunner } from 'typeorm'

/**
 * A site is off site when a second person says so and its building is another; policies have floors that only an exception
 * with an end goes below; what the gate reads is not changed without voiding its answers; approvals of restores are void
 * when their target changes.
 *
 * Sites of before are confirmed by nobody yet: gates of systems that want a copy elsewhere stay closed until they are.
 */
export class BackupFloors1790000051000 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      alter table backup_site
        add building               text,
        add stated_by_person_id    uuid,
        add stated_by_controllers  uuid[] not null default '{}',
        add confirmed_by_person_id uuid,
        add confirmed_at           timestamptz;
      alter table backup_site alter stated_by_controllers drop default;

      alter table backup_target
        add object_kind   text,
        add protection    jsonb,
        add protection_at timestamptz;
      update backup_target
        set object_kind = case when source ->> 'executor' = 'postgres' then 'own' else 'apps' end;
      alter table backup_target
        alter object_kind set not null,
        add constraint backup_target_kind_check
          check (object_kind in ('database', 'redo', 'apps', 'configuration', 'own'));

      create table backup_exception (
        id                     uuid constraint backup_exception_pkey primary key,
        target_id              uuid not null,
        unit_id                uuid not null,
        floors                 text[] not null,
        reason                 text not null,
        valid_until            timestamptz not null,
        proposal_id            uuid not null,
        requested_by_person_id uuid,
        granted_by_person_id   uuid,
        granted_at             timestamptz not null
      );
      create index backup_exception_by_target on backup_exception (target_id, valid_until);
      create index backup_exception_by_grant on backup_exception (granted_at, id);

      alter table gate_answer add voided_at timestamptz;

      alter table restore_plan add voided_approver_person_ids uuid[] not null default '{}';
      alter table restore_plan alter voided_approver_person_ids drop default;
      alter table restore_plan
        add constraint restore_plan_people_check check (
          approver_person_id <> requester_person_id and executor_person_id <> approver_person_id);
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query(`
      alter table restore_plan
        drop constraint restore_plan_people_check, drop voided_approver_person_ids;
      alter table gate_answer drop voided_at;
      drop table backup_exception;
      alter table backup_target
        drop constraint backup_target_kind_check,
        drop object_kind, drop protection, drop protection_at;
      alter table backup_site
        drop building, drop stated_by_person_id, drop stated_by_controllers,
        drop confirmed_by_person_id, drop confirmed_at;
    `)
  }
}
