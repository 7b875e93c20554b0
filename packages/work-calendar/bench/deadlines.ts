// Deadlines per CPU-second of addWorkingTime against a plain day-by-day loop, on the shipped calendar.
// Standalone: node packages/work-calendar/bench/deadlines.ts
import { defaultCalendarDefinition, type MinuteInterval } from '../src/calendar-definition.ts'
import { noticeFor } from '../src/china-holidays.ts'
import { compileCalendar } from '../src/compile-calendar.ts'
import { addWorkingTime } from '../src/working-time.ts'

/** One line of a benchmark; `ours` and `theirs` count `unit`s, and higher is better. */
export interface BenchRow {
  name: string
  reference: string
  ours: number
  theirs: number
  unit: string
  /** CPU microseconds (user and system) per unit of ours. */
  cpuMicrosPerUnit: number
  note?: string
}

interface Question {
  from: Date
  workingMs: number
}

const minuteMs = 60_000
const dayMs = 1440 * minuteMs
const standardDayMs = 8 * 60 * minuteMs
const calendar = compileCalendar(defaultCalendarDefinition)

/** Reproducible numbers in [0, 1): the same questions in every run (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** Any millisecond of 2007 to November 2026, and targets from a minute to ten working days. */
function questions(count: number): Question[] {
  const random = randomFrom(20260309)
  const firstMs = Date.parse('2007-01-01T00:00:00+08:00')
  const lastMs = Date.parse('2026-12-01T00:00:00+08:00')
  return Array.from({ length: count }, () => ({
    from: new Date(firstMs + Math.floor(random() * (lastMs - firstMs))),
    workingMs: minuteMs + Math.floor(random() * 10 * standardDayMs),
  }))
}

const monday = defaultCalendarDefinition.weekly.monday
const closed: readonly MinuteInterval[] = []

function hoursOf(localMidnight: Date): readonly MinuteInterval[] {
  const notice = noticeFor(localMidnight.toISOString().slice(0, 10))
  if (notice === 'holiday') return closed
  const weekday = localMidnight.getUTCDay()
  return notice === 'make-up day' || (weekday >= 1 && weekday <= 5) ? monday : closed
}

/** The reference: what one writes first. From the day of the start on, take each day's hours off the target. */
function addDayByDay(from: Date, workingMs: number): Date {
  const zoneMs = 480 * minuteMs
  const localMs = from.getTime() + zoneMs
  let left = workingMs
  for (let midnightMs = Math.floor(localMs / dayMs) * dayMs; ; midnightMs += dayMs) {
    for (const [start, end] of hoursOf(new Date(midnightMs))) {
      const openMs = Math.max(localMs, midnightMs + start * minuteMs)
      const span = midnightMs + end * minuteMs - openMs
      if (span <= 0) continue
      if (left <= span) return new Date(openMs + left - zoneMs)
      left -= span
    }
  }
}

/** Deadlines per CPU-second over at least `minCpuMs` of CPU time, whole rounds of all questions. */
function perCpuSecond(
  asked: readonly Question[],
  answer: (question: Question) => Date,
  minCpuMs: number,
) {
  let checksum = 0
  let count = 0
  let cpuMicros: number
  const started = process.cpuUsage()
  do {
    for (const question of asked) checksum += answer(question).getTime() % 1000
    count += asked.length
    const { user, system } = process.cpuUsage(started)
    cpuMicros = user + system
  } while (cpuMicros < minCpuMs * 1000)
  // The sum is used, so that the work cannot be optimised away.
  if (!Number.isFinite(checksum)) throw new Error('a deadline was not a date')
  return { rate: (count / cpuMicros) * 1e6, cpuMicrosPerUnit: cpuMicros / count }
}

/**
 * Measures both ways on the same questions after checking that they agree; about four CPU-seconds.
 * @throws Error when the two ways disagree, for then there is nothing to compare.
 */
export function run(): BenchRow[] {
  const asked = questions(50_000)
  const fast = ({ from, workingMs }: Question) => addWorkingTime(calendar, from, workingMs)
  const plain = ({ from, workingMs }: Question) => addDayByDay(from, workingMs)
  const different = asked.find((question) => fast(question).getTime() !== plain(question).getTime())
  if (different) throw new Error(`The two ways disagree about ${JSON.stringify(different)}`)

  perCpuSecond(asked, fast, 300)
  const ours = perCpuSecond(asked, fast, 1500)
  const theirs = perCpuSecond(asked, plain, 1500)
  return [
    {
      name: 'deadlines on the default calendar',
      reference: 'plain day-by-day loop',
      ours: Math.round(ours.rate),
      theirs: Math.round(theirs.rate),
      unit: 'deadlines per CPU-second',
      cpuMicrosPerUnit: ours.cpuMicrosPerUnit,
      note: 'random starts 2007-2026, targets of one minute to ten working days',
    },
  ]
}

if (import.meta.main) console.table(run())
