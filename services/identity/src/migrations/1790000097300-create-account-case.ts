import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Accounts that were reported stolen, or that others seem to use, and what a person decided about each. */
export class CreateAccountCase1790000097300 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      create table account_case (
        id                    uuid constraint account_case_pkey primary key,
        kind                  text not null constraint account_case_kind_check check (kind in ('lending', 'theft')),
        state                 text not null constraint account_case_state_check
          check (state in ('open', 'confirmed', 'dismissed')),
        account_id            uuid not null constraint account_case_account_id_fkey references account (id),
        person_id             uuid,
        unit_id               uuid,
        score                 integer constraint account_case_score_check check (score between 1 and 100),
        opened_by             text not null,
        opened_reason         text,
        opened_at             timestamptz not null,
        frozen_at             timestamptz,
        decided_by            text,
        decided_at            timestamptz,
        decided_reason        text,
        reviewed_since        timestamptz,
        reviewed_records      integer,
        reviewed_digest       text,
        credentials_voided_at timestamptz,
        version               integer not null,
        constraint account_case_decided_check check ((state = 'open') = (decided_at is null))
      );
      create unique index account_case_one_open on account_case (account_id, kind) where state = 'open';
      create index account_case_by_age on account_case (opened_at, id);
      create index account_case_by_reporter on account_case (opened_by, opened_at);
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query('drop table account_case')
  }
}
