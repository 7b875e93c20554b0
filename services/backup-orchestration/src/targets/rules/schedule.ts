import { said, type Bilingual } from '@erp-steward/contracts/bilingual'
import { Cron } from 'croner'

/** China has kept one zone without summer time since 1991, so the offset is exact and ten times cheaper than a zone. */
const SHANGHAI_MINUTES = 480

/**
 * Most runs that are counted after a downtime: a run each minute for a month. Counting them takes half a second.
 */
export const MOST_COUNTED_RUNS = 43_200

/**
 * Five fields of cron, read in Asia/Shanghai.
 *
 * @throws TypeError, RangeError if the text is no such schedule
 */
function cronOf(schedule: string): Cron {
  return new Cron(schedule, { utcOffset: SHANGHAI_MINUTES, mode: '5-part', paused: true })
}

/** What is wrong with a schedule, `null` when it can be used. */
export function scheduleFault(schedule: string, now: Date): Bilingual | null {
  if (!/^[-\d*,/A-Za-z]+( [-\d*,/A-Za-z]+){4}$/.test(schedule))
    return said(
      'A schedule has five fields of cron, separated by single spaces.',
      '计划须为以单个空格分隔的五个 cron 字段。',
    )
  try {
    return cronOf(schedule).nextRun(now) === null
      ? said('The schedule never comes round.', '该计划永远不会到期。')
      : null
  } catch (error) {
    return said(
      error instanceof Error ? error.message : 'The schedule cannot be read.',
      `无法读取该计划${error instanceof Error ? `:${error.message}` : ''}。`,
    )
  }
}

/** The next instants of a schedule after `from`, at most `count`; fewer where it ends. */
export function nextRuns(schedule: string, from: Date, count: number): Date[] {
  return cronOf(schedule).nextRuns(count, from)
}

/** What a schedule asked for from `due`, itself one of its instants, up to and with `now`. */
export interface DueRuns {
  /** How many, at least 1; at most `MOST_COUNTED_RUNS` are counted. */
  readonly count: number
  readonly latest: Date
  /** The first after `now`; `null` where the schedule ends. */
  readonly next: Date | null
}

export function dueRuns(schedule: string, due: Date, now: Date): DueRuns {
  const cron = cronOf(schedule)
  let count = 1
  let latest = due
  let next = cron.nextRun(due)
  while (next !== null && next <= now && count < MOST_COUNTED_RUNS) {
    latest = next
    count += 1
    next = cron.nextRun(next)
  }
  if (next !== null && next <= now) {
    // Beyond counting: what counts is that nothing of the past is run again.
    latest = now
    next = cron.nextRun(now)
  }
  return { count, latest, next }
}

const DAY_MS = 86_400_000

/** Whether a schedule comes round at least once in any stretch of so many milliseconds of the next year. */
export function comesWithin(schedule: string, intervalMs: number, now: Date): boolean {
  const cron = cronOf(schedule)
  const end = now.getTime() + repeatsWithinDays(schedule) * DAY_MS
  // Days are alike inside: of more than one that was walked through, only the way to the next matters.
  const walkUntil = now.getTime() + (intervalMs < DAY_MS ? 2 * DAY_MS : 0)
  let last = now
  while (last.getTime() < end) {
    const next = cron.nextRun(last)
    if (next === null || next.getTime() - last.getTime() > intervalMs) return false
    last = next.getTime() < walkUntil ? next : lastRunOfDay(cron, next)
  }
  return true
}

/** After how many days everything has come once that a schedule can tell apart: a week, two months, or a year. */
function repeatsWithinDays(schedule: string): number {
  const [, , dayOfMonth, month] = schedule.split(' ')
  if (month !== '*') return 367
  return dayOfMonth === '*' ? 8 : 63
}

function lastRunOfDay(cron: Cron, run: Date): Date {
  const offsetMs = SHANGHAI_MINUTES * 60_000
  const midnight = (Math.floor((run.getTime() + offsetMs) / DAY_MS) + 1) * DAY_MS - offsetMs
  const [last] = cron.previousRuns(1, new Date(midnight))
  return last === undefined || last < run ? run : last
}
