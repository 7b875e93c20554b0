import { HolidayYearLoaded } from '@erp-steward/contracts/incident-events'
import { createHolidayYears } from '@erp-steward/service-kit/holiday-years'
import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Deadlines in working days count by the holidays that the site loaded; those of before are in the ledger. */
export class CopyHolidayYears1790000097000 implements MigrationInterface {
  async up(query: QueryRunner): Promise<void> {
    await createHolidayYears(query)
    await query.query(
      `insert into holiday_year (year, version, holidays, make_up_days)
       select distinct on (1) (said ->> 'year')::integer, (said ->> 'version')::integer, said -> 'holidays', said -> 'makeUpDays'
         from (select envelope::json -> 'data' as said from audit_record where type = $1) as told
        order by 1, 2 desc`,
      [HolidayYearLoaded.type],
    )
  }

  async down(query: QueryRunner): Promise<void> {
    await query.query('drop table holiday_year')
  }
}
