// A second opinion that shares nothing with the product: it walks minute by minute and asks chinese-days for holidays.
import { createRequire } from 'node:module'
import type { MinuteInterval, WorkingTimeCalendarDefinition } from '../src/calendar-definition.ts'

interface ChineseDays {
  isWorkday(date: string): boolean
  /** `name` is "English,Chinese,days" for a day of a notice, and the weekday's name for any other. */
  getDayDetail(date: string): { work: boolean; name: string }
}

export const chineseDays = createRequire(import.meta.url)('chinese-days') as ChineseDays

const names = [
  'sunday',
  'monday',
  'tuesday',
  'wednesday',
  'thursday',
  'friday',
  'saturday',
] as const
const minuteMs = 60_000

export interface Oracle {
  isOpen(atMs: number): boolean
  between(aMs: number, bMs: number): number
  add(fromMs: number, workingMs: number): number
}

/** Answers of the slow walk for one definition; each local day is looked up once. */
export function minuteOracle(definition: WorkingTimeCalendarDefinition): Oracle {
  const minutesOfDay = new Map<number, Uint8Array>()

  function minutesOf(dayNumber: number): Uint8Array {
    const seen = minutesOfDay.get(dayNumber)
    if (seen) return seen
    const minutes = new Uint8Array(1440)
    const date = new Date(dayNumber * 1440 * minuteMs).toISOString().slice(0, 10)
    for (const [start, end] of intervalsOf(date)) minutes.fill(1, start, end)
    minutesOfDay.set(dayNumber, minutes)
    return minutes
  }

  function intervalsOf(date: string): readonly MinuteInterval[] {
    const own = definition.overrides[date]
    if (own !== undefined) return own === 'closed' ? [] : own
    const name = names[new Date(`${date}T12:00:00Z`).getUTCDay()] ?? 'sunday'
    const detail = chineseDays.getDayDetail(date)
    const inNotice = definition.holidays && detail.name.includes(',')
    if (!inNotice) return definition.weekly[name]
    return detail.work ? definition.weekly.monday : []
  }

  function isOpen(atMs: number): boolean {
    const localMinute = Math.floor(atMs / minuteMs) + 8 * 60
    return minutesOf(Math.floor(localMinute / 1440))[localMinute % 1440] === 1
  }

  function between(aMs: number, bMs: number): number {
    let sum = 0
    for (let at = aMs; at < bMs;) {
      const next = Math.min(bMs, Math.floor(at / minuteMs) * minuteMs + minuteMs)
      if (isOpen(at)) sum += next - at
      at = next
    }
    return sum
  }

  function add(fromMs: number, workingMs: number): number {
    let left = workingMs
    let at = fromMs
    while (left > 0) {
      const next = Math.floor(at / minuteMs) * minuteMs + minuteMs
      if (isOpen(at)) {
        if (next - at >= left) return at + left
        left -= next - at
      }
      at = next
    }
    return at
  }

  return { isOpen, between, add }
}
