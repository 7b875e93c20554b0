import { randomUUID } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import { InspectionGenerated } from '@erp-steward/contracts/monitoring-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { defineTask, enqueue } from '@erp-steward/service-kit/jobs'
import { readParameter } from '@erp-steward/service-kit/parameters'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'
import { UnitEntity } from '@erp-steward/directory/directory'
import { stateCover } from './cover.ts'
import { fillRound, resolveLimits } from './fill-round.ts'
import {
  factOf,
  hasBegun,
  InspectionItemEntity,
  InspectionRosterEntity,
  InspectionRoundEntity,
  type InspectionItem,
  type InspectionRound,
} from './round.ts'
import { dailyTemplate } from './rules/daily-template.ts'
import { dayInChina, instantInChina } from './rules/shanghai-day.ts'

const EMPTY = {
  origin: null,
  value: null,
  verdict: null,
  level: null,
  note: null,
  valueAt: null,
  sourceIds: null,
  recordedByPersonId: null,
  recordedAt: null,
  overruledLevel: null,
  overruledByPersonId: null,
  overruledAt: null,
  overruleReason: null,
  version: 1,
} as const

/**
 * Draws up the round of a unit and day from the template and sets its two timers; `null` when there is one already.
 *
 * Source.
 */
export async function generateRound(
  tx: EntityManager,
  { unitId, date }: { readonly unitId: string; readonly date: string },
  act: Act,
): Promise<InspectionRound | null> {
  const roster = await tx.findOneBy(InspectionRosterEntity, { unitId })
  const due = await readParameter(tx, 'monitoring.inspection.daily_due', unitId, act.now)
  const deputyDue = await readParameter(tx, 'monitoring.inspection.deputy_due', unitId, act.now)
  const round: InspectionRound = {
    id: randomUUID(),
    unitId,
    date,
    state: 'open',
    inspectorPersonId: roster?.inspectorPersonId ?? null,
    deputyPersonId: roster?.deputyPersonId ?? null,
    dueAt: instantInChina(date, due.value),
    deputyDueAt: instantInChina(date, deputyDue.value),
    dueVersion: due.version,
    deputyDueVersion: deputyDue.version,
    generatedAt: act.now,
    overdueAt: null,
    handedOverAt: null,
    signedByPersonId: null,
    signedAt: null,
    suspicions: [],
    version: 1,
  }
  const { raw } = (await tx
    .createQueryBuilder()
    .insert()
    .into(InspectionRoundEntity)
    .values(round)
    .orIgnore()
    .returning('id')
    .execute()) as { raw: unknown[] }
  if (raw.length === 0) return null
  const items: InspectionItem[] = []
  for (const known of dailyTemplate)
    items.push({
      ...EMPTY,
      roundId: round.id,
      code: known.code,
      limits: await resolveLimits(tx, known, unitId, act.now),
    })
  await tx.insert(InspectionItemEntity, items)
  if (hasBegun(round, act.now)) await fillRound(tx, round, act)
  const timer = (task: string, runAt: Date) =>
    enqueue(tx, 'monitoring-ingest', task, { roundId: round.id }, act, {
      runAt,
      key: `${task}:${round.id}`,
    })
  await timer('inspection-due', round.dueAt)
  await timer('inspection-deputy-due', round.deputyDueAt)
  await appendEvent(
    tx,
    'monitoring-ingest',
    InspectionGenerated,
    round.id,
    {
      ...factOf(round),
      inspectorPersonId: round.inspectorPersonId,
      deputyPersonId: round.deputyPersonId,
      dueAt: round.dueAt.toISOString(),
      deputyDueAt: round.deputyDueAt.toISOString(),
    },
    act,
  )
  return round
}

/**
 * Draws up today's round of every unit that runs the ERP; one that was planned the day before is filled now. Who could
 * not do today's and tomorrow's is stated. Source.
 */
export const generateRounds = defineTask(
  'generate-inspection-rounds',
  Type.Object({}),
  async (tx, _, act) => {
    const units = await tx.findBy(UnitEntity, { usesErp: true, active: true })
    const date = dayInChina(act.now)
    for (const { id: unitId } of units) {
      await stateCover(tx, unitId, act)
      if ((await generateRound(tx, { unitId, date }, act)) !== null) continue
      const planned = await tx.findOne(InspectionRoundEntity, {
        where: { unitId, date, state: 'open' },
        lock: { mode: 'pessimistic_write' },
      })
      if (planned !== null) await fillRound(tx, planned, act)
    }
  },
)
