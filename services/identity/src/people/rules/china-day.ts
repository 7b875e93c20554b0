const FORMAT = new Intl.DateTimeFormat('en-CA', {
  timeZone: 'Asia/Shanghai',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
})

/** The calendar date in China at an instant, `2026-11-22`. */
export function chinaDay(at: Date): string {
  return FORMAT.format(at)
}

/** The first instant of a calendar date in China, which has been at UTC+8 without summer time since 1992. */
export function startOfChinaDay(day: string): Date {
  return new Date(`${day}T00:00:00+08:00`)
}
