import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Signs that others use an account, what they are judged by, and the fact of each sign-in that proves them. */
export class CreateAccountSignal1790000099300 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      alter table session add column sign_in_event_id uuid;
      create index session_by_address on session (source_ip, started_at);
      create table network (
        id        uuid constraint network_pkey primary key,
        code      text not null constraint network_code_key unique,
        name      text not null,
        cidr      cidr not null,
        is_shared boolean not null,
        latitude  double precision,
        longitude double precision,
        active    boolean not null,
        version   integer not null,
        constraint network_place_check check ((latitude is null) = (longitude is null))
      );
      create table absence (
        id          uuid constraint absence_pkey primary key,
        person_id   uuid not null constraint absence_person_id_fkey references person (id),
        kind        text not null constraint absence_kind_check check (kind in ('leave', 'travel')),
        starts_at   timestamptz not null,
        ends_at     timestamptz not null,
        recorded_by text not null,
        recorded_at timestamptz not null,
        version     integer not null,
        constraint absence_end_check check (ends_at > starts_at)
      );
      create index absence_by_person on absence (person_id, starts_at);
      create index absence_by_age on absence (starts_at, id);
      create table account_signal (
        id                 uuid constraint account_signal_pkey primary key,
        account_id         uuid not null constraint account_signal_account_id_fkey references account (id),
        case_id            uuid constraint account_signal_case_id_fkey references account_case (id),
        rule               text not null,
        score              integer not null constraint account_signal_score_check check (score between 1 and 100),
        at                 timestamptz not null,
        evidence           uuid[] not null,
        others             uuid[] not null,
        detail             jsonb not null,
        parameter_versions jsonb not null,
        fingerprint        text not null constraint account_signal_fingerprint_key unique
      );
      create index account_signal_by_account on account_signal (account_id, at);
      create index account_signal_by_case on account_signal (case_id, at);
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query(`
      drop table account_signal, absence, network;
      drop index session_by_address;
      alter table session drop column sign_in_event_id;
    `)
  }
}
