/**
 * A calendar was asked about a year whose public holidays are not known. The answer would be a guess, so there is none:
 * the caller raises an alarm and asks again when the year's data is there.
 */
export class CalendarYearMissing extends Error {
  override readonly name = 'CalendarYearMissing'
  /** The local year without data. */
  readonly year: number

  /** `message` in Chinese. */
  readonly chinese: string

  constructor(year: number) {
    super(
      `The public holidays of ${year} are not known. Load the State Council's notice for ${year} (PUT /v1/holiday-years/${year}), or use a calendar without holidays.`,
    )
    this.year = year
    this.chinese = `${year} 年的法定节假日尚未录入。请录入国务院关于 ${year} 年的放假安排（PUT /v1/holiday-years/${year}），或使用不含节假日的日历。`
  }
}
