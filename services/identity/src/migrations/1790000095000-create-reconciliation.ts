import type { MigrationInterface, QueryRunner } from 'typeorm'

/** What EBS holds as the middleware uploads it, and how that differs from the register; what names a user lies sealed. */
export class CreateReconciliation1790000095000 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      create table ebs_upload (
        id              uuid constraint ebs_upload_pkey primary key,
        state           text not null constraint ebs_upload_state_check
          check (state in ('open', 'comparing', 'done', 'abandoned', 'stopped')),
        taken_at        timestamptz not null,
        accounts        integer not null,
        profile_options integer not null,
        parts           integer not null,
        parts_done      integer not null,
        counts          jsonb not null,
        act             jsonb not null,
        epoch           integer not null,
        opened_at       timestamptz not null,
        completed_at    timestamptz,
        ended_at        timestamptz
      );
      create index ebs_upload_by_age on ebs_upload (opened_at, id);
      create unique index ebs_upload_one_at_once on ebs_upload (state) where state in ('open', 'comparing');
      create table ebs_upload_part (
        upload_id       uuid not null constraint ebs_upload_part_upload_id_fkey references ebs_upload (id) on delete cascade,
        part            integer not null,
        accounts        integer not null,
        profile_options integer not null,
        sealed          text not null constraint ebs_upload_part_sealed_check check (sealed ~ '^[0-9a-f]{8}\\.[A-Za-z0-9_-]{16}\\.'),
        constraint ebs_upload_part_pkey primary key (upload_id, part)
      );
      create table ebs_user_seen (
        account_id   uuid constraint ebs_user_seen_pkey primary key
          constraint ebs_user_seen_account_id_fkey references account (id),
        upload_id    uuid not null,
        end_on       date,
        last_logon_on date
      );
      create table ebs_finding (
        id            uuid constraint ebs_finding_pkey primary key,
        kind          text not null,
        fingerprint   text not null,
        account_id    uuid constraint ebs_finding_account_id_fkey references account (id),
        unit_id       uuid,
        holds         text,
        name          text,
        expected      text,
        found         text,
        sealed        text constraint ebs_finding_sealed_check check (sealed ~ '^[0-9a-f]{8}\\.[A-Za-z0-9_-]{16}\\.'),
        state         text not null constraint ebs_finding_state_check
          check (state in ('open', 'ending', 'restoring', 'adopting', 'closed')),
        found_at      timestamptz not null,
        found_by      uuid not null,
        seen_at       timestamptz not null,
        seen_by       uuid not null,
        ignored_until timestamptz,
        decision      text,
        decided_by    text,
        decided_at    timestamptz,
        reason        text,
        closed_at     timestamptz,
        closed_by     uuid,
        closed_why    text,
        version       integer not null,
        constraint ebs_finding_closed_check check ((state = 'closed') = (closed_at is not null))
      );
      create unique index ebs_finding_one_open on ebs_finding (fingerprint) where state <> 'closed';
      create index ebs_finding_by_age on ebs_finding (found_at, id);
      create index ebs_finding_by_account on ebs_finding (account_id);
      create index ebs_finding_not_closed on ebs_finding (seen_by) where state <> 'closed';
      -- What concerns a user of EBS whom nobody here knows has the id of its finding in the place of the account's.
      alter table provisioning_task drop constraint provisioning_task_account_id_fkey;
      alter table provisioning_task alter column unit_id drop not null;
      create index provisioning_task_by_end on provisioning_task (ended_at) where ended_at is not null;
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query(`
      drop index provisioning_task_by_end;
      delete from provisioning_task where not exists (select from account where account.id = account_id);
      alter table provisioning_task alter column unit_id set not null;
      alter table provisioning_task add constraint provisioning_task_account_id_fkey foreign key (account_id) references account (id);
      drop table ebs_finding, ebs_user_seen, ebs_upload_part, ebs_upload;
    `)
  }
}
