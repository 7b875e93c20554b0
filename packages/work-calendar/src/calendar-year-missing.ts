/**
 * A calendar was asked about a year whose public holidays are not known. The answer would be a guess, so there is none:
 * the caller raises an alarm and asks again when the year's data is there.
 */
export class CalendarYearMissing extends Error {
  override readonly name = 'CalendarYearMissing'
  /** The local year without data. */
  readonly year: number

  constructor(year: number) {
    super(
      `The public holidays of ${year} are not known. Load the State Council's notice for ${year} (PUT /v1/holiday-years/${year}), or use a calendar without holidays.`,
    )
    this.year = year
  }
}
