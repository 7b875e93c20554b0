import type { Act } from '@erp-steward/contracts/act'
import { KeyFigureStated } from '@erp-steward/contracts/monitoring-events'
import { UnitEntity } from '@erp-steward/directory/directory'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { defineTask } from '@erp-steward/service-kit/jobs'
import { readParameter } from '@erp-steward/service-kit/parameters'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'
import { speaksForNow } from '../ingest/rules/speaks-for-now.ts'
import { KeyFigureEntity } from './key-figure.ts'
import { keyFigures, type FigureMetric } from './rules/key-figures.ts'

/**
 * States for every unit that runs the ERP which key figures are watched now and guarded by a threshold, when that
 * changed. A source that sends something else proves nothing. Source.
 */
export const stateKeyFigures = defineTask(
  'state-key-figures',
  Type.Object({}),
  async (tx, _, act) => {
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
    for (const { figure, metrics } of keyFigures) {
      const watched = await watchedUnits(tx, metrics, act)
      for (const unitId of ids) {
        const is = {
          watched: watched.has(unitId),
          guarded: await isGuarded(tx, unitId, metrics, act),
        }
        const was = known.get(`${unitId} ${figure}`)
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

/** Whether a threshold that judges samples of now warns no later than at the critical limit of the parameters. */
async function isGuarded(
  tx: EntityManager,
  unitId: string,
  metrics: readonly FigureMetric[],
  { now }: Act,
): Promise<boolean> {
  const { from, to } = speaksForNow(now)
  for (const { metric, critical } of metrics) {
    const { value: latest } = await readParameter(tx, critical, unitId, now)
    const guards: unknown[] = await tx.query(
      `select from threshold t
        where active and unit_id = $1 and metric = $2 and comparison = 'above' and transform = 'value'
          and coalesce(warning, critical) <= $3
          and exists (select from alert_state where threshold_id = t.id and last_at between $4 and $5)
        limit 1`,
      [unitId, metric, latest, from, to],
    )
    if (guards.length > 0) return true
  }
  return false
}
