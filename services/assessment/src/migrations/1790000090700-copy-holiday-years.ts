import { createHolidayYears } from '@erp-steward/service-kit/holiday-years'
import type { MigrationInterface, QueryRunner } from 'typeorm'

/** The holidays that the site loaded, as incident-tiering stated them: due dates and time nodes count by them too. */
export class CopyHolidayYears1790000090700 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await createHolidayYears(query)
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query('drop table holiday_year')
  }
}
