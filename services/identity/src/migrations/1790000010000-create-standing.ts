import type { MigrationInterface, QueryRunner } from 'typeorm'

/** What was stated about people's accounts, and who stands behind each client. */
export class CreateStanding1790000010000 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      create table standing (
        person_id      uuid constraint standing_pkey primary key
          constraint standing_person_id_fkey references person (id),
        account_status text not null,
        roles          text[] not null,
        version        integer not null
      );

      create table client_controller (
        client_id uuid not null
          constraint client_controller_client_id_fkey references client (id),
        actor     text not null,
        part      text not null constraint client_controller_part_check
          check (part in ('asked', 'approved', 'first-half', 'second-half')),
        person_id uuid,
        since     timestamptz not null,
        constraint client_controller_pkey primary key (client_id, actor, part)
      );
    `)
    // Who asked and who approved is in the changes; who took the secrets of the past is in the ledger.
    await query.query(`
      insert into client_controller (client_id, actor, part, person_id, since)
        select client.id, requested_by, 'asked', requested_by_person, requested_at
          from account_change join client on client.id = subject_id where kind = 'create-client'
        union
        select client.id, decided_by, 'approved', null, decided_at
          from account_change join client on client.id = subject_id
         where kind = 'create-client' and account_change.status = 'approved'
      on conflict do nothing;
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query('drop table client_controller, standing')
  }
}
