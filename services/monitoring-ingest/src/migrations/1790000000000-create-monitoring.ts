import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Sources, series and samples, thresholds with their history, and the alerts they give. */
export class CreateMonitoring1790000000000 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      create table source (
        id                   uuid constraint source_pkey primary key,
        name                 text not null,
        unit_id              uuid not null,
        module_code          text,
        state                text not null constraint source_state_check check (state in ('active', 'disabled')),
        token_hash           bytea,
        token_issued_at      timestamptz,
        silent_after_seconds integer not null,
        last_heard_at        timestamptz,
        silent_since         timestamptz,
        created_at           timestamptz not null,
        version              integer not null,
        constraint source_name_key unique (unit_id, name)
      );

      create table series (
        id          bigserial constraint series_pkey primary key,
        source_id   uuid not null,
        unit_id     uuid not null,
        module_code text,
        metric      text not null,
        labels      jsonb not null,
        fingerprint bytea not null,
        created_at  timestamptz not null,
        constraint series_source_key unique (source_id, fingerprint)
      );
      create index series_by_metric on series (metric, unit_id);

      -- No foreign key to series: it would cost more than the row itself. Days are attached as they come.
      create table sample (
        series_id bigint not null,
        ts        timestamptz not null,
        value     double precision not null,
        constraint sample_pkey primary key (series_id, ts)
      ) partition by range (ts);

      create table threshold (
        id            uuid constraint threshold_pkey primary key,
        name          text not null,
        module_code   text,
        category      text not null,
        metric        text not null,
        matchers      jsonb not null,
        comparison    text not null,
        transform     text not null,
        warning       double precision,
        critical      double precision,
        recover_level double precision,
        unit_id       uuid not null,
        for_seconds   integer not null,
        for_version   integer,
        active        boolean not null,
        author        text not null,
        reason        text not null,
        set_at        timestamptz not null,
        version       integer not null
      );
      create unique index threshold_name_key on threshold (unit_id, name) where active;
      create table threshold_version (
        threshold_id  uuid not null,
        version       integer not null,
        name          text not null,
        module_code   text,
        category      text not null,
        metric        text not null,
        matchers      jsonb not null,
        comparison    text not null,
        transform     text not null,
        warning       double precision,
        critical      double precision,
        recover_level double precision,
        unit_id       uuid not null,
        for_seconds   integer not null,
        for_version   integer,
        active        boolean not null,
        author        text not null,
        reason        text not null,
        set_at        timestamptz not null,
        constraint threshold_version_pkey primary key (threshold_id, version)
      );
      -- One row, raised whenever ingest must look again at what it decides by.
      create table threshold_revision (
        one      boolean default true
          constraint threshold_revision_pkey primary key
          constraint threshold_revision_one_check check (one),
        revision bigint not null
      );
      insert into threshold_revision (revision) values (1);

      create table alert_state (
        threshold_id   uuid not null,
        series_id      bigint not null,
        phase          text not null default 'inactive'
          constraint alert_state_phase_check check (phase in ('inactive', 'pending', 'firing')),
        episode_id     uuid,
        level          text,
        since          timestamptz,
        critical_since timestamptz,
        last_at        timestamptz,
        last_value     double precision,
        constraint alert_state_pkey primary key (threshold_id, series_id),
        constraint alert_state_episode_check check ((phase = 'inactive') = (episode_id is null))
      );

      create table alert_episode (
        id                uuid constraint alert_episode_pkey primary key,
        threshold_id      uuid not null,
        threshold_version integer not null,
        series_id         bigint not null,
        unit_id           uuid not null,
        module_code       text,
        name              text not null,
        metric            text not null,
        labels            jsonb not null,
        state             text not null
          constraint alert_episode_state_check check (state in ('pending', 'firing', 'resolved', 'cleared')),
        level             text not null constraint alert_episode_level_check check (level in ('warning', 'critical')),
        value             double precision not null,
        limit_value       double precision not null,
        since             timestamptz not null,
        fired_at          timestamptz,
        ended_at          timestamptz,
        end_reason        text,
        constraint alert_episode_end_check
          check ((state in ('resolved', 'cleared')) = (ended_at is not null and end_reason is not null))
      );
      create index alert_episode_by_time on alert_episode (since, id);
      create unique index alert_episode_open on alert_episode (threshold_id, series_id) where ended_at is null;
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query(
      `drop table alert_episode, alert_state, threshold_revision, threshold_version, threshold, sample, series,
         source`,
    )
  }
}
