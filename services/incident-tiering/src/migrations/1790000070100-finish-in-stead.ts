import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Who reported the end of a change is not always who began it: an executor may leave in between. */
export class FinishInStead1790000070100 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      alter table change add finisher_person_id uuid;
      update change set finisher_person_id = executor_person_id where finished_at is not null;
      alter table change add constraint change_finisher_check check ((finisher_person_id is null) = (finished_at is null));
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query('alter table change drop finisher_person_id')
  }
}
