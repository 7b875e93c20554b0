import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Machines with credentials of their own. */
export class CreateClient1790000001200 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      create table client (
        id          uuid constraint client_pkey primary key,
        name        text not null constraint client_name_key unique,
        role        text not null constraint client_role_check
          check (role in ('MIDDLEWARE', 'SCRIPT', 'MONITORING_AGENT')),
        unit_id     uuid,
        status      text not null
          constraint client_status_check check (status in ('pending', 'active', 'disabled')),
        secret_hash bytea,
        epoch       integer not null default 0,
        version     integer not null default 1,
        created_at  timestamptz not null,
        disabled_at timestamptz
      );
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query('drop table client')
  }
}
