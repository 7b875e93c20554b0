import type { Statement } from '@erp-steward/messaging/statement'
import type { AlertRule } from '../alerts/rules/alert-machine.ts'
import { matches, type Matcher } from '../metrics/rules/matchers.ts'

/** A threshold in force, as ingest needs it. */
export interface ActiveThreshold extends AlertRule {
  readonly id: string
  readonly version: number
  readonly name: string
  readonly unitId: string
  /** `null`: sources of any module. */
  readonly moduleCode: string | null
  readonly metric: string
  readonly matchers: readonly Matcher[]
}

/** All thresholds in force at one revision, by metric. */
export interface ThresholdSetInForce {
  readonly revision: string
  readonly byMetric: ReadonlyMap<string, readonly ActiveThreshold[]>
}

/** Reads what is in force; the caller shares the ingest lock, so it stays in force until the transaction ends. */
export async function readActiveThresholds(
  tx: Statement,
  revision: string,
): Promise<ThresholdSetInForce> {
  const rows = (await tx.query(
    `select id, version, name, unit_id as "unitId", module_code as "moduleCode", metric, matchers, comparison,
            transform, warning, critical, recover_level as "recoverLevel", for_seconds * 1000 as "forMs"
       from threshold where active order by id`,
  )) as ActiveThreshold[]
  return { revision, byMetric: Map.groupBy(rows, ({ metric }) => metric) }
}

/** The thresholds that watch a series of this unit and module. */
export function thresholdsFor(
  { byMetric }: ThresholdSetInForce,
  series: {
    readonly unitId: string
    readonly moduleCode: string | null
    readonly metric: string
    readonly labels: Readonly<Record<string, string>>
  },
): readonly ActiveThreshold[] {
  return (byMetric.get(series.metric) ?? []).filter(
    ({ unitId, moduleCode, matchers }) =>
      unitId === series.unitId &&
      (moduleCode === null || moduleCode === series.moduleCode) &&
      matches(matchers, series.labels),
  )
}
