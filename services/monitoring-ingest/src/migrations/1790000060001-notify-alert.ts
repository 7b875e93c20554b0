import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Whether people were told of an alert and took it, what each unit's key figures are, and thresholds that judge nothing. */
export class NotifyAlert1790000060001 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    // Episodes confirmed before this are not asked for: nobody noted then who was told.
    await query.query(`
      alter table alert_episode
        add column confirmed_at      timestamptz,
        add column notified_at       timestamptz,
        add column notify_overdue_at timestamptz,
        add column acknowledged_at   timestamptz,
        add column ack_overdue_at    timestamptz;
      create index alert_episode_untold on alert_episode (confirmed_at)
        where confirmed_at is not null and notified_at is null and notify_overdue_at is null;

      -- What tickets of alerts say may come in any order: of which alert they are, that people were told, that one took it.
      create table alert_ticket (
        ticket_id       uuid constraint alert_ticket_pkey primary key,
        episode_id      uuid,
        delivered_at    timestamptz,
        acknowledged_at timestamptz,
        acknowledged_by uuid,
        heard_at        timestamptz not null
      );
      create index alert_ticket_by_episode on alert_ticket (episode_id);

      create table key_figure (
        unit_id   uuid not null,
        figure    text not null,
        watched   boolean not null,
        guarded   boolean not null,
        stated_at timestamptz not null,
        constraint key_figure_pkey primary key (unit_id, figure)
      );
      create table threshold_unfed (
        threshold_id uuid constraint threshold_unfed_pkey primary key,
        reason       text not null,
        unfed_since  timestamptz not null
      );
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query(`
      drop table threshold_unfed, key_figure, alert_ticket;
      drop index alert_episode_untold;
      alter table alert_episode
        drop column confirmed_at, drop column notified_at, drop column notify_overdue_at,
        drop column acknowledged_at, drop column ack_overdue_at;
    `)
  }
}
