import type { MigrationInterface, QueryRunner } from 'typeorm'

/** What the kit itself keeps for every service: replayable answers and versions of the regulations' parameters. */
export class CreatePlatform1780000000001 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      create table idempotency_key (
        caller       text not null,
        route        text not null,
        key          text not null,
        request_hash bytea not null,
        status       smallint,
        headers      json,
        body         json,
        created_at   timestamptz not null,
        constraint idempotency_key_pkey primary key (caller, route, key)
      );
      create index idempotency_key_by_age on idempotency_key (created_at);

      create table parameter_version (
        key        text not null,
        unit_id    uuid,
        version    integer not null constraint parameter_version_version_check check (version > 0),
        value      json not null,
        valid_from timestamptz not null,
        author     text not null,
        reason     text not null,
        created_at timestamptz not null,
        constraint parameter_version_key unique nulls not distinct (key, unit_id, version)
      );
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query('drop table parameter_version, idempotency_key')
  }
}
