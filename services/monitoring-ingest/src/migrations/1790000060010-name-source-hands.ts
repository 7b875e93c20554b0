import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Who is behind a source, and which sources filled an item: nobody signs what his own source measured. */
export class NameSourceHands1790000060010 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    // Null for what was there before: nobody noted it then.
    await query.query(`
      alter table source
        add column registered_by_person_ids   uuid[],
        add column token_issued_by_person_ids uuid[];
      alter table inspection_item add column source_ids uuid[];
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query(`
      alter table inspection_item drop column source_ids;
      alter table source drop column registered_by_person_ids, drop column token_issued_by_person_ids;
    `)
  }
}
