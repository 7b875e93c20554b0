import { dayNumberOf, weekdayOf } from './calendar-date.ts'
import type { CalendarFault } from './check-calendar-definition.ts'
import { firstYearOf, lastYearOf, type HolidayDays, type HolidayYears } from './china-holidays.ts'

/** Off in every year by law; a paper without one of them was read only in part. Source: 全国年节及纪念日放假办法. */
const alwaysOff = ['01-01', '05-01', '10-01']

const saturday = 5

/**
 * Every fault of the holidays of a year that came from outside, none when it can be used.
 *
 * @param known the years that are known so far: a new one comes right after the last, for deadlines run through years
 *   without a gap
 */
export function checkHolidayYear(
  year: number,
  { holidays, makeUpDays }: HolidayDays,
  known: HolidayYears,
): CalendarFault[] {
  const next = lastYearOf(known) + 1
  const order =
    year < firstYearOf(known) || year > next
      ? [
          {
            path: '',
            message: `must be of a year from ${firstYearOf(known)} to ${next}`,
            chinese: `年份必须在 ${firstYearOf(known)} 至 ${next} 之间`,
          },
        ]
      : []
  const missing = alwaysOff
    .map((day) => `${year}-${day}`)
    .filter((date) => !Object.hasOwn(holidays, date))
    .map((date) => ({
      path: '/holidays',
      message: `lacks ${date}, which is off in every year`,
      chinese: `缺少每年都放假的 ${date}`,
    }))
  return [
    ...order,
    ...missing,
    ...Object.keys(holidays).flatMap((date) => dateFaults(year, date, '/holidays')),
    ...Object.keys(makeUpDays).flatMap((date) => {
      const path = '/makeUpDays'
      const faults = dateFaults(year, date, path)
      if (faults.length > 0) return faults
      if (Object.hasOwn(holidays, date))
        return [
          {
            path: `${path}/${date}`,
            message: 'is a holiday too: it is either off or worked',
            chinese: '同时列为节假日：只能是休息日或上班日之一',
          },
        ]
      return weekdayOf(dayNumberOf(date) ?? 0) < saturday
        ? [
            {
              path: `${path}/${date}`,
              message: 'must be a Saturday or a Sunday',
              chinese: '必须是星期六或星期日',
            },
          ]
        : []
    }),
  ]
}

function dateFaults(year: number, date: string, path: string): CalendarFault[] {
  if (dayNumberOf(date) === null)
    return [
      {
        path: `${path}/${date}`,
        message: 'must be a date such as 2026-10-01',
        chinese: '必须是形如 2026-10-01 的日期',
      },
    ]
  return date.startsWith(`${year}-`)
    ? []
    : [
        {
          path: `${path}/${date}`,
          message: `must be a day of ${year}`,
          chinese: `必须是 ${year} 年的日期`,
        },
      ]
}
