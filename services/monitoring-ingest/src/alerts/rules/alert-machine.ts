/** Levels of an alert, the graver last. Source: defaults 2.6. */
export type AlertLevel = 'warning' | 'critical'

/** What a threshold asks of each of its series. */
export interface AlertRule {
  /** `above`: a value from the limit up is a breach; `below`: from the limit down. */
  readonly comparison: 'above' | 'below'
  /** `rate-per-second`: the rise since the sample before, for counters; a fall counts as a restart from zero. */
  readonly transform: 'value' | 'rate-per-second'
  /** At least one of the two limits is set. */
  readonly warning: number | null
  readonly critical: number | null
  /** How long a breach must last, in milliseconds of sample time. Source: parameter monitoring.for. */
  readonly forMs: number
  /** Past this value, strictly, a firing alert has recovered; `null`: past the milder limit. */
  readonly recoverLevel: number | null
}

/** What is known of one series under one rule; all times are sample times in milliseconds since 1970. */
export interface AlertState {
  readonly phase: 'inactive' | 'pending' | 'firing'
  /** One id from pending to the end; `null` while inactive. */
  readonly episodeId: string | null
  /** While pending, of the newest sample; while firing it rises and never falls. */
  readonly level: AlertLevel | null
  /** Since when the values have breached without a break. */
  readonly sinceMs: number | null
  /** Since when they have breached the critical limit without a break. */
  readonly criticalSinceMs: number | null
  /** The newest sample seen; what is not newer changes nothing. */
  readonly lastMs: number | null
  readonly lastValue: number | null
}

export interface Observation {
  readonly atMs: number
  readonly value: number
}

/**
 * What a sample brought about. `pending` and `firing` open or raise an episode; `cleared` ends one that never fired,
 * `resolved` one that did.
 */
export interface Transition {
  readonly kind: 'pending' | 'firing' | 'cleared' | 'resolved'
  readonly episodeId: string
  readonly level: AlertLevel
  /** The value compared, after the transform; always finite. */
  readonly value: number
  /** The limit of the level. */
  readonly limit: number
  readonly sinceMs: number
  readonly atMs: number
}

/** The state before the first sample. */
export const INITIAL: AlertState = {
  phase: 'inactive',
  episodeId: null,
  level: null,
  sinceMs: null,
  criticalSinceMs: null,
  lastMs: null,
  lastValue: null,
}

/**
 * Moves one series on by one sample. Source.
 *
 * A level is confirmed once it has been breached for `forMs` without a break. Only a value past the recover level ends
 * a firing alert: silence, NaN and samples that are late or repeated change nothing.
 */
export function step(
  rule: AlertRule,
  state: AlertState,
  { atMs, value }: Observation,
  newEpisodeId: () => string,
): { readonly state: AlertState; readonly transitions: readonly Transition[] } {
  if (Number.isNaN(value) || (state.lastMs !== null && atMs <= state.lastMs))
    return { state, transitions: [] }
  const seen = { ...state, lastMs: atMs, lastValue: value }
  const compared = transformed(rule, state, atMs, value)
  if (compared === null) return { state: seen, transitions: [] }

  const breach = breachOf(rule, compared)
  const told = (kind: Transition['kind'], of: AlertState): Transition => {
    const level = of.level ?? 'warning'
    return {
      kind,
      episodeId: of.episodeId ?? '',
      level,
      value: finite(compared),
      limit: limitOf(rule, level),
      sinceMs: of.sinceMs ?? atMs,
      atMs,
    }
  }

  if (breach === null) {
    const ended = { ...INITIAL, lastMs: atMs, lastValue: value }
    if (state.phase === 'inactive') return { state: ended, transitions: [] }
    if (state.phase === 'pending') return { state: ended, transitions: [told('cleared', state)] }
    if (recovered(rule, compared)) return { state: ended, transitions: [told('resolved', state)] }
    return { state: { ...seen, criticalSinceMs: null }, transitions: [] }
  }

  const open: AlertState = {
    ...seen,
    episodeId: state.episodeId ?? newEpisodeId(),
    sinceMs: state.sinceMs ?? atMs,
    criticalSinceMs: breach === 'critical' ? (state.criticalSinceMs ?? atMs) : null,
  }
  const lasted = (sinceMs: number | null) => sinceMs !== null && atMs - sinceMs >= rule.forMs
  if (state.phase === 'firing') {
    if (state.level === 'critical' || !lasted(open.criticalSinceMs))
      return { state: open, transitions: [] }
    const raised: AlertState = { ...open, level: 'critical' }
    return { state: raised, transitions: [told('firing', raised)] }
  }
  if (lasted(open.sinceMs)) {
    const level = lasted(open.criticalSinceMs) ? 'critical' : 'warning'
    const firing: AlertState = { ...open, phase: 'firing', level }
    return { state: firing, transitions: [told('firing', firing)] }
  }
  const pending: AlertState = { ...open, phase: 'pending', level: breach }
  return {
    state: pending,
    transitions: state.phase === 'pending' ? [] : [told('pending', pending)],
  }
}

/** The value to compare; `null` when a rate has no earlier sample or no meaning. */
function transformed(
  { transform }: AlertRule,
  { lastMs, lastValue }: AlertState,
  atMs: number,
  value: number,
): number | null {
  if (transform === 'value') return value
  if (lastMs === null || lastValue === null) return null
  if (!Number.isFinite(lastValue) || !Number.isFinite(value)) return null
  return (value < lastValue ? value : value - lastValue) / ((atMs - lastMs) / 1_000)
}

/** The gravest level that the value breaches; `null` when it breaches none. */
export function breachOf(
  { comparison, warning, critical }: Pick<AlertRule, 'comparison' | 'warning' | 'critical'>,
  value: number,
): AlertLevel | null {
  const reaches = (limit: number | null) =>
    limit !== null && (comparison === 'above' ? value >= limit : value <= limit)
  if (reaches(critical)) return 'critical'
  return reaches(warning) ? 'warning' : null
}

function recovered({ comparison, recoverLevel, warning, critical }: AlertRule, value: number) {
  const level = recoverLevel ?? warning ?? critical ?? 0
  return comparison === 'above' ? value < level : value > level
}

function limitOf({ warning, critical }: AlertRule, level: AlertLevel): number {
  return (level === 'critical' ? (critical ?? warning) : (warning ?? critical)) ?? 0
}

/** JSON knows no infinity. */
function finite(value: number): number {
  return Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, value))
}
