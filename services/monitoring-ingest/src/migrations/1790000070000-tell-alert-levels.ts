import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Of each level of an alert whether people in charge were told of it: one that rises is told anew. */
export class TellAlertLevels1790000070000 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    // Which level was told before is not known; it counts for the one that the alert has now.
    await query.query(`
      create table alert_notice (
        episode_id   uuid not null,
        level        text not null constraint alert_notice_level_check check (level in ('warning', 'critical')),
        confirmed_at timestamptz not null,
        notified_at  timestamptz,
        overdue_at   timestamptz,
        constraint alert_notice_pkey primary key (episode_id, level)
      );
      create index alert_notice_untold on alert_notice (confirmed_at)
        where notified_at is null and overdue_at is null;
      insert into alert_notice (episode_id, level, confirmed_at, notified_at, overdue_at)
        select id, level, confirmed_at, notified_at, notify_overdue_at
          from alert_episode where confirmed_at is not null;
      drop index alert_episode_untold;
      alter table alert_episode drop notified_at, drop notify_overdue_at;
      alter table alert_ticket drop delivered_at, add acknowledged_level text;
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query(`
      alter table alert_ticket drop acknowledged_level, add delivered_at timestamptz;
      alter table alert_episode add notified_at timestamptz, add notify_overdue_at timestamptz;
      update alert_episode e set notified_at = n.notified_at, notify_overdue_at = n.overdue_at
        from alert_notice n where n.episode_id = e.id and n.level = e.level;
      create index alert_episode_untold on alert_episode (confirmed_at)
        where confirmed_at is not null and notified_at is null and notify_overdue_at is null;
      drop table alert_notice;
    `)
  }
}
