import type { ThresholdDefinition } from '../threshold.ts'

/** A definition, and how long a breach must last. */
export interface Definition extends ThresholdDefinition {
  readonly forSeconds: number
}

/**
 * Whether a change lets something pass that alarmed before: another thing is watched, a limit is further away or gone, a
 * breach must last longer, or an alert ends sooner. What only tightens needs one hand. Source.
 */
export function loosens(before: Definition, after: Definition): boolean {
  const watchesElse =
    before.metric !== after.metric ||
    before.comparison !== after.comparison ||
    before.transform !== after.transform ||
    narrowsModule(before, after) ||
    narrowsMatchers(before, after)
  if (watchesElse) return true
  /** How far away a limit is; none at all is the furthest. */
  const distance = (limit: number | null) =>
    limit === null ? Infinity : after.comparison === 'above' ? limit : -limit
  return (
    distance(after.warning ?? after.critical) > distance(before.warning ?? before.critical) ||
    distance(after.critical) > distance(before.critical) ||
    after.forSeconds > before.forSeconds ||
    distance(recovery(after)) > distance(recovery(before))
  )
}

/** The value past which an alert has recovered. */
function recovery({ recoverLevel, warning, critical }: Definition): number | null {
  return recoverLevel ?? warning ?? critical
}

function narrowsModule(before: Definition, after: Definition): boolean {
  return after.moduleCode !== null && after.moduleCode !== before.moduleCode
}

function narrowsMatchers(before: Definition, after: Definition): boolean {
  return after.matchers.some(
    (matcher) =>
      !before.matchers.some(
        ({ label, op, value }) =>
          label === matcher.label && op === matcher.op && value === matcher.value,
      ),
  )
}
