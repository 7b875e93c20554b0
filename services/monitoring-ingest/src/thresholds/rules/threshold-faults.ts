/** The numbers of a threshold. */
export interface Limits {
  readonly comparison: 'above' | 'below'
  readonly warning: number | null
  readonly critical: number | null
  readonly recoverLevel: number | null
}

/** What is wrong with the numbers of a threshold, with a JSON pointer each; empty when it can be used. */
export function thresholdFaults({ comparison, warning, critical, recoverLevel }: Limits) {
  /** Whether `a` is at least as grave as `b`. */
  const asGrave = (a: number, b: number) => (comparison === 'above' ? a >= b : a <= b)
  const milder = warning ?? critical
  const faults: { pointer: string; detail: string }[] = []
  if (milder === null)
    faults.push({ pointer: '#/warning', detail: 'One of warning and critical is needed.' })
  if (warning !== null && critical !== null && !asGrave(critical, warning))
    faults.push({ pointer: '#/critical', detail: 'critical must be at least as grave as warning.' })
  if (recoverLevel !== null && milder !== null && !asGrave(milder, recoverLevel))
    faults.push({
      pointer: '#/recoverLevel',
      detail: 'recoverLevel must lie on the good side of the milder limit, or on it.',
    })
  return faults
}
