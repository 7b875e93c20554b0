import { dateOf, dayNumberOf } from './calendar-date.ts'
import type { HolidayDays } from './china-holidays.ts'

/** Why an iCalendar file cannot be used. */
export class ICalendarRefused extends RangeError {
  /** `message` in Chinese. */
  readonly chinese: string

  constructor(message: string, chinese: string) {
    super(message)
    this.chinese = chinese
  }
}

/** Days that one event may last; a holiday is nine at most, and a longer one is a fault of the file. */
const longestEvent = 31

/**
 * The days of a year that an iCalendar file (RFC 5545) marks as off or as worked: by `X-APPLE-SPECIAL-DAY`
 * (`WORK-HOLIDAY`, `ALTERNATE-WORKDAY`), else by its summary, which says 班 for worked and 休 or 假 for off. Events that
 * say neither (festivals, solar terms) and those of other years are left out; `DTEND` is exclusive.
 *
 * @throws ICalendarRefused naming the event when it lacks a date, ends before it starts or repeats, or when the text is no
 *   iCalendar file
 */
export function readICalendar(text: string, year: number): HolidayDays {
  // A long line is folded: its next part begins with a blank.
  const lines = text.replaceAll(/\r?\n[ \t]/g, '').split(/\r?\n/)
  if (lines[0]?.trim() !== 'BEGIN:VCALENDAR')
    throw new ICalendarRefused(
      'The text does not begin with BEGIN:VCALENDAR.',
      '文本不是以 BEGIN:VCALENDAR 开头。',
    )
  const holidays: Record<string, string> = {}
  const makeUpDays: Record<string, string> = {}
  for (const event of eventsOf(lines)) {
    const kind = kindOf(event)
    if (kind === null) continue
    const days = kind === 'off' ? holidays : makeUpDays
    for (const date of datesOf(event))
      if (date.startsWith(`${year}-`)) days[date] = nameOf(event.get('SUMMARY') ?? '')
  }
  return { holidays, makeUpDays }
}

/** Properties by name; parameters are left out, of a property that comes twice the last is taken. */
type Event = ReadonlyMap<string, string>

function eventsOf(lines: readonly string[]): Event[] {
  const events: Map<string, string>[] = []
  let current: Map<string, string> | null = null
  let inner = 0
  for (const line of lines) {
    const [, name = '', value = ''] = /^([A-Za-z0-9-]+)(?:;[^:]*)?:(.*)$/.exec(line) ?? []
    if (name === 'BEGIN' && value === 'VEVENT') current = new Map()
    else if (name === 'END' && value === 'VEVENT') {
      if (current !== null) events.push(current)
      current = null
    } else if (name === 'BEGIN') inner += 1
    else if (name === 'END') inner -= 1
    // What stands in an alarm of the event is not of the event; the calendar itself is one level.
    else if (inner <= 1) current?.set(name.toUpperCase(), value.trim())
  }
  return events
}

function kindOf(event: Event): 'off' | 'worked' | null {
  const mark = event.get('X-APPLE-SPECIAL-DAY')
  if (mark === 'WORK-HOLIDAY') return 'off'
  if (mark === 'ALTERNATE-WORKDAY') return 'worked'
  const summary = event.get('SUMMARY') ?? ''
  if (summary.includes('班')) return 'worked'
  return /[休假]/.test(summary) ? 'off' : null
}

function datesOf(event: Event): string[] {
  const [summary, named] = [
    event.get('SUMMARY') ?? 'without a summary',
    event.get('SUMMARY') ?? '无摘要',
  ]
  const first = dayOf(event.get('DTSTART'))
  if (first === null)
    throw new ICalendarRefused(
      `The event "${summary}" has no DTSTART that is a date.`,
      `事件“${named}”没有日期形式的 DTSTART。`,
    )
  if (event.has('RRULE'))
    throw new ICalendarRefused(
      `The event "${summary}" repeats: no public holiday does.`,
      `事件“${named}”为重复事件：法定节假日不会重复。`,
    )
  const end = event.has('DTEND') ? dayOf(event.get('DTEND')) : first + 1
  if (end === null || end <= first || end - first > longestEvent)
    throw new ICalendarRefused(
      `The event "${summary}" ends before it starts or lasts for months.`,
      `事件“${named}”的结束早于开始，或持续数月。`,
    )
  return Array.from({ length: end - first }, (_, day) => dateOf(first + day))
}

function dayOf(value: string | undefined): number | null {
  const [, year, month, day] = /^(\d{4})(\d{2})(\d{2})(?:T0{6}Z?)?$/.exec(value ?? '') ?? []
  return dayNumberOf(`${year ?? ''}-${month ?? ''}-${day ?? ''}`)
}

/** The holiday without the words for off and worked: 春节（休）, 春节 补班 and 国庆节假期 are 春节, 春节 and 国庆节. */
function nameOf(summary: string): string {
  const plain = summary
    .replaceAll(/[（(｜|\s]*(?:补班|上班|班|放假|休假|假期|休息|休)[)）｜|\s]*/g, '')
    .trim()
  return (plain === '' ? summary : plain).slice(0, 40)
}
