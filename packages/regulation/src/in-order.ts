import type { ParameterKey } from './parameters.ts'
import { valueSize } from './value-size.ts'

/** Pairs of which the first must stay below the second, or a rule that reads both would never apply, or always. */
export const ordered: readonly (readonly [below: ParameterKey, above: ParameterKey])[] = [
  ['gateway.session.idle', 'gateway.session.absolute'],
  ['gateway.session.admin_idle', 'gateway.session.absolute'],
  ['monitoring.threshold.cpu.warning', 'monitoring.threshold.cpu.critical'],
  ['monitoring.threshold.memory.warning', 'monitoring.threshold.memory.critical'],
  ['monitoring.threshold.disk.warning', 'monitoring.threshold.disk.critical'],
  ['monitoring.threshold.tablespace.warning', 'monitoring.threshold.tablespace.critical'],
  ['monitoring.threshold.archive.warning', 'monitoring.threshold.archive.critical'],
  ['monitoring.threshold.disk_latency.warning', 'monitoring.threshold.disk_latency.critical'],
  ['monitoring.threshold.disk_busy.warning', 'monitoring.threshold.disk_busy.critical'],
  ['monitoring.threshold.page_time.warning', 'monitoring.threshold.page_time.critical'],
  ['monitoring.threshold.network_loss.warning', 'monitoring.threshold.network_loss.critical'],
  ['monitoring.threshold.network_delay.warning', 'monitoring.threshold.network_delay.critical'],
  ['monitoring.threshold.standby_lag.warning', 'monitoring.threshold.standby_lag.critical'],
  ['monitoring.inspection.daily_due', 'monitoring.inspection.deputy_due'],
  ['assessment.error_rate.high', 'assessment.error_rate.very_high'],
  ['assessment.grades.pass', 'assessment.grades.good'],
  ['assessment.grades.good', 'assessment.grades.excellent'],
]

/** Whether a value lies below another of the same type: numbers, durations and times of day. */
export function liesBelow(below: unknown, above: unknown): boolean {
  const [first, second] = [valueSize(below), valueSize(above)]
  return first !== undefined && second !== undefined && first < second
}
