import type { Act } from '@erp-steward/contracts/act'
import { KeyFigureStated } from '@erp-steward/contracts/monitoring-events'
import { UnitEntity } from '@erp-steward/directory/directory'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { durationMs } from '@erp-steward/regulation/duration'
import { defineTask } from '@erp-steward/service-kit/jobs'
import { readParameter } from '@erp-steward/service-kit/parameters'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'
import { speaksForNow } from '../ingest/rules/speaks-for-now.ts'
import {
  readActiveThresholds,
  thresholdsFor,
  type ThresholdSetInForce,
} from '../thresholds/active-thresholds.ts'
import { KeyFigureEntity } from './key-figure.ts'
import { keyFigures, keyMetrics, type FigureMetric } from './rules/key-figures.ts'

/** Advisory lock of whoever states key figures. Any number that nothing else uses. */
const STATEMENT_LOCK = 7_411_020

/**
 * States for every unit that runs the ERP which key figures are watched now and guarded by a threshold, when that
 * changed. A source that sends something else proves nothing. Source.
 */
export const stateKeyFigures = defineTask(
  'state-key-figures',
  Type.Object({}),
  async (tx, _, act) => {
    // Two runs at once would both state the same change; the second waits, and finds it stated.
    await tx.query('select pg_advisory_xact_lock($1)', [STATEMENT_LOCK])
    const units = await tx.find(UnitEntity, {
      where: { usesErp: true, active: true },
      order: { id: 'asc' },
    })
    const ids = units.map(({ id }) => id)
    // What no longer runs the ERP is asked for nothing; the register hears of it from the directory.
    await tx.query('delete from key_figure where unit_id <> all($1)', [ids])
    const known = new Map(
      (await tx.find(KeyFigureEntity)).map((row) => [`${row.unitId} ${row.figure}`, row]),
    )
    const fresh = await freshSeries(tx, act)
    const thresholds = await readActiveThresholds(tx, 'now')
    for (const { figure, metrics } of keyFigures) {
      const watched = await watchedUnits(tx, metrics, act)
      for (const unitId of ids) {
        const was = known.get(`${unitId} ${figure}`)
        // A run that waited for one which began after it: readers go by the instants and would keep what that one stated.
        if (was !== undefined && was.statedAt > act.now) continue
        const is = {
          watched: watched.has(unitId),
          guarded: await isGuarded(tx, fresh, thresholds, unitId, metrics, act),
        }
        if (was?.watched === is.watched && was.guarded === is.guarded) continue
        await tx.save(KeyFigureEntity, { unitId, figure, ...is, statedAt: act.now })
        const statedAt = act.now.toISOString()
        await appendEvent(
          tx,
          'monitoring-ingest',
          KeyFigureStated,
          unitId,
          { unitId, figure, ...is, statedAt },
          act,
        )
      }
    }
  },
)

/** Units with a plausible sample of now under one of the metrics, from a source that is in force. */
async function watchedUnits(
  tx: EntityManager,
  metrics: readonly FigureMetric[],
  { now }: Act,
): Promise<ReadonlySet<string>> {
  const { from, to } = speaksForNow(now)
  const rows: { unitId: string }[] = await tx.query(
    `select distinct s.unit_id as "unitId"
       from unnest($1::text[], $2::float8[]) as figure (metric, maximum)
       join series s on s.metric = figure.metric
       join source o on o.id = s.source_id and o.state = 'active'
       join lateral (select ts, value from sample
                      where series_id = s.id and ts >= $3 order by ts desc limit 1) newest
         on newest.ts <= $4 and newest.value between 0 and figure.maximum`,
    [metrics.map(({ metric }) => metric), metrics.map(({ maximum }) => maximum), from, to],
  )
  return new Set(rows.map(({ unitId }) => unitId))
}

/** A series that sent a sample of now. */
interface FreshSeries {
  /** `bigint`, as text. */
  readonly id: string
  readonly unitId: string
  readonly moduleCode: string | null
  readonly metric: string
  readonly labels: Readonly<Record<string, string>>
  /** Thresholds in force that judged a sample of now. */
  readonly judgedBy: readonly string[]
}

/** What sends a key figure now, whatever its values: a broken one needs its threshold as well. */
async function freshSeries(tx: EntityManager, { now }: Act): Promise<readonly FreshSeries[]> {
  const { from, to } = speaksForNow(now)
  return tx.query(
    `select s.id, s.unit_id as "unitId", s.module_code as "moduleCode", s.metric, s.labels,
            array(select a.threshold_id from threshold t
                    join alert_state a on a.threshold_id = t.id and a.series_id = s.id
                   where t.active and t.metric = s.metric and t.unit_id = s.unit_id
                     and a.last_at between $2 and $3) as "judgedBy"
       from series s
       join source o on o.id = s.source_id and o.state = 'active'
      where s.metric = any($1)
        and exists (select from sample where series_id = s.id and ts between $2 and $3 and value <> 'NaN')`,
    [keyMetrics, from, to],
  )
}

/**
 * Whether each series of the figure, one at least, is judged by a threshold that warns no later than at the critical
 * limit and no longer after the breach than the parameters say: one series without is one host nobody is told of.
 */
async function isGuarded(
  tx: EntityManager,
  fresh: readonly FreshSeries[],
  thresholds: ThresholdSetInForce,
  unitId: string,
  metrics: readonly FigureMetric[],
  { now }: Act,
): Promise<boolean> {
  const sent = fresh.filter((series) => series.unitId === unitId)
  const { value: longest } = await readParameter(tx, 'monitoring.for', unitId, now)
  let count = 0
  for (const { metric, critical } of metrics) {
    const { value: latest } = await readParameter(tx, critical, unitId, now)
    for (const series of sent.filter((each) => each.metric === metric)) {
      const guard = thresholdsFor(thresholds, series).find(
        ({ id, comparison, transform, warning, critical: limit, forMs }) =>
          comparison === 'above' &&
          transform === 'value' &&
          (warning ?? limit ?? Infinity) <= latest &&
          forMs <= durationMs(longest) &&
          series.judgedBy.includes(id),
      )
      if (guard === undefined) return false
      count += 1
    }
  }
  return count > 0
}
