import { breachOf, type AlertLevel } from '../../alerts/rules/alert-machine.ts'

export interface ResolvedLimits {
  readonly comparison: 'above' | 'below'
  readonly warning: number | null
  readonly critical: number | null
}

/** The worst of the values and the level it reaches; `null` without a value, for silence says nothing. */
export function judge(
  values: readonly number[],
  limits: ResolvedLimits,
): { readonly value: number; readonly level: AlertLevel | null } | null {
  const numbers = values.filter((value) => !Number.isNaN(value))
  if (numbers.length === 0) return null
  const value = limits.comparison === 'above' ? Math.max(...numbers) : Math.min(...numbers)
  return { value, level: breachOf(limits, value) }
}
