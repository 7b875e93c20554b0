import { createHash } from 'node:crypto'
import type { MigrationInterface, QueryRunner } from 'typeorm'
import { shippedRules } from '../sod/rules/shipped-rules.ts'

/**
 * Incompatible duties: sets of rules that stay, the one in force in a form that a check asks by, exceptions with an end, and
 * who violates what. The shipped rules are in force from the first day; no responsibility carries a duty until a site says so.
 */
export class CreateSod1790000094100 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      create table sod_rule_set (
        id          uuid constraint sod_rule_set_pkey primary key,
        number      integer constraint sod_rule_set_number_key unique,
        duties      jsonb not null,
        pairs       jsonb not null,
        carriers    jsonb not null,
        digest      text not null,
        proposed_by text not null,
        proposed_at timestamptz not null,
        approved_by text,
        valid_from  timestamptz,
        constraint sod_rule_set_approved_check
          check ((number is null) = (valid_from is null) and (number is null) = (approved_by is null))
      );
      create index sod_rule_set_by_age on sod_rule_set (proposed_at, id);

      create table sod_pair (
        first  text not null,
        second text not null,
        constraint sod_pair_pkey primary key (first, second)
      );
      create index sod_pair_by_second on sod_pair (second);

      create table sod_carrier (
        kind text not null,
        name text not null,
        duty text not null,
        constraint sod_carrier_pkey primary key (kind, name, duty)
      );

      create table sod_exception (
        id                     uuid constraint sod_exception_pkey primary key,
        person_id              uuid not null constraint sod_exception_person_id_fkey references person (id),
        first                  text not null,
        second                 text not null,
        owner_person_id        uuid not null constraint sod_exception_owner_person_id_fkey references person (id),
        compensating_control   text not null,
        reason                 text not null,
        proposal_id            uuid not null,
        requested_by           text not null,
        granted_by             text not null,
        starts_at              timestamptz not null,
        ends_at                timestamptz not null constraint sod_exception_end_check check (ends_at > starts_at),
        constraint sod_exception_order_check check (first < second)
      );
      create index sod_exception_by_person on sod_exception (person_id, first, second);
      create index sod_exception_by_age on sod_exception (starts_at, id);

      create table sod_violation (
        id        uuid constraint sod_violation_pkey primary key,
        person_id uuid not null constraint sod_violation_person_id_fkey references person (id),
        first     text not null,
        second    text not null,
        held      text[] not null,
        found_at  timestamptz not null,
        ended_at  timestamptz
      );
      create unique index sod_violation_open_key on sod_violation (person_id, first, second) where ended_at is null;
      create index sod_violation_by_age on sod_violation (found_at, id);
    `)
    const { duties, pairs } = shippedRules
    const digest = createHash('sha256')
      .update(JSON.stringify({ duties, pairs, carriers: [] }))
      .digest('hex')
    await query.query(
      `insert into sod_rule_set (id, number, duties, pairs, carriers, digest, proposed_by, proposed_at, approved_by, valid_from)
       select gen_random_uuid(), 1, $1, $2, '[]', $3, 'service:identity', at, 'service:identity', at
         from date_trunc('milliseconds', now()) as at`,
      [JSON.stringify(duties), JSON.stringify(pairs), digest],
    )
    await query.query(
      `insert into sod_pair (first, second)
       select first, second from json_to_recordset($1) as pair (first text, second text)`,
      [JSON.stringify(pairs)],
    )
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query(`
      drop table sod_violation;
      drop table sod_exception;
      drop table sod_carrier;
      drop table sod_pair;
      drop table sod_rule_set;
    `)
  }
}
