import { readParameter } from '@erp-steward/service-kit/parameters'
import type { EntityManager } from 'typeorm'
import type { Act } from '@erp-steward/contracts/act'
import { matches } from '../metrics/rules/matchers.ts'
import { InspectionItemEntity, type InspectionRound } from './round.ts'
import { templateItem, type Limit, type Measure } from './rules/daily-template.ts'
import { judge } from './rules/judge.ts'

/** How old a sample may be to speak for now, in milliseconds. */
const FRESH_MS = 3_600_000

interface Newest {
  readonly metric: string
  readonly labels: Record<string, string>
  readonly at: Date
  readonly value: number
}

/**
 * Fills the measured items of an open round from the newest samples. The caller has locked the round.
 *
 * What a person recorded stays, and so does a measured breach until a person has said what it was: the next good value
 * does not undo it. Source.
 */
export async function fillRound(tx: EntityManager, round: InspectionRound, act: Act) {
  const items = await tx.findBy(InspectionItemEntity, { roundId: round.id })
  const open = items.flatMap((item) => {
    const measure = templateItem(item.code)?.measure ?? null
    const fillable = item.recordedAt === null && item.verdict !== 'abnormal'
    return measure !== null && fillable ? [{ item, measure }] : []
  })
  const newest = await newestValues(
    tx,
    round.unitId,
    open.map(({ measure }) => measure.metric),
    act.now,
  )
  for (const { item, measure } of open) {
    const speaking = newest.filter(
      ({ metric, labels }) => metric === measure.metric && matches(measure.matchers, labels),
    )
    const limits = await resolveLimits(tx, measure, round.unitId, act.now)
    const judged = judge(
      speaking.map(({ value }) => value),
      limits,
    )
    if (judged === null) continue
    const { value, level } = judged
    await tx.update(
      InspectionItemEntity,
      { roundId: round.id, code: item.code },
      {
        origin: 'measured',
        value: String(value),
        verdict: level === null ? 'normal' : 'abnormal',
        level,
        limits,
        valueAt: speaking.find((each) => each.value === value)?.at ?? act.now,
        version: item.version + 1,
      },
    )
  }
}

async function newestValues(
  tx: EntityManager,
  unitId: string,
  metrics: readonly string[],
  now: Date,
): Promise<Newest[]> {
  return tx.query(
    `select s.metric, s.labels, newest.ts as at, newest.value
       from series s
       join lateral (select ts, value from sample
                      where series_id = s.id and ts > $3 and ts <= $4 and value <> 'NaN'
                      order by ts desc limit 1) newest on true
      where s.unit_id = $1 and s.metric = any($2)`,
    [unitId, [...new Set(metrics)], new Date(now.getTime() - FRESH_MS), now],
  )
}

async function resolveLimits(tx: EntityManager, measure: Measure, unitId: string, at: Date) {
  const resolve = async (limit: Limit) => {
    if (limit === null || typeof limit === 'number') return { value: limit, version: null }
    const { value, version } = await readParameter(tx, limit, unitId, at)
    return { value, version }
  }
  const warning = await resolve(measure.warning)
  const critical = await resolve(measure.critical)
  return {
    comparison: measure.comparison,
    warning: warning.value,
    critical: critical.value,
    warningVersion: warning.version,
    criticalVersion: critical.version,
  }
}
