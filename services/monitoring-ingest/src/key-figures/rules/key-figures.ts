import type { ParameterKey } from '@erp-steward/regulation/parameters'

/** A metric that shows a key figure, its limit, and the values that it can have. */
export interface FigureMetric {
  readonly metric: string
  /** A threshold above this is no guard. */
  readonly critical: ParameterKey &
    (
      | 'monitoring.threshold.cpu.critical'
      | 'monitoring.threshold.memory.critical'
      | 'monitoring.threshold.disk_busy.critical'
      | 'monitoring.threshold.disk_latency.critical'
    )
  /** Greatest value that can be; the least is 0. */
  readonly maximum: number
}

/** What the clause names by name. */
export type Figure = 'cpu' | 'memory' | 'disk-io'

/** The key figures, each by one of its metrics. Source: A-3.2.1 (CPU, memory, disk I/O), defaults 2.6. */
export const keyFigures: readonly {
  readonly figure: Figure
  readonly metrics: readonly FigureMetric[]
}[] = [
  {
    figure: 'cpu',
    metrics: [
      {
        metric: 'erp_cpu_used_percent',
        critical: 'monitoring.threshold.cpu.critical',
        maximum: 100,
      },
    ],
  },
  {
    figure: 'memory',
    metrics: [
      {
        metric: 'erp_memory_used_percent',
        critical: 'monitoring.threshold.memory.critical',
        maximum: 100,
      },
    ],
  },
  {
    figure: 'disk-io',
    metrics: [
      {
        metric: 'erp_disk_busy_percent',
        critical: 'monitoring.threshold.disk_busy.critical',
        maximum: 100,
      },
      {
        metric: 'erp_disk_latency_milliseconds',
        critical: 'monitoring.threshold.disk_latency.critical',
        // A disk that takes longer than ten minutes does not answer at all.
        maximum: 600_000,
      },
    ],
  },
]

/** The metrics of all key figures. */
export const keyMetrics: readonly string[] = keyFigures.flatMap(({ metrics }) =>
  metrics.map(({ metric }) => metric),
)
