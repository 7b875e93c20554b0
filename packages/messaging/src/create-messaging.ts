import type { MigrationInterface, QueryRunner } from 'typeorm'

/**
 * The tables every service needs to speak and listen. The outbox has the columns of Debezium's outbox event router
 * (`id`, `aggregatetype`, `aggregateid`, `type`, `payload`), so Kafka Connect can take the relay's place.
 */
export class CreateMessaging1780000000000 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      create table outbox (
        seq           bigint generated always as identity constraint outbox_pkey primary key,
        id            uuid not null constraint outbox_id_key unique,
        aggregatetype text not null,
        aggregateid   text not null,
        type          text not null,
        payload       json not null,
        published_at  timestamptz
      );
      create index outbox_unpublished on outbox (seq) where published_at is null;
      create function notify_outbox() returns trigger language plpgsql as $$
        begin
          perform pg_notify(tg_table_schema || '_outbox', '');
          return null;
        end
      $$;
      create trigger outbox_notify after insert on outbox
        for each statement execute function notify_outbox();

      create table inbox (
        event_id    uuid constraint inbox_pkey primary key,
        received_at timestamptz not null default now()
      );
      create index inbox_by_age on inbox (received_at);

      create table dead_letter (
        event_id        uuid constraint dead_letter_pkey primary key,
        type            text not null,
        subject         text not null,
        envelope        json not null,
        reason          text not null,
        attempts        integer not null,
        parked_at       timestamptz not null,
        state           text not null default 'parked'
          constraint dead_letter_state_check check (state in ('parked', 'replayed', 'discarded')),
        handled_at      timestamptz,
        handled_by      text,
        handling_reason text
      );
      create index dead_letter_by_state on dead_letter (state, parked_at, event_id);
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query('drop table dead_letter, inbox, outbox; drop function notify_outbox()')
  }
}
