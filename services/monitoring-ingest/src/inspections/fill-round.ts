import { readParameter } from '@erp-steward/service-kit/parameters'
import { In, type EntityManager } from 'typeorm'
import type { Act } from '@erp-steward/contracts/act'
import { matches } from '../metrics/rules/matchers.ts'
import { InspectionItemEntity, type InspectionRound, type ItemLimits } from './round.ts'
import { templateItem, type Limit, type Limits, type TemplateItem } from './rules/daily-template.ts'
import { isPlausible } from './rules/entry.ts'
import { judge } from './rules/judge.ts'
import { isOpenToSamples } from './rules/open-to-samples.ts'

/** How old a sample may be to speak for now, in milliseconds. */
const FRESH_MS = 3_600_000

interface Newest {
  readonly sourceId: string
  readonly metric: string
  readonly labels: Record<string, string>
  readonly at: Date
  readonly value: number
}

/**
 * Fills the measured items of an open round from the newest samples. The caller has locked the round.
 *
 * What a person recorded or overruled stays, unless a sample is graver than what they spoke of; and a breach stays until
 * a person has said what it was: the next good value does not undo it. Source.
 *
 * @param only codes of the items to fill; without it all of them
 */
export async function fillRound(
  tx: EntityManager,
  round: InspectionRound,
  act: Act,
  only?: readonly string[],
) {
  const items = await tx.findBy(InspectionItemEntity, {
    roundId: round.id,
    ...(only !== undefined && { code: In([...only]) }),
  })
  const measured = items.flatMap((item) => {
    const known = templateItem(item.code)
    return known?.measure ? [{ item, known, measure: known.measure }] : []
  })
  const newest = await newestValues(
    tx,
    round.unitId,
    measured.map(({ measure }) => measure.metric),
    act.now,
  )
  for (const { item, known, measure } of measured) {
    const speaking = newest.filter(
      ({ metric, labels, value }) =>
        metric === measure.metric &&
        matches(measure.matchers, labels) &&
        isPlausible(known.entry, value),
    )
    const limits = await resolveLimits(tx, known, round.unitId, act.now)
    const judged =
      limits === null
        ? null
        : judge(
            speaking.map(({ value }) => value),
            limits,
          )
    if (judged === null || !isOpenToSamples(item, judged.level)) continue
    const { value, level } = judged
    const giving = speaking.filter((each) => each.value === value)
    await tx.update(
      InspectionItemEntity,
      { roundId: round.id, code: item.code },
      {
        origin: 'measured',
        value: String(value),
        verdict: level === null ? 'normal' : 'abnormal',
        level,
        note: null,
        limits,
        valueAt: giving[0]?.at ?? act.now,
        sourceIds: [...new Set(giving.map(({ sourceId }) => sourceId))],
        recordedByPersonId: null,
        recordedAt: null,
        overruledLevel: null,
        overruledByPersonId: null,
        overruledAt: null,
        overruleReason: null,
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
    `select s.source_id as "sourceId", s.metric, s.labels, newest.ts as at, newest.value
       from series s
       join lateral (select ts, value from sample
                      where series_id = s.id and ts > $3 and ts <= $4 and value <> 'NaN'
                      order by ts desc limit 1) newest on true
      where s.unit_id = $1 and s.metric = any($2)`,
    [unitId, [...new Set(metrics)], new Date(now.getTime() - FRESH_MS), now],
  )
}

/** The limits of an item in a unit at an instant; `null` where it has none to hold a value against. */
export async function resolveLimits(
  tx: EntityManager,
  { limits }: Pick<TemplateItem, 'limits'>,
  unitId: string,
  at: Date,
): Promise<ItemLimits | null> {
  if (limits === null || isBare(limits)) return null
  const resolve = async (limit: Limit) => {
    if (limit === null || typeof limit === 'number') return { value: limit, version: null }
    const { value, version } = await readParameter(tx, limit, unitId, at)
    return { value, version }
  }
  const warning = await resolve(limits.warning)
  const critical = await resolve(limits.critical)
  return {
    comparison: limits.comparison,
    warning: warning.value,
    critical: critical.value,
    warningVersion: warning.version,
    criticalVersion: critical.version,
  }
}

const isBare = ({ warning, critical }: Limits) => warning === null && critical === null
