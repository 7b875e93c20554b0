import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import type { EntityManager } from 'typeorm'
import { matches, type Matcher } from './rules/matchers.ts'
import { MAX_POINTS, MAX_SERIES, stepsIn } from './rules/range-steps.ts'

export interface RangeQuestion {
  readonly metric: string
  readonly matchers: readonly Matcher[]
  /** `null`: every unit. */
  readonly unitId: string | null
  /** First instant, inclusive. */
  readonly from: Date
  /** Last instant, exclusive. */
  readonly to: Date
  readonly stepSeconds: number
}

export interface RangePoint {
  /** Begin of the step. */
  readonly at: Date
  /** Over the finite values of the step; `null` when there are none. `avg` leaves out values beyond 1e100. */
  readonly avg: number | null
  readonly min: number | null
  readonly max: number | null
  /** Samples of the step, NaN and infinite ones included. */
  readonly count: number
}

export interface RangeSeries {
  readonly seriesId: string
  readonly sourceId: string
  readonly unitId: string
  readonly labels: Record<string, string>
  readonly points: RangePoint[]
}

/**
 * Average, least and greatest value per step; steps without a sample are left out.
 *
 * @throws Problem `range-too-wide` when there would be more than 100 series or 20,000 points
 */
export async function readRange(
  tx: EntityManager,
  { metric, matchers, unitId, from, to, stepSeconds }: RangeQuestion,
): Promise<RangeSeries[]> {
  const named: (Omit<RangeSeries, 'points'> & { id: string })[] = await tx.query(
    `select id, id as "seriesId", source_id as "sourceId", unit_id as "unitId", labels from series
      where metric = $1 and ($2::uuid is null or unit_id = $2)
      order by source_id, labels::text`,
    [metric, unitId],
  )
  const series = named.filter(({ labels }) => matches(matchers, labels))
  const points = series.length * stepsIn(from.getTime(), to.getTime(), stepSeconds)
  if (series.length > MAX_SERIES || points > MAX_POINTS)
    throw new Problem(
      'range-too-wide',
      said(
        `${String(series.length)} series and up to ${String(points)} points; ` +
          `${String(MAX_SERIES)} and ${String(MAX_POINTS)} are allowed.`,
        `共 ${String(series.length)} 个序列，最多 ${String(points)} 个点；` +
          `上限为 ${String(MAX_SERIES)} 个序列和 ${String(MAX_POINTS)} 个点。`,
      ),
    )
  const rows: (RangePoint & { seriesId: string })[] = await tx.query(
    // Summing squares overflows above 1e154, and one such value would fail the whole answer.
    `select series_id as "seriesId", date_bin(make_interval(secs => $4), ts, $2) as at,
            avg(value) filter (where abs(value) < 1e100) as avg,
            min(value) filter (where abs(value) < 'infinity') as min,
            max(value) filter (where abs(value) < 'infinity') as max,
            count(*)::int as count
       from sample where series_id = any($1::bigint[]) and ts >= $2 and ts < $3
      group by 1, 2 order by 1, 2`,
    [series.map(({ id }) => id), from, to, stepSeconds],
  )
  const bySeries = Map.groupBy(rows, ({ seriesId }) => seriesId)
  return series.map(({ id, ...each }) => ({ ...each, points: bySeries.get(id) ?? [] }))
}
