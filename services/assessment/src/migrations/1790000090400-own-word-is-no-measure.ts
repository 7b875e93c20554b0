import type { MigrationInterface, QueryRunner } from 'typeorm'

/**
 * Who is behind a client that recorded a fact does not decide the appeal against it; a fact from the unit that it is held
 * against makes nobody measured; and what was corrected by the unit's own word waits for another's no longer than a claim.
 */
export class OwnWordIsNoMeasure1790000090400 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    // Of facts from before nobody noted either; sheets computed from them stay as they are.
    await query.query(`
      alter table observation
        add recorded_by_controllers uuid[] not null default '{}',
        add by_concerned boolean not null default false;
      alter table observation
        alter column recorded_by_controllers drop default,
        alter column by_concerned drop default;
      create index observation_unconfirmed on observation (due_at)
        where due_at is not null and corrected_at is not null and correction_confirmed_at is null
          and overdue_at is null;
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query(`
      drop index observation_unconfirmed;
      alter table observation drop recorded_by_controllers, drop by_concerned;
    `)
  }
}
