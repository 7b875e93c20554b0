import type { MigrationInterface, QueryRunner } from 'typeorm'

/**
 * When a ticket last changed, and an index for each way of listing tickets. A trigger writes it, so that no way of changing a
 * row can forget to; in milliseconds, because a cursor of a list carries it.
 */
export class NoteTicketChange1790000092000 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      alter table ticket add column changed_at timestamptz(3);
      -- Of before the last that is known.
      update ticket set changed_at = greatest(opened_at, acknowledged_at, resolved_at, user_silent_at, closed_at, alert_ended_at);
      alter table ticket alter column changed_at set not null, alter column changed_at set default clock_timestamp();
      create function note_change() returns trigger language plpgsql as $$
        begin
          new.changed_at := clock_timestamp();
          return new;
        end $$;
      create trigger ticket_note_change before update on ticket
        for each row when (old.* is distinct from new.*) execute function note_change();
      create index ticket_by_change on ticket (changed_at, id);
      create index ticket_by_priority on ticket (priority, opened_at, id);
      create index ticket_by_unit on ticket (unit_id, opened_at, id);
      create index ticket_by_reporter on ticket (reporter_person_id, opened_at, id) where reporter_person_id is not null;
      create index ticket_by_owner on ticket (owner_person_id, opened_at, id) where owner_person_id is not null;
      create index ticket_clock_running on ticket_clock (due_at) where stopped_at is null;
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query(`
      drop index ticket_by_priority, ticket_by_unit, ticket_by_reporter, ticket_by_owner, ticket_clock_running;
      drop trigger ticket_note_change on ticket;
      drop function note_change();
      alter table ticket drop column changed_at;
    `)
  }
}
