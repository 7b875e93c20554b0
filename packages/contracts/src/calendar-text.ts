const DATE = /^(\d{4})-(\d\d)-(\d\d)$/
const INSTANT =
  /^(\d{4}-\d\d-\d\d)[Tt](?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/

/** First and last instant that text with a year of four digits can name, in milliseconds since 1970. */
const FIRST = Date.parse('0001-01-01T00:00:00Z')
const LAST = Date.parse('9999-12-31T23:59:59.999Z')

/**
 * Whether the text is a date of the calendar, years 1 to 9999: what both JavaScript and PostgreSQL take for the same
 * day. RFC 3339 also has a year 0, which PostgreSQL has not.
 */
export function isLocalDate(text: string): boolean {
  const [, year, month, day] = DATE.exec(text)?.map(Number) ?? []
  if (year === undefined || month === undefined || day === undefined) return false
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  return year > 0 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day
}

/**
 * Whether the text is an RFC 3339 instant with a zone that falls into the years 1 to 9999 of UTC.
 *
 * Leap seconds are refused: neither JavaScript nor PostgreSQL can keep one apart from the second after it.
 */
export function isInstant(text: string): boolean {
  const date = INSTANT.exec(text)?.[1]
  if (date === undefined || !isLocalDate(date)) return false
  const at = Date.parse(text.toUpperCase())
  return at >= FIRST && at <= LAST
}
