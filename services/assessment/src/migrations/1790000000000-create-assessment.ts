import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Facts about people and departments, time nodes, the score sheets computed from the facts, appeals against them. */
export class CreateAssessment1790000000000 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      create sequence fact_order;

      create table observation (
        id                     uuid constraint observation_pkey primary key,
        kind                   text not null constraint observation_kind_check check (kind in (
          'data-error', 'process-deviation', 'late-correction', 'delay', 'task-refused', 'absence', 'lateness',
          'account-lending', 'password-leak', 'late-leaver-notice', 'security-incident', 'improvement', 'extra-help')),
        severity               text constraint observation_severity_check check (severity in ('light', 'medium', 'heavy')),
        points                 integer,
        person_id              uuid,
        department_id          uuid,
        unit_id                uuid not null,
        module_code            text,
        reference              text not null,
        description            text not null,
        month                  text not null,
        occurred_at            timestamptz not null,
        found_at               timestamptz not null,
        recorded_at            timestamptz not null,
        recorded_by            text not null,
        recorded_by_person_id  uuid,
        recorded_order         bigint not null,
        fingerprint            text not null,
        event_id               uuid,
        origin_id              uuid,
        standing               text not null
          constraint observation_standing_check check (standing in ('recorded', 'upheld', 'voided')),
        voided_at              timestamptz,
        voided_order           bigint,
        voided_reason          text,
        due_at                 timestamptz,
        due_fault              text,
        due_parameter_version  integer,
        corrected_at           timestamptz,
        overdue_at             timestamptz,
        constraint observation_voided_check check ((standing = 'voided') = (voided_order is not null))
      );
      create index observation_by_month on observation (month, recorded_order);
      create index observation_by_person on observation (person_id, month);
      create index observation_by_recording on observation (recorded_at, id);
      create index observation_by_origin on observation (origin_id) where origin_id is not null;
      create index observation_uncorrected on observation (due_at)
        where due_at is not null and corrected_at is null and overdue_at is null;

      create table entry_batch (
        id             uuid constraint entry_batch_pkey primary key,
        month          text not null,
        module_code    text,
        persons        integer not null,
        entries        bigint not null,
        counted_at     timestamptz not null,
        counted_by     text not null,
        fingerprint    text not null,
        event_id       uuid
      );
      create table entry_count (
        batch_id       uuid not null,
        person_id      uuid not null,
        month          text not null,
        module_code    text,
        entries        integer not null constraint entry_count_entries_check check (entries >= 0),
        recorded_order bigint not null,
        constraint entry_count_pkey primary key (batch_id, person_id)
      );
      create index entry_count_by_month on entry_count (month, person_id, module_code, recorded_order);

      create table time_node (
        id            uuid constraint time_node_pkey primary key,
        code          text not null,
        title         text not null,
        unit_id       uuid not null,
        department_id uuid,
        person_id     uuid,
        month         text not null,
        due_at        timestamptz not null,
        is_urgent     boolean not null,
        state         text not null
          constraint time_node_state_check check (state in ('open', 'missed', 'completed')),
        planned_by    text not null,
        planned_at    timestamptz not null,
        completed_at  timestamptz,
        completed_by  text,
        missed_at     timestamptz,
        version       integer not null
      );
      create index time_node_by_due on time_node (due_at, id);

      create table score_sheet (
        id            uuid constraint score_sheet_pkey primary key,
        month         text not null,
        revision      integer not null,
        state         text not null
          constraint score_sheet_state_check check (state in ('preview', 'computed', 'published', 'superseded')),
        cut_off_at    timestamptz not null,
        cut_off_order bigint not null,
        computed_at   timestamptz not null,
        computed_by   text not null,
        subjects      integer not null,
        deductions    integer not null,
        digest        text not null,
        published_at  timestamptz,
        appeals_until timestamptz,
        version       integer not null,
        constraint score_sheet_revision_key unique (month, revision)
      );
      create table score_parameter (
        sheet_id uuid not null,
        unit_id  uuid not null,
        key      text not null,
        value    numeric not null,
        version  integer not null,
        source   text not null,
        constraint score_parameter_pkey primary key (sheet_id, unit_id, key)
      );
      create table score_roster (
        sheet_id      uuid not null,
        subject_id    uuid not null,
        subject_kind  text not null,
        unit_id       uuid not null,
        department_id uuid,
        constraint score_roster_pkey primary key (sheet_id, subject_id)
      );
      create table score_deduction (
        sheet_id          uuid not null,
        subject_id        uuid not null,
        fact_id           uuid not null,
        kind              text not null,
        event_id          uuid,
        indicator         text not null,
        rule_key          text not null,
        parameter_version integer not null,
        points            bigint not null,
        constraint score_deduction_pkey primary key (sheet_id, subject_id, fact_id, kind)
      );
      create table score (
        id                   uuid constraint score_pkey primary key,
        sheet_id             uuid not null,
        subject_kind         text not null,
        subject_id           uuid not null,
        unit_id              uuid not null,
        department_id        uuid,
        staff                integer,
        staff_average        bigint,
        errors               bigint not null,
        entries              bigint,
        accuracy_weight      bigint not null,
        accuracy_deducted    bigint not null,
        timeliness_weight    bigint not null,
        timeliness_deducted  bigint not null,
        cooperation_weight   bigint not null,
        cooperation_deducted bigint not null,
        security_weight      bigint not null,
        security_deducted    bigint not null,
        bonus                bigint not null,
        total                bigint not null,
        grade                text not null
          constraint score_grade_check check (grade in ('excellent', 'good', 'pass', 'fail')),
        constraint score_subject_key unique (sheet_id, subject_id)
      );

      create table appeal (
        id                  uuid constraint appeal_pkey primary key,
        observation_id      uuid not null constraint appeal_observation_key unique,
        month               text not null,
        unit_id             uuid not null,
        appellant_person_id uuid not null,
        appellant           text not null,
        reason              text not null,
        state               text not null constraint appeal_state_check check (state in ('filed', 'decided')),
        filed_at            timestamptz not null,
        outcome             text constraint appeal_outcome_check check (outcome in ('upheld', 'voided')),
        decision_reason     text,
        decider_person_id   uuid,
        decided_by          text,
        decided_at          timestamptz,
        version             integer not null,
        constraint appeal_decided_check check ((state = 'decided') = (outcome is not null))
      );
      create index appeal_by_filing on appeal (filed_at, id);
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query(`
      drop table appeal, score, score_deduction, score_roster, score_parameter, score_sheet, time_node, entry_count,
        entry_batch, observation;
      drop sequence fact_order;
    `)
  }
}
