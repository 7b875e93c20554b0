import type { MigrationInterface, QueryRunner } from 'typeorm'

/** The control register: what was last stated of each clause and key, the newest evidence, records of people. */
export class CreateControls1790000000001 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      create table control_fact (
        clause_id   text not null,
        key         text not null,
        effect      text not null constraint control_fact_effect_check check (effect in
          ('expects', 'proves', 'breaks', 'mends', 'at-risk', 'silences', 'speaks', 'retires')),
        at          timestamptz not null,
        ends_at     timestamptz,
        service     text not null,
        unit_id     uuid,
        event_id    uuid not null,
        event_type  text not null,
        subject     text not null,
        received_at timestamptz not null,
        constraint control_fact_pkey primary key (clause_id, key, effect)
      );
      create index control_fact_service on control_fact (service, at);

      create table control_evidence (
        clause_id   text not null,
        key         text not null,
        effect      text not null,
        at          timestamptz not null,
        service     text not null,
        unit_id     uuid,
        event_id    uuid not null,
        event_type  text not null,
        subject     text not null,
        received_at timestamptz not null,
        constraint control_evidence_pkey primary key (clause_id, event_id, effect, key)
      );
      create index control_evidence_newest on control_evidence (clause_id, at, event_id);

      create table control_record (
        id          uuid constraint control_record_pkey primary key,
        clause_id   text not null,
        person_id   uuid,
        actor       text not null,
        statement   text not null,
        reference   text,
        observed_at timestamptz not null,
        valid_until timestamptz not null,
        recorded_at timestamptz not null,
        constraint control_record_observation_key unique (clause_id, observed_at),
        constraint control_record_validity_check check (valid_until > observed_at)
      );

      create table control_published (
        clause_id  text constraint control_published_pkey primary key,
        state      text not null,
        reason     text not null,
        changed_at timestamptz not null
      );

      create table control_collector (
        service  text constraint control_collector_pkey primary key,
        heard_at timestamptz not null
      );

      create table control_parameter (
        key        text not null,
        version    integer not null,
        value      json,
        valid_from timestamptz not null,
        constraint control_parameter_pkey primary key (key, version)
      );
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query(`drop table control_parameter, control_collector, control_published, control_record,
      control_evidence, control_fact`)
  }
}
