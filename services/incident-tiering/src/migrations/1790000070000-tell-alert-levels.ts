import type { MigrationInterface, QueryRunner } from 'typeorm'

/**
 * At which level people are told of an alert, so that a level that rises is told anew, and what a message is about that
 * is about no ticket.
 *
 * A ticket from before says in its title at which level it was opened; where that cannot be read it counts as the milder
 * one, so that a rise is rather told twice than not at all.
 */
export class TellAlertLevels1790000070000 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      alter table ticket add alert_level text;
      update ticket set alert_level = case when title like '%(critical, limit %' then 'critical' else 'warning' end
       where alert_episode_id is not null;
      alter table ticket
        drop constraint ticket_alert_episode_key,
        add constraint ticket_alert_episode_key unique (alert_episode_id, alert_level),
        add constraint ticket_alert_level_check check (
          (alert_episode_id is null) = (alert_level is null) and alert_level in ('warning', 'critical'));

      alter table notification
        add about_type text, add about_id text, add alert_episode_id uuid, add alert_level text,
        add constraint notification_about_check check ((about_type is null) = (about_id is null)),
        add constraint notification_alert_check check (
          (alert_episode_id is null) = (alert_level is null) and alert_level in ('warning', 'critical'));
      update notification n set alert_episode_id = t.alert_episode_id, alert_level = t.alert_level
        from ticket t
       where t.id = n.ticket_id and n.state = 'queued' and t.alert_episode_id is not null;
    `)
  }

  /** The second ticket of an alert loses its link: there was room for one. */
  async down(query: QueryRunner): Promise<void> {
    await query.query(`
      alter table notification
        drop constraint notification_alert_check, drop constraint notification_about_check,
        drop alert_level, drop alert_episode_id, drop about_id, drop about_type;
      alter table ticket drop constraint ticket_alert_level_check, drop constraint ticket_alert_episode_key;
      update ticket t set alert_episode_id = null
       where exists (select from ticket first where first.alert_episode_id = t.alert_episode_id
                        and (first.opened_at, first.id) < (t.opened_at, t.id));
      alter table ticket
        drop alert_level, add constraint ticket_alert_episode_key unique (alert_episode_id);
    `)
  }
}
