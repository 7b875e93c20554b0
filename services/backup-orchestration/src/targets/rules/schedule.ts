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
export function scheduleFault(schedule: string, now: Date): string | null {
  if (!/^[-\d*,/A-Za-z]+( [-\d*,/A-Za-z]+){4}$/.test(schedule))
    return 'A schedule has five fields of cron, separated by single spaces.'
  try {
    return cronOf(schedule).nextRun(now) === null ? 'The schedule never comes round.' : null
  } catch (error) {
    return error instanceof Error ? error.message : 'The schedule cannot be read.'
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
