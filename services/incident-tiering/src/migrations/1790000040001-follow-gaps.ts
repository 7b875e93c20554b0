import type { MigrationInterface, QueryRunner } from 'typeorm'

/**
 * Gaps of the key-user register that were announced, the superiors of an unrestored P1, and messages that are about no
 * ticket.
 */
export class FollowGaps1790000040001 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      create table key_user_gap (
        id          bigserial constraint key_user_gap_pkey primary key,
        unit_id     uuid,
        tier        text not null,
        kind        text not null,
        module_code text,
        found_at    timestamptz not null,
        constraint key_user_gap_key unique nulls not distinct (unit_id, tier, kind, module_code)
      );
      create table superiors (
        step       text constraint superiors_pkey primary key,
        person_ids uuid[] not null,
        version    integer not null
      );
      alter table notification alter column ticket_id drop not null;
      alter table notification drop constraint notification_once_key;
      alter table notification add constraint notification_once_key
        unique nulls not distinct (ticket_id, channel, recipient, cause);
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query(`
      delete from notification_attempt where notification_id in (select id from notification where ticket_id is null);
      delete from notification where ticket_id is null;
      alter table notification drop constraint notification_once_key;
      alter table notification add constraint notification_once_key
        unique (ticket_id, channel, recipient, cause);
      alter table notification alter column ticket_id set not null;
      drop table superiors, key_user_gap;
    `)
  }
}
