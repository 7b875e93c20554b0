/** An open interval of a day in whole minutes after local midnight: from `[0]` inclusive to `[1]` exclusive, 0 to 1440. */
export type MinuteInterval = readonly [startMinute: number, endMinute: number]

/** The days of the week in the order of ISO 8601: Monday is the first. */
export const weekdays = [
  'monday',
  'tuesday',
  'wednesday',
  'thursday',
  'friday',
  'saturday',
  'sunday',
] as const

/** The open intervals of each day of the week, ascending and without overlap; an empty list is a closed day. */
export type Week = Readonly<Record<(typeof weekdays)[number], readonly MinuteInterval[]>>

interface Identified {
  /** Stable id, the same in every version, for example `default` or a unit's id. */
  readonly id: string
  /** Version from 1 upwards; a decision stores the id and version that it used. */
  readonly version: number
  /** Always UTC+08:00: China has had no summer time since 1991 and the data starts in 2007. */
  readonly zone: 'Asia/Shanghai'
}

/** A calendar in which every moment is working time: clocks that run round the clock. It needs no holiday data. */
export interface ContinuousCalendarDefinition extends Identified {
  readonly kind: 'continuous'
}

/** A calendar with opening hours. An override beats a holiday or make-up day, which beats the weekday. */
export interface WorkingTimeCalendarDefinition extends Identified {
  readonly kind: 'working-time'
  readonly weekly: Week
  /** The unit's own days: local date `YYYY-MM-DD` to its intervals or `closed`. */
  readonly overrides: Readonly<Record<string, readonly MinuteInterval[] | 'closed'>>
  /** Whether Chinese public holidays close a day and make-up days (调休) open one with Monday's intervals. */
  readonly holidays: boolean
}

/** What an administrator defines and an event carries; `compileCalendar` makes it fast to ask. */
export type CalendarDefinition = ContinuousCalendarDefinition | WorkingTimeCalendarDefinition

/**
 * The office week: Monday to Friday 08:30-17:30, by default with a lunch break 12:00-13:00 that is not working time.
 * Pass `null` to work through. Source: regulations 2.2, clock type W.
 */
export function officeWeek(lunchBreak: MinuteInterval | null = [720, 780]): Week {
  const open: readonly MinuteInterval[] = lunchBreak
    ? [
        [510, lunchBreak[0]],
        [lunchBreak[1], 1050],
      ]
    : [[510, 1050]]
  return {
    monday: open,
    tuesday: open,
    wednesday: open,
    thursday: open,
    friday: open,
    saturday: [],
    sunday: [],
  }
}

/** The shipped calendar: the office week with lunch break (8 working hours a day), Chinese holidays and make-up days. */
export const defaultCalendarDefinition: WorkingTimeCalendarDefinition = {
  id: 'default',
  version: 1,
  zone: 'Asia/Shanghai',
  kind: 'working-time',
  weekly: officeWeek(),
  overrides: {},
  holidays: true,
}

/** The shipped calendar of clocks that run round the clock. Source: regulations 2.2, clock type 24. */
export const roundTheClockDefinition: ContinuousCalendarDefinition = {
  id: 'round-the-clock',
  version: 1,
  zone: 'Asia/Shanghai',
  kind: 'continuous',
}
