import { ObservationKind, type Severity } from '@erp-steward/contracts/assessment-events'
import type { ParameterKey } from '@erp-steward/regulation/parameters'

/** What a point counts under: one of the four indicators, or the bonus. */
export type Indicator = 'accuracy' | 'timeliness' | 'cooperation' | 'security' | 'bonus'

/** What one observation costs or earns: the points are the value of the parameter. */
export interface ScoreRule {
  readonly indicator: Indicator
  readonly key: ParameterKey
}

const errorKeys = {
  light: 'assessment.deduction.error_light',
  medium: 'assessment.deduction.error_medium',
  heavy: 'assessment.deduction.error_heavy',
} as const

/**
 * The rule for an observation. A deviation from the process counts like a data error, light where nothing is said; a
 * heavy delay is one of an urgent matter; a security incident costs the whole weight of its group. An improvement earns
 * its own points, which the parameter bounds. Source: defaults 2.11.
 */
export function ruleFor(kind: ObservationKind, severity: Severity | null): ScoreRule {
  switch (kind) {
    case 'data-error':
    case 'process-deviation':
      return { indicator: 'accuracy', key: errorKeys[severity ?? 'light'] }
    case 'delay':
      return {
        indicator: 'timeliness',
        key:
          severity === 'heavy' ? 'assessment.deduction.delay_urgent' : 'assessment.deduction.delay',
      }
    case 'late-correction':
      return { indicator: 'timeliness', key: 'assessment.deduction.late_correction' }
    case 'task-refused':
      return { indicator: 'cooperation', key: 'assessment.deduction.task_refused' }
    case 'absence':
      return { indicator: 'cooperation', key: 'assessment.deduction.absence' }
    case 'lateness':
      return { indicator: 'cooperation', key: 'assessment.deduction.lateness' }
    case 'account-lending':
      return { indicator: 'security', key: 'assessment.deduction.account_lending' }
    case 'password-leak':
      return { indicator: 'security', key: 'assessment.deduction.password_leak' }
    case 'late-leaver-notice':
      return { indicator: 'security', key: 'assessment.deduction.late_leaver_notice' }
    case 'security-incident':
      return { indicator: 'security', key: 'assessment.weights.security' }
    case 'improvement':
      return { indicator: 'bonus', key: 'assessment.bonus.improvement_maximum' }
    case 'extra-help':
      return { indicator: 'bonus', key: 'assessment.bonus.extra_help' }
  }
}

/** `ruleFor` as a table, for a computation that joins a million facts with it; no severity is the empty text. */
export const ruleTable = ObservationKind.enum.flatMap((kind) =>
  ([null, 'light', 'medium', 'heavy'] as const).map((severity) => ({
    kind,
    severity: severity ?? '',
    ...ruleFor(kind, severity),
  })),
)

/** The four weights of a sheet; they add up to `FULL`. */
export const weightKeys = [
  'assessment.weights.accuracy',
  'assessment.weights.timeliness',
  'assessment.weights.cooperation',
  'assessment.weights.security',
] as const

/** Points of a month without fault. Source: defaults 2.11. */
export const FULL = 100

/** Every parameter that a sheet is computed by, each of a unit. */
export const sheetKeys = [
  ...new Set([
    ...weightKeys,
    ...ruleTable.map(({ key }) => key),
    'assessment.deduction.error_rate_high',
    'assessment.deduction.error_rate_very_high',
    'assessment.error_rate.high',
    'assessment.error_rate.very_high',
    'assessment.bonus.maximum',
    'assessment.grades.excellent',
    'assessment.grades.good',
    'assessment.grades.pass',
  ] as const),
].sort() as readonly NumberKey[]

/** Keys of the parameters of a sheet; their values are numbers. */
export type NumberKey = Extract<
  ParameterKey,
  | `assessment.weights.${string}`
  | `assessment.deduction.${string}`
  | `assessment.error_rate.${string}`
  | `assessment.bonus.${string}`
  | `assessment.grades.${string}`
>
