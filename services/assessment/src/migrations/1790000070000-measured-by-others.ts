import type { MigrationInterface, QueryRunner } from 'typeorm'

/**
 * A month without one fact has no score; what counts for somebody is vouched for by others, so their names are kept
 * beside it; and whoever left a unit is still of it for a while.
 */
export class MeasuredByOthers1790000070000 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      alter table score
        alter column total drop not null,
        alter column grade drop not null,
        add measured boolean not null default true,
        add measured_staff integer,
        add constraint score_measured_check
          check (measured = (total is not null) and measured = (grade is not null));
      alter table score alter column measured drop default;

      alter table score_sheet
        add measured integer not null default 0,
        add computed_by_person_id uuid,
        add computed_by_controllers uuid[] not null default '{}';
      alter table score_sheet
        alter column measured drop default,
        alter column computed_by_controllers drop default;

      alter table time_node
        drop constraint time_node_state_check,
        add constraint time_node_state_check check (state in ('open', 'claimed', 'missed', 'completed')),
        add completed_by_person_id uuid,
        add completed_by_controllers uuid[] not null default '{}',
        add confirmed_by text,
        add completed_order bigint;
      alter table time_node alter column completed_by_controllers drop default;
      update time_node set completed_order = 0 where state = 'completed';

      alter table observation
        add corrected_by text,
        add corrected_by_person_id uuid,
        add corrected_by_controllers uuid[] not null default '{}',
        add correction_confirmed_at timestamptz;
      alter table observation alter column corrected_by_controllers drop default;
      update observation set correction_confirmed_at = corrected_at;

      -- The units that a person was of; the one of now has not been left.
      create table person_unit (
        person_id uuid not null,
        unit_id   uuid not null,
        version   integer not null,
        left_at   timestamptz,
        constraint person_unit_pkey primary key (person_id, unit_id)
      );
      insert into person_unit (person_id, unit_id, version) select id, unit_id, version from person;

      -- A record from before is confirmed by nobody, so it counts again only when somebody does.
      create table control_confirmation (
        record_id    uuid constraint control_confirmation_pkey primary key,
        person_id    uuid not null,
        actor        text not null,
        confirmed_at timestamptz not null
      );
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query(`
      drop table control_confirmation;
      drop table person_unit;
      alter table observation drop corrected_by, drop corrected_by_person_id, drop corrected_by_controllers,
        drop correction_confirmed_at;
      update time_node set state = 'open', completed_at = null, completed_by = null where state = 'claimed';
      alter table time_node
        drop constraint time_node_state_check,
        add constraint time_node_state_check check (state in ('open', 'missed', 'completed')),
        drop completed_by_person_id, drop completed_by_controllers, drop confirmed_by, drop completed_order;
      alter table score_sheet drop measured, drop computed_by_person_id, drop computed_by_controllers;
      delete from score where not measured;
      alter table score
        drop constraint score_measured_check,
        drop measured, drop measured_staff,
        alter column total set not null,
        alter column grade set not null;
    `)
  }
}
