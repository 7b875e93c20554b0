import type { MigrationInterface, QueryRunner } from 'typeorm'

/** The key-user register, calendars, tickets with their clocks, the delivery ledger. */
export class CreateIncident1790000000000 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      create table key_user (
        id           uuid constraint key_user_pkey primary key,
        person_id    uuid not null,
        tier         text not null constraint key_user_tier_check check (tier in ('L1', 'L2', 'L3')),
        kind         text not null constraint key_user_kind_check check (kind in ('MODULE', 'IT')),
        unit_id      uuid,
        module_code  text,
        valid_from   timestamptz not null,
        ended_at     timestamptz,
        ended_reason text,
        version      integer not null,
        constraint key_user_unit_check check ((tier = 'L1') = (unit_id is not null)),
        constraint key_user_module_check check (
          case when kind = 'IT' then module_code is null when tier = 'L3' then true else module_code is not null end)
      );
      create unique index key_user_duty_key on key_user (person_id, tier, kind, unit_id, module_code)
        nulls not distinct where ended_at is null;

      create table calendar_version (
        id         bigserial constraint calendar_version_pkey primary key,
        unit_id    uuid,
        version    integer not null,
        definition json not null,
        author     text not null,
        reason     text not null,
        created_at timestamptz not null,
        constraint calendar_version_key unique nulls not distinct (unit_id, version)
      );

      create sequence ticket_number;
      create table ticket (
        id                    uuid constraint ticket_pkey primary key,
        number                text not null constraint ticket_number_key unique,
        title                 text not null,
        description           text not null,
        category              text not null,
        priority              text not null constraint ticket_priority_check check (priority in ('P1', 'P2', 'P3', 'P4')),
        unit_id               uuid not null,
        module_code           text,
        kind                  text not null,
        state                 text not null
          constraint ticket_state_check check (state in ('open', 'acknowledged', 'resolved', 'closed')),
        tier                  text not null constraint ticket_tier_check check (tier in ('L1', 'L2', 'L3')),
        to_all_tiers          boolean not null,
        owner_person_id       uuid,
        reporter_person_id    uuid,
        reporter              text not null,
        alert_episode_id      uuid constraint ticket_alert_episode_key unique,
        alert_ended_at        timestamptz,
        finding_id            uuid constraint ticket_finding_key unique,
        opened_at             timestamptz not null,
        acknowledged_at       timestamptz,
        resolved_at           timestamptz,
        resolved_by_person_id uuid,
        resolution            text,
        closed_at             timestamptz,
        version               integer not null,
        constraint ticket_owner_check check (state <> 'acknowledged' or owner_person_id is not null)
      );
      create index ticket_by_opening on ticket (opened_at, id);
      create index ticket_unclosed on ticket (unit_id, opened_at) where state <> 'closed';

      create table ticket_entry (
        id        bigserial constraint ticket_entry_pkey primary key,
        ticket_id uuid not null,
        at        timestamptz not null,
        actor     text not null,
        kind      text not null,
        text      text not null
      );
      create index ticket_entry_by_ticket on ticket_entry (ticket_id, id);

      create table ticket_clock (
        id                uuid constraint ticket_clock_pkey primary key,
        ticket_id         uuid not null,
        kind              text not null constraint ticket_clock_kind_check
          check (kind in ('acknowledge', 'restore', 'progress-note', 'tier', 'confirm')),
        tier              text,
        calendar          json not null,
        facts             json not null,
        parameter_key     text not null,
        parameter_version integer not null,
        due_at            timestamptz,
        fault             text,
        breached_at       timestamptz,
        stopped_at        timestamptz,
        started_at        timestamptz not null
      );
      create unique index ticket_clock_one_open on ticket_clock (ticket_id, kind) where stopped_at is null;

      create table webhook (
        id            uuid constraint webhook_pkey primary key,
        url           text not null,
        unit_id       uuid,
        sealed_secret text not null,
        active        boolean not null,
        created_at    timestamptz not null,
        version       integer not null
      );

      create table notification (
        id           uuid constraint notification_pkey primary key,
        ticket_id    uuid not null,
        occasion     text not null,
        cause        text not null,
        channel      text not null constraint notification_channel_check check (channel in ('mail', 'webhook')),
        recipient    text not null,
        person_id    uuid,
        subject      text not null,
        body         text not null,
        state        text not null
          constraint notification_state_check check (state in ('queued', 'delivered', 'failed')),
        attempts     integer not null,
        last_error   text,
        created_at   timestamptz not null,
        delivered_at timestamptz,
        constraint notification_once_key unique (ticket_id, channel, recipient, cause)
      );
      create index notification_by_ticket on notification (ticket_id, created_at);
      create table notification_attempt (
        notification_id uuid not null,
        attempt         integer not null,
        at              timestamptz not null,
        outcome         text not null,
        detail          text not null,
        constraint notification_attempt_pkey primary key (notification_id, attempt)
      );
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query(`
      drop table notification_attempt, notification, webhook, ticket_clock, ticket_entry, ticket, calendar_version,
        key_user;
      drop sequence ticket_number;
    `)
  }
}
