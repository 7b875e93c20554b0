import type { Target } from './parameter.ts'
import { isParameterValue, parameterByKey, type ParameterKey } from './parameters.ts'
import { valueSize } from './value-size.ts'

/** Which way a value gets stricter for those whom the parameter binds; `null`: no way can be told, so each loosens. */
export type Stricter = 'lower' | 'higher' | null

/**
 * What a row says of the keys that start with it; the longest start counts. Everything that is not named is guarded in
 * every direction: gates, measures, rules and clocks loosen by their parameters as well as by their operations.
 */
const strictness: Readonly<Record<string, Stricter>> = {
  'identity.password.min_length': 'higher',
  'identity.password.admin_min_length': 'higher',
  'identity.password.classes': 'higher',
  'identity.password.history': 'higher',
  'identity.password.admin_history': 'higher',
  'identity.password.history_age': 'higher',
  'identity.password.max_age': 'lower',
  'identity.password.initial_ttl': 'lower',
  'identity.password.cooling': 'higher',
  'identity.second_factor.': 'lower',
  'identity.lockout.failures': 'lower',
  'identity.lockout.account_failures': 'lower',
  'identity.lockout.daily_locks': 'lower',
  'identity.lockout.window': 'higher',
  'identity.lockout.lock': 'higher',
  'identity.leaver.': 'lower',
  'identity.temp_account.lifetime': 'lower',
  'identity.dormant.': 'lower',
  'identity.review.': 'lower',
  'identity.sod.exception_lifetime': 'lower',
  'identity.audit.period': 'lower',
  'identity.log.': 'higher',
  'gateway.session.': 'lower',
  // To refuse locks an owner out, to evict lets a thief in: nobody can tell which is stricter.
  'gateway.session.at_limit': null,
  'incident.sla.': 'lower',
  'incident.tier.': 'lower',
  'incident.priority.': 'lower',
  'incident.alert.priority.': 'lower',
  'incident.finding.': 'lower',
  'incident.major.': 'lower',
  'incident.escalation.': 'lower',
  'incident.report.first': 'lower',
  'incident.report.written': 'lower',
  'incident.report.follow_up': 'lower',
  'incident.report.closing': 'lower',
  'incident.report.root_cause': 'lower',
  'incident.report.legal.': 'lower',
  'incident.change.planned_time': 'lower',
  'incident.change.freeze.': 'higher',
  'incident.change.emergency.paper_within': 'lower',
  'incident.change.batch': 'lower',
  'incident.drill.': 'lower',
  'incident.plan.review': 'lower',
  'monitoring.threshold.': 'lower',
  'monitoring.availability.minimum': 'higher',
  'monitoring.for': 'lower',
  'monitoring.alert.': 'lower',
  'monitoring.inspection.daily_due': 'lower',
  'monitoring.inspection.deputy_due': 'lower',
  'monitoring.inspection.monthly_work_day': 'lower',
  'monitoring.inspection.health_check': 'lower',
  'monitoring.review.': 'lower',
  'monitoring.firewall.': 'lower',
  'monitoring.vuln.': 'lower',
  'monitoring.report.daily_due': 'lower',
  'monitoring.report.monthly_work_day': 'lower',
  'backup.rto': 'lower',
  'backup.rpo': 'lower',
  'backup.offsite.within': 'lower',
  'backup.plan.database.incremental_keep': 'higher',
  'backup.plan.database.weekly_keep': 'higher',
  'backup.plan.database.monthly_keep': 'higher',
  'backup.plan.database.yearly_keep': 'higher',
  'backup.plan.redo.interval': 'lower',
  'backup.plan.redo.keep': 'higher',
  'backup.plan.apps.interval': 'lower',
  'backup.plan.apps.keep': 'higher',
  'backup.plan.configuration.interval': 'lower',
  'backup.plan.configuration.keep': 'higher',
  'backup.plan.own.interval': 'lower',
  'backup.plan.own.keep': 'higher',
  'backup.verify.period': 'lower',
  'backup.prechange.max_age': 'lower',
  'backup.prechange.keep_after_close': 'higher',
  'backup.restore_test.': 'lower',
}

/** They say on which day or at what hour a duty falls, not whether or how well it is done. */
const free: readonly string[] = [
  'backup.plan.database.at',
  'monitoring.inspection.weekly',
  'monitoring.report.weekly_day',
  'monitoring.report.weekly_due',
]

/** Whether a new value of the parameter needs a second person, in every direction or where it loosens. */
export function isGuarded(key: ParameterKey): boolean {
  return !free.includes(key)
}

/** Which way the parameter gets stricter. */
export function stricterOf(key: ParameterKey): Stricter {
  const starts = Object.keys(strictness).filter((start) => key.startsWith(start))
  const [longest] = starts.sort((a, b) => b.length - a.length)
  return longest === undefined ? null : (strictness[longest] ?? null)
}

/**
 * Whether `to` asks less of those whom the parameter binds than `from`, or nobody can tell: then the change is for two
 * persons. What asks the same or more is for one.
 */
export function loosens(key: ParameterKey, from: unknown, to: unknown): boolean {
  if (!isGuarded(key) || JSON.stringify(from) === JSON.stringify(to)) return false
  const stricter = stricterOf(key)
  if (stricter === null) return true
  const parameter = parameterByKey(key)
  if (!isParameterValue(key, from) || !isParameterValue(key, to)) return true
  if (parameter.type === 'target') return targetLoosens(from as Target, to as Target)
  const [before, after] =
    parameter.type === 'choice'
      ? [optionAt(parameter, from), optionAt(parameter, to)]
      : [valueSize(from), valueSize(to)]
  if (before === undefined || after === undefined) return true
  return stricter === 'lower' ? after > before : after < before
}

/** Options of a choice that has a stricter way stand in order, the strictest first. */
function optionAt({ bounds }: { bounds: { options: readonly string[] } }, value: unknown): number {
  return bounds.options.findIndex((option) => option === value)
}

/** No working day is shorter; only to compare a length of time with a number of days. */
const SHORTEST_DAY_SECONDS = 3_600

/** Working time never runs faster than the time of day, so the same length of it is never the stricter one. */
function targetLoosens(from: Target, to: Target): boolean {
  if ('workingDays' in to) return !('workingDays' in from) || to.workingDays > from.workingDays
  if (from.clock === 'continuous' && to.clock === 'working') return true
  const before =
    'workingDays' in from ? from.workingDays * SHORTEST_DAY_SECONDS : valueSize(from.within)
  const after = valueSize(to.within)
  return before === undefined || after === undefined || after > before
}
