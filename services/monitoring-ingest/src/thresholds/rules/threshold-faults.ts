import { said, type Bilingual } from '@erp-steward/contracts/bilingual'

/** The numbers of a threshold, and the metric they are held against. */
export interface Limits {
  readonly metric: string
  readonly transform: 'value' | 'rate-per-second'
  readonly comparison: 'above' | 'below'
  readonly warning: number | null
  readonly critical: number | null
  readonly recoverLevel: number | null
}

/** Greatest value that a metric can have, by how its name ends; the least is 0. Source: Prometheus naming. */
const GREATEST = [
  { ending: '_percent', value: 100 },
  { ending: '_ratio', value: 1 },
  { ending: '_up', value: 1 },
]

/**
 * What is wrong with the numbers of a threshold, with a JSON pointer each; empty when it can be used. A limit that no
 * value can reach is a threshold that never applies. Source.
 */
export function thresholdFaults({
  metric,
  transform,
  comparison,
  warning,
  critical,
  recoverLevel,
}: Limits) {
  /** Whether `a` is at least as grave as `b`. */
  const asGrave = (a: number, b: number) => (comparison === 'above' ? a >= b : a <= b)
  const milder = warning ?? critical
  const faults: { pointer: string; detail: Bilingual }[] = []
  if (milder === null)
    faults.push({
      pointer: '#/warning',
      detail: said('One of warning and critical is needed.', 'warning 和 critical 须至少有一个。'),
    })
  if (warning !== null && critical !== null && !asGrave(critical, warning))
    faults.push({
      pointer: '#/critical',
      detail: said(
        'critical must be at least as grave as warning.',
        'critical 的严重程度不得低于 warning。',
      ),
    })
  if (recoverLevel !== null && milder !== null && !asGrave(milder, recoverLevel))
    faults.push({
      pointer: '#/recoverLevel',
      detail: said(
        'recoverLevel must lie on the good side of the milder limit, or on it.',
        'recoverLevel 须位于较宽限值的正常一侧，或等于该限值。',
      ),
    })
  const greatest = GREATEST.find(({ ending }) => metric.endsWith(ending))?.value
  if (greatest !== undefined && transform === 'value')
    for (const [member, limit] of Object.entries({ warning, critical }))
      if (limit !== null && (comparison === 'above' ? limit > greatest : limit < 0))
        faults.push({
          pointer: `#/${member}`,
          detail: said(
            `${metric} never reaches ${String(limit)}.`,
            `${metric} 永远达不到 ${String(limit)}。`,
          ),
        })
  return faults
}
