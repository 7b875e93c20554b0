import type { MigrationInterface, QueryRunner } from 'typeorm'

/** The holidays that the site loaded, as incident-tiering stated them: due dates and time nodes count by them too. */
export class CopyHolidayYears1790000090700 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      create table holiday_year (
        year         integer constraint holiday_year_pkey primary key,
        version      integer not null,
        holidays     json not null,
        make_up_days json not null
      )
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query('drop table holiday_year')
  }
}
