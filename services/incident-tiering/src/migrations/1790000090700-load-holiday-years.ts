import type { MigrationInterface, QueryRunner } from 'typeorm'

/** The State Council says each November which days of the next year are worked: data of the site, not of a release. */
export class LoadHolidayYears1790000090700 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await query.query(`
      create table holiday_year (
        revision     integer constraint holiday_year_pkey primary key,
        year         integer not null,
        version      integer not null,
        paper        text not null,
        paper_date   date not null,
        holidays     json not null,
        make_up_days json not null,
        author       text not null,
        reason       text not null,
        created_at   timestamptz not null,
        constraint holiday_year_key unique (year, version)
      )
    `)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query('drop table holiday_year')
  }
}
