import type { CompiledCalendar } from './compile-calendar.ts'
import {
  addWorkingTime,
  targetMs,
  workingSpans,
  workingTimeBetween,
  type Target,
} from './working-time.ts'

/** One thing that happened to a clock. Facts are only ever added, in the order of time. */
export type ClockFact =
  | {
      readonly at: Date
      readonly kind: 'start' | 'target-changed'
      readonly target: Target
      readonly reason?: string
    }
  | { readonly at: Date; readonly kind: 'pause' | 'resume' | 'stop'; readonly reason?: string }

/** A stretch of a clock's life in one state, from inclusive to exclusive. */
export interface ClockSegment {
  readonly from: Date
  readonly to: Date
  /** `outside-hours`: the clock runs, but the calendar is closed. A pause is one segment, open hours or not. */
  readonly state: 'running' | 'paused' | 'outside-hours'
  /** Working milliseconds in the segment; they count as used only when running. */
  readonly workingMs: number
  /** The reason given with the start, pause or resume that began the stretch. */
  readonly reason: string | null
}

/** Why a clock stands where it stands, as of an instant. */
export interface ClockExplanation {
  readonly state: 'running' | 'paused' | 'stopped'
  readonly segments: readonly ClockSegment[]
  /** The target in force, in working milliseconds. */
  readonly targetMs: number
  readonly usedMs: number
  /** Target less used, in working milliseconds; negative when overrun. */
  readonly remainingMs: number
  /** As `deadlineOf`. */
  readonly deadline: Date | null
  /**
   * When the clock first ran past the target in force: never before that target was set, never inside a pause.
   * Null when it has not; being done at the deadline itself is in time.
   */
  readonly breachedAt: Date | null
}

/** Times between two facts in which the clock ran or was paused; the last one has no end unless the clock stopped. */
interface Stretch {
  readonly from: Date
  readonly to: Date | null
  readonly paused: boolean
  readonly reason: string | null
}

interface ReadFacts {
  readonly state: 'running' | 'paused' | 'stopped'
  readonly stretches: readonly Stretch[]
  readonly target: Target
  readonly targetSince: Date
}

/**
 * The instant at which the used working time reaches the target in force, or null while the clock is paused. Once
 * stopped: what it was then. A pause moves it by the pause's working time; a changed target keeps the time used, so
 * a lowered one may put the deadline into the past.
 * @throws RangeError when the facts make no sense together, naming the fact.
 * @throws CalendarYearMissing when the deadline needs a year whose holidays are not known.
 */
export function deadlineOf(facts: readonly ClockFact[], calendar: CompiledCalendar): Date | null {
  return deadlineFrom(readFacts(facts), calendar)
}

/**
 * Working milliseconds used up to `now`: what has run, without pauses. Facts after `now` do not count yet.
 * @throws RangeError when the facts make no sense together, naming the fact.
 * @throws CalendarYearMissing when a fact or `now` lies in a year whose holidays are not known.
 */
export function elapsed(
  facts: readonly ClockFact[],
  calendar: CompiledCalendar,
  now: Date,
): number {
  const { stretches } = readFacts(factsUntil(facts, now))
  return stretches
    .filter(({ paused }) => !paused)
    .map(({ from, to }) => workingTimeBetween(calendar, from, later(from, to ?? now)))
    .reduce((sum, ms) => sum + ms, 0)
}

/**
 * How the clock came to its deadline, as of `now`: every stretch with its reason, and the sums. Facts after `now` do
 * not count yet; before its start a clock is explained as just started.
 * @throws RangeError when the facts make no sense together, naming the fact.
 * @throws CalendarYearMissing when a fact, `now` or the deadline lies in a year whose holidays are not known.
 */
export function explain(
  facts: readonly ClockFact[],
  calendar: CompiledCalendar,
  now: Date,
): ClockExplanation {
  const read = readFacts(factsUntil(facts, now))
  const total = targetMs(calendar, read.target)
  const usedMs = elapsed(facts, calendar, now)
  return {
    state: read.state,
    segments: joined(read.stretches.flatMap((stretch) => segmentsOf(stretch, calendar, now))),
    targetMs: total,
    usedMs,
    remainingMs: total - usedMs,
    deadline: deadlineFrom(read, calendar),
    breachedAt: breachOf(read, calendar, now),
  }
}

function factsUntil(facts: readonly ClockFact[], now: Date): readonly ClockFact[] {
  // The whole list is checked, so that a fault does not show up only once its time has come.
  readFacts(facts)
  return facts.filter(({ at }, index) => index === 0 || at.getTime() <= now.getTime())
}

function readFacts(facts: readonly ClockFact[]): ReadFacts {
  const [first] = facts
  if (first?.kind !== 'start') throw new RangeError('A clock begins with a start fact.')
  const stretches: Stretch[] = []
  let state: ReadFacts['state'] = 'running'
  let open = { from: first.at, paused: false, reason: first.reason ?? null }
  let { target, at: targetSince } = first
  let previous: ClockFact = first

  for (const [index, fact] of facts.entries()) {
    if (Number.isNaN(fact.at.getTime())) throw badFact(index, fact, 'its date is invalid')
    if (index === 0) continue
    if (fact.at < previous.at) throw badFact(index, fact, 'it is before the fact before it')
    previous = fact
    if (state === 'stopped') throw badFact(index, fact, 'the clock has stopped')
    switch (fact.kind) {
      case 'start':
        throw badFact(index, fact, 'the clock has started already')
      case 'target-changed':
        target = fact.target
        targetSince = fact.at
        continue
      case 'pause':
        if (state === 'paused') throw badFact(index, fact, 'the clock is paused already')
        state = 'paused'
        break
      case 'resume':
        if (state === 'running') throw badFact(index, fact, 'the clock is not paused')
        state = 'running'
        break
      case 'stop':
        state = 'stopped'
        break
    }
    stretches.push({ ...open, to: fact.at })
    open = { from: fact.at, paused: state === 'paused', reason: fact.reason ?? null }
  }
  if (state !== 'stopped') stretches.push({ ...open, to: null })
  return { state, stretches, target, targetSince }
}

function badFact(index: number, { kind, at }: ClockFact, why: string): RangeError {
  const when = Number.isNaN(at.getTime()) ? 'an unknown time' : at.toISOString()
  return new RangeError(`Fact ${index + 1} of the clock (${kind} at ${when}) cannot be: ${why}.`)
}

function deadlineFrom(read: ReadFacts, calendar: CompiledCalendar): Date | null {
  const pausedAtTheEnd = read.stretches.at(-1)?.paused === true
  return pausedAtTheEnd ? null : reachedAt(read, calendar, targetMs(calendar, read.target))
}

/** When the running stretches, the last one taken as endless, add up to the target. */
function reachedAt(read: ReadFacts, calendar: CompiledCalendar, total: number): Date | null {
  let left = total
  const running = read.stretches.filter(({ paused }) => !paused)
  for (const [index, { from, to }] of running.entries()) {
    const isLast = index === running.length - 1
    // Paused for good: the target may still have been reached before, but nothing is projected.
    const endless = isLast && read.stretches.at(-1)?.paused === false
    const ms = endless || to === null ? Infinity : workingTimeBetween(calendar, from, to)
    if (left <= ms) return addWorkingTime(calendar, from, left)
    left -= ms
  }
  return null
}

function breachOf(read: ReadFacts, calendar: CompiledCalendar, now: Date): Date | null {
  const reached = reachedAt(read, calendar, targetMs(calendar, read.target))
  if (reached === null) return null
  for (const { from, to, paused } of read.stretches) {
    const past = later(later(reached, read.targetSince), from)
    if (!paused && past < (to ?? now)) return past
  }
  return null
}

function segmentsOf(stretch: Stretch, calendar: CompiledCalendar, now: Date): ClockSegment[] {
  const { from, paused, reason } = stretch
  const to = stretch.to ?? now
  if (from >= to) return []
  if (paused) {
    const workingMs = workingTimeBetween(calendar, from, to)
    return [{ from, to, state: 'paused', workingMs, reason }]
  }
  const segments: ClockSegment[] = []
  let end = from
  for (const span of workingSpans(calendar, from, to)) {
    segments.push(closed(end, span.from, reason))
    const workingMs = span.to.getTime() - span.from.getTime()
    segments.push({ ...span, state: 'running', workingMs, reason })
    end = span.to
  }
  segments.push(closed(end, to, reason))
  return segments.filter((segment) => segment.from < segment.to)
}

function closed(from: Date, to: Date, reason: string | null): ClockSegment {
  return { from, to, state: 'outside-hours', workingMs: 0, reason }
}

/** Neighbours in the same state with the same reason become one: hours that run past midnight are one segment. */
function joined(segments: readonly ClockSegment[]): ClockSegment[] {
  const result: ClockSegment[] = []
  for (const segment of segments) {
    const last = result.at(-1)
    if (last?.state === segment.state && last.reason === segment.reason) {
      const workingMs = last.workingMs + segment.workingMs
      result[result.length - 1] = { ...last, to: segment.to, workingMs }
    } else {
      result.push(segment)
    }
  }
  return result
}

function later(a: Date, b: Date): Date {
  return a > b ? a : b
}
