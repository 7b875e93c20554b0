/** Most labels of one series, the metric's name included. Source: anchors 4.4. */
export const MAX_LABELS = 40
/** Longest label value in bytes of UTF-8. Source: anchors 4.4. */
export const MAX_VALUE_BYTES = 1_024
/** Longest label name in bytes. */
export const MAX_NAME_BYTES = 200

/** Why the samples of a series are refused. */
export type LabelFault =
  | 'metric-name-missing'
  | 'label-name-invalid'
  | 'label-repeated'
  | 'label-value-invalid'
  | 'label-value-too-long'
  | 'too-many-labels'

/** A series by its name and labels. */
export interface LabelSet {
  readonly metric: string
  /** Without the metric's name. */
  readonly labels: Readonly<Record<string, string>>
  /** Name and sorted labels: equal for equal sets, in whatever order they were sent. */
  readonly canonical: string
}

const METRIC = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/

/** The series these labels name, or why it cannot be kept. An empty value is the same as no label. */
export function labelSet(
  pairs: readonly (readonly [name: string, value: string])[],
): LabelSet | LabelFault {
  if (pairs.length > MAX_LABELS) return 'too-many-labels'
  const held = new Map<string, string>()
  for (const [name, value] of pairs) {
    if (name.length > MAX_NAME_BYTES || !LABEL.test(name)) return 'label-name-invalid'
    if (held.has(name)) return 'label-repeated'
    if (Buffer.byteLength(value) > MAX_VALUE_BYTES) return 'label-value-too-long'
    // PostgreSQL cannot store NUL.
    if (value.includes('\0')) return 'label-value-invalid'
    held.set(name, value)
  }
  const metric = held.get('__name__') ?? ''
  if (metric.length > MAX_NAME_BYTES || !METRIC.test(metric)) return 'metric-name-missing'
  held.delete('__name__')
  const sorted = [...held].filter(([, value]) => value !== '').sort(([a], [b]) => (a < b ? -1 : 1))
  return {
    metric,
    labels: Object.fromEntries(sorted),
    canonical: JSON.stringify([metric, sorted]),
  }
}
