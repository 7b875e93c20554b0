import type { MigrationInterface, QueryRunner } from 'typeorm'

/** What waits for a second person, and who decided it: kept for ever, because it is evidence. */
export class CreateProposal1780000000002 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      create table proposal (
        id                    uuid constraint proposal_pkey primary key,
        kind                  text not null,
        subject               text not null,
        subject_version       integer,
        body                  json not null,
        reason                text not null,
        proposed_by           text not null,
        proposed_by_person    uuid,
        proposer_controllers  uuid[] not null,
        proposed_role         text not null,
        proposed_at           timestamptz not null,
        expires_at            timestamptz not null,
        concerned_persons     uuid[] not null,
        concerned_units       uuid[] not null,
        -- Whoever was of a concerned unit when it was proposed stays concerned after a move.
        people_of_units       uuid[] not null,
        state                 text not null constraint proposal_state_check
          check (state in ('pending', 'approved', 'rejected', 'withdrawn', 'expired')),
        decided_by            text,
        decided_by_person     uuid,
        decided_at            timestamptz,
        decision_reason       text,
        version               integer not null,
        constraint proposal_decided_check check ((state = 'pending') = (decided_at is null))
      );
      create unique index proposal_one_pending on proposal (kind, subject) where state = 'pending';
      create index proposal_by_age on proposal (proposed_at, id);
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query('drop table proposal')
  }
}
