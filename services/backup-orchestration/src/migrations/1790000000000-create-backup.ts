import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Sites, targets with their policies, agents, runs, copies, the work of agents, gates and restore plans. */
export class CreateBackup1790000000000 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      create table backup_site (
        code                text constraint backup_site_pkey primary key,
        name                text not null,
        location            text not null,
        medium              text not null
          constraint backup_site_medium_check check (medium in ('disk', 'object-store', 'tape')),
        is_offsite          boolean not null,
        custodian_person_id uuid,
        is_encrypted        boolean not null,
        created_at          timestamptz not null,
        version             integer not null
      );

      create table backup_target (
        id                     uuid constraint backup_target_pkey primary key,
        code                   text not null constraint backup_target_code_key unique,
        name                   text not null,
        system_code            text not null,
        unit_id                uuid not null,
        agent_id               text not null,
        source                 jsonb not null,
        key_id                 text not null,
        required_before_change boolean not null,
        active                 boolean not null,
        policy_version         integer not null,
        next_run_at            timestamptz,
        newest_data_at         timestamptz,
        rpo_due_at             timestamptz,
        rpo_noticed_at         timestamptz,
        created_at             timestamptz not null,
        version                integer not null
      );
      create index backup_target_due on backup_target (next_run_at) where next_run_at is not null;
      create index backup_target_rpo_due on backup_target (rpo_due_at) where rpo_noticed_at is null;
      create index backup_target_by_system on backup_target (system_code);

      create table backup_policy (
        target_id    uuid not null,
        version      integer not null,
        schedule     text not null,
        rpo          text not null,
        start_within text not null,
        keep_days    integer not null,
        primary_site text not null,
        offsite_site text,
        author       text not null,
        created_at   timestamptz not null,
        constraint backup_policy_pkey primary key (target_id, version)
      );

      create table backup_agent (
        id           text constraint backup_agent_pkey primary key,
        host_name    text not null,
        version      text not null,
        executors    jsonb not null,
        sites        jsonb not null,
        presented_at timestamptz not null,
        last_seen_at timestamptz not null
      );

      create table backup_run (
        id              uuid constraint backup_run_pkey primary key,
        target_id       uuid not null,
        unit_id         uuid not null,
        policy_version  integer not null,
        source          jsonb not null,
        key_id          text not null,
        reason          text not null
          constraint backup_run_reason_check check (reason in ('schedule', 'catch-up', 'request')),
        note            text,
        requested_by    text not null,
        state           text not null
          constraint backup_run_state_check check (state in ('waiting', 'running', 'succeeded', 'failed')),
        due_at          timestamptz,
        start_by        timestamptz,
        missed_at       timestamptz,
        queued_at       timestamptz not null,
        started_at      timestamptz,
        cancel_asked_at timestamptz,
        finished_at     timestamptz,
        data_at         timestamptz,
        agent_id        text,
        attempts        integer not null,
        tool            text,
        items           double precision,
        source_bytes    double precision,
        stored_bytes    double precision,
        digest          text,
        manifest_digest text,
        cause           text,
        detail          text
      );
      create unique index backup_run_one_open on backup_run (target_id) where state in ('waiting', 'running');
      create index backup_run_by_queueing on backup_run (queued_at, id);
      create index backup_run_good on backup_run (target_id, data_at) where state = 'succeeded';
      create index backup_run_unstarted on backup_run (start_by) where state = 'waiting' and missed_at is null;

      create table backup_copy (
        id                  uuid constraint backup_copy_pkey primary key,
        run_id              uuid not null,
        target_id           uuid not null,
        unit_id             uuid not null,
        role                text not null constraint backup_copy_role_check check (role in ('primary', 'offsite')),
        site_code           text not null,
        object_name         text not null,
        state               text not null
          constraint backup_copy_state_check check (state in ('awaited', 'good', 'damaged', 'failed')),
        stored_bytes        double precision,
        digest              text,
        created_at          timestamptz not null,
        good_at             timestamptz,
        last_verified_at    timestamptz,
        expires_at          timestamptz,
        due_at              timestamptz,
        overdue_noticed_at  timestamptz,
        tries               integer not null,
        finding             text,
        found_digest        text,
        ended_at            timestamptz,
        constraint backup_copy_role_key unique (run_id, role)
      );
      create index backup_copy_by_creation on backup_copy (created_at, id);
      create index backup_copy_by_target on backup_copy (target_id, created_at);
      create index backup_copy_unconfirmed on backup_copy (due_at) where good_at is null and overdue_noticed_at is null;
      create index backup_copy_to_verify on backup_copy (last_verified_at) where state = 'good';

      create table backup_assignment (
        id            uuid constraint backup_assignment_pkey primary key,
        kind          text not null
          constraint backup_assignment_kind_check check (kind in ('backup', 'copy', 'verify', 'restore')),
        rank          smallint not null,
        target_id     uuid not null,
        run_id        uuid not null,
        copy_id       uuid not null,
        plan_id       uuid,
        state         text not null
          constraint backup_assignment_state_check
            check (state in ('waiting', 'leased', 'done', 'failed', 'cancelled')),
        fencing_token integer not null,
        attempts      integer not null,
        not_before    timestamptz not null,
        created_at    timestamptz not null,
        leased_by     text,
        leased_at     timestamptz,
        lease_until   timestamptz,
        phase         text,
        bytes_done    double precision,
        cancel_asked_at timestamptz,
        report        jsonb,
        ended_at      timestamptz
      );
      create unique index backup_assignment_one_leased on backup_assignment (target_id) where state = 'leased';
      create unique index backup_assignment_one_open on backup_assignment (copy_id, kind, plan_id)
        nulls not distinct where state in ('waiting', 'leased');
      create index backup_assignment_waiting on backup_assignment (target_id, not_before) where state = 'waiting';
      create index backup_assignment_leases on backup_assignment (lease_until) where state = 'leased';

      create table backup_gate (
        system_code  text constraint backup_gate_pkey primary key,
        is_open      boolean not null,
        reasons      jsonb not null,
        run_ids      jsonb not null,
        open_until   timestamptz,
        since        timestamptz not null,
        evaluated_at timestamptz not null
      );
      create index backup_gate_ageing on backup_gate (open_until) where is_open;

      create table gate_answer (
        ask_id        uuid constraint gate_answer_pkey primary key,
        change_id     uuid not null,
        change_number text not null,
        unit_id       uuid not null,
        system_code   text not null,
        is_open       boolean not null,
        reasons       jsonb not null,
        run_ids       jsonb not null,
        asked_at      timestamptz not null,
        answered_at   timestamptz not null,
        valid_until   timestamptz not null
      );
      create index gate_answer_by_time on gate_answer (answered_at, ask_id);

      create sequence restore_plan_number;
      create table restore_plan (
        id                  uuid constraint restore_plan_pkey primary key,
        number              text not null constraint restore_plan_number_key unique,
        target_id           uuid not null,
        unit_id             uuid not null,
        run_id              uuid not null,
        copy_id             uuid not null,
        kind                text not null constraint restore_plan_kind_check check (kind in ('drill', 'recovery')),
        purpose             text not null,
        incident_number     text,
        steps               jsonb not null,
        check_points        jsonb not null,
        fallback            text not null,
        people_involved     jsonb not null,
        planned_for         timestamptz not null,
        facts               jsonb not null,
        plan_digest         text not null,
        state               text not null
          constraint restore_plan_state_check
            check (state in ('planned', 'approved', 'refused', 'executing', 'finished')),
        requester_person_id uuid not null,
        planned_at          timestamptz not null,
        approver_person_id  uuid,
        approved_digest     text,
        approval_comment    text,
        approved_at         timestamptz,
        valid_until         timestamptz,
        refused_by_person_id uuid,
        refusal             text,
        refused_at          timestamptz,
        executor_person_id  uuid,
        started_at          timestamptz,
        finished_at         timestamptz,
        outcome             text
          constraint restore_plan_outcome_check check (outcome in ('identical', 'different', 'failed')),
        detail              text,
        compared            double precision,
        scratch             text,
        within_rto          boolean,
        receipt             text,
        receipt_digest      text,
        version             integer not null
      );
      create index restore_plan_by_planning on restore_plan (planned_at, id);
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query(`
      drop table restore_plan, gate_answer, backup_gate, backup_assignment, backup_copy, backup_run, backup_agent,
        backup_policy, backup_target, backup_site;
      drop sequence restore_plan_number;
    `)
  }
}
