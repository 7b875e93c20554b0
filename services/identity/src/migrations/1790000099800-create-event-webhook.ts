import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Addresses outside that facts are posted to, and each fact on its way to one. */
export class CreateEventWebhook1790000099800 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      create table event_webhook (
        id              uuid constraint event_webhook_pkey primary key,
        url             text not null,
        types           text[] not null,
        unit_id         uuid,
        proposal_id     uuid not null,
        registered_by   text not null,
        approved_by     text not null,
        registered_at   timestamptz not null,
        secret_made_at  timestamptz,
        previous_until  timestamptz,
        ended_at        timestamptz,
        ended_by        text,
        version         integer not null,
        sealed_secret   text,
        sealed_previous text
      );
      create table event_delivery (
        webhook_id   uuid not null constraint event_delivery_webhook_id_fkey references event_webhook (id),
        seq          bigint not null,
        event_id     uuid not null,
        type         text not null,
        state        text not null,
        attempts     integer not null,
        last_error   text,
        queued_at    timestamptz not null,
        tried_at     timestamptz,
        next_at      timestamptz,
        delivered_at timestamptz,
        constraint event_delivery_pkey primary key (webhook_id, seq)
      );
      create index event_delivery_due on event_delivery (webhook_id, next_at, seq) where state = 'queued';
      create index event_delivery_not_delivered on event_delivery (queued_at) where state = 'failed';
      create index event_delivery_delivered on event_delivery (delivered_at) where state = 'delivered';
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query('drop table event_delivery, event_webhook')
  }
}
