import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Changes and their timelines; that three people are three is a constraint, whatever the code does. */
export class CreateChange1790000000002 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      create sequence change_number;
      create table change (
        id                         uuid constraint change_pkey primary key,
        number                     text not null constraint change_number_key unique,
        kind                       text not null,
        class                      text not null
          constraint change_class_check check (class in ('minor', 'major', 'emergency')),
        title                      text not null,
        description                text not null,
        unit_id                    uuid not null,
        module_code                text,
        system_code                text,
        planned_start              timestamptz not null,
        planned_end                timestamptz not null,
        implementation_plan        text not null,
        rollback_plan              text not null,
        rollback_owner_person_id   uuid not null,
        test_evidence              text,
        risk_assessment            text not null,
        state                      text not null constraint change_state_check check (state in ('submitted', 'approved',
          'asking', 'held', 'started', 'finished', 'closed', 'rejected', 'withdrawn')),
        requester_person_id        uuid not null,
        executor_person_id         uuid not null,
        unit_approver_person_id    uuid,
        unit_approved_at           timestamptz,
        company_approver_person_id uuid,
        company_approved_at        timestamptz,
        voided_approver_person_ids uuid[] not null,
        ask_id                     uuid,
        asked_at                   timestamptz,
        held_cause                 text,
        held_reasons               text[] not null,
        window_versions            json not null,
        backup_run_ids             uuid[] not null,
        started_at                 timestamptz,
        outcome                    text,
        result                     text,
        finished_at                timestamptz,
        reviewer_person_id         uuid,
        is_successful              boolean,
        findings                   text,
        reviewed_at                timestamptz,
        papers_due_at              timestamptz,
        papers_confirmation        text,
        papers_test_evidence       text,
        papers_filed_at            timestamptz,
        submitted_at               timestamptz not null,
        version                    integer not null,
        constraint change_system_check check (kind not in ('upgrade', 'migration') or system_code is not null),
        constraint change_test_check check (kind <> 'upgrade' or test_evidence is not null),
        constraint change_people_check check (requester_person_id <> executor_person_id
          and unit_approver_person_id not in (requester_person_id, executor_person_id)
          and company_approver_person_id not in (requester_person_id, executor_person_id)
          and unit_approver_person_id <> company_approver_person_id
          and executor_person_id <> all (voided_approver_person_ids)),
        constraint change_approval_check check (
          state in ('submitted', 'rejected', 'withdrawn') or (company_approver_person_id is not null
          and (class = 'emergency' or unit_approver_person_id is not null))),
        constraint change_backup_check check (
          started_at is null or system_code is null or cardinality(backup_run_ids) > 0),
        constraint change_review_check check (reviewer_person_id <> executor_person_id)
      );
      create index change_by_submission on change (submitted_at, id);
      create index change_without_papers on change (requester_person_id, papers_due_at)
        where papers_due_at is not null and papers_filed_at is null;

      create table change_entry (
        id        bigserial constraint change_entry_pkey primary key,
        change_id uuid not null,
        at        timestamptz not null,
        actor     text not null,
        kind      text not null,
        text      text not null
      );
      create index change_entry_by_change on change_entry (change_id, id);
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query(`
      drop table change_entry, change;
      drop sequence change_number;
    `)
  }
}
