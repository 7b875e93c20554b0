import type { MigrationInterface, QueryRunner } from 'typeorm'

/** What people hold is reviewed: who reviews it by unit and module, the reviews, and an item for each grant. */
export class CreateAccessReview1790000099100 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      create table access_reviewer (
        id           uuid constraint access_reviewer_pkey primary key,
        unit_id      uuid not null constraint access_reviewer_unit_id_fkey references unit (id),
        module_code  text not null,
        person_id    uuid constraint access_reviewer_person_id_fkey references person (id),
        applications text[] not null,
        version      integer not null,
        constraint access_reviewer_key unique (unit_id, module_code)
      );

      create table access_review (
        id                 uuid constraint access_review_pkey primary key,
        kind               text not null constraint access_review_kind_check check (kind in ('business', 'privileged')),
        opened_at          timestamptz not null,
        opened_by          text not null,
        due_at             timestamptz not null constraint access_review_due_check check (due_at > opened_at),
        closed_at          timestamptz,
        digest             text,
        parameter_versions jsonb not null,
        constraint access_review_closed_check check ((closed_at is null) = (digest is null))
      );
      create unique index access_review_open_key on access_review (kind) where closed_at is null;
      create index access_review_by_age on access_review (opened_at, id);

      create table access_review_item (
        id          uuid constraint access_review_item_pkey primary key,
        review_id   uuid not null constraint access_review_item_review_id_fkey references access_review (id),
        grant_id    uuid not null constraint access_review_item_grant_id_fkey references access_grant (id),
        person_id   uuid not null,
        unit_id     uuid not null,
        kind        text not null,
        name        text not null,
        source      text not null,
        module_code text,
        decider     text not null
          constraint access_review_item_decider_check check (decider in ('unit', 'company', 'security')),
        reviewer_id uuid,
        decision    text
          constraint access_review_item_decision_check check (decision in ('certified', 'revoked', 'lapsed', 'gone')),
        decided_by  text,
        decided_at  timestamptz,
        reason      text,
        constraint access_review_item_key unique (review_id, grant_id),
        constraint access_review_item_decided_check
          check ((decision is null) = (decided_at is null) and (decision is null) = (decided_by is null))
      );
      create index access_review_item_in_order on access_review_item (review_id, id);
      create index access_review_item_undecided on access_review_item (review_id, person_id) where decision is null;
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query(`
      drop table access_review_item;
      drop table access_review;
      drop table access_reviewer;
    `)
  }
}
