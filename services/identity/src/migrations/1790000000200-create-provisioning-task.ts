import type { MigrationInterface, QueryRunner } from 'typeorm'

/** What the middleware has to do in EBS, in order per user, with the proof that it was done. */
export class CreateProvisioningTask1790000000200 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      create table provisioning_task (
        id            uuid primary key,
        seq           bigserial constraint provisioning_task_seq_key unique,
        account_id    uuid not null
          constraint provisioning_task_account_id_fkey references account (id),
        user_name     text not null,
        unit_id       uuid not null,
        kind          text not null,
        call          jsonb not null,
        expected      jsonb not null,
        status        text not null constraint provisioning_task_status_check
          check (status in ('queued', 'leased', 'done', 'failed', 'superseded')),
        attempts      integer not null,
        not_before    timestamptz not null,
        lease_token   uuid,
        leased_by     text,
        leased_until  timestamptz,
        read_back     jsonb,
        error_code    text,
        error_message text,
        actor         text not null,
        request_id    text not null,
        queued_at     timestamptz not null,
        ended_at      timestamptz,
        version       integer not null
      );
      create index provisioning_task_open on provisioning_task (user_name, seq)
        where status in ('queued', 'leased', 'failed');
      create index provisioning_task_by_status on provisioning_task (status, seq);
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query('drop table provisioning_task')
  }
}
