import type { Act } from '@erp-steward/contracts/act'
import {
  InspectionCovered,
  InspectionHandedOver,
  InspectionUncovered,
} from '@erp-steward/contracts/monitoring-events'
import { UnitEntity } from '@erp-steward/directory/directory'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { IsNull, type EntityManager } from 'typeorm'
import { isAbleToInspect } from './able-inspector.ts'
import {
  factOf,
  InspectionGapEntity,
  InspectionRosterEntity,
  InspectionRoundEntity,
  type InspectionGap,
} from './round.ts'
import { dayInChina } from './rules/shanghai-day.ts'

/**
 * States whether somebody on the roster of a unit is able to inspect it, once per change, and gives the rounds of an
 * inspector who ceased to be able to the deputy. Whoever changes a roster, a person or a unit calls it in the same
 * transaction, so that a gap is known the same minute and not on the day of the round. Source.
 */
export async function stateCover(tx: EntityManager, unitId: string, act: Act): Promise<void> {
  // Taken first, so that two who change the unit's cover at once do not both find the state before.
  await tx.query('select pg_advisory_xact_lock(hashtext($1), hashtext($2))', [
    'inspection-cover',
    unitId,
  ])
  const unit = await tx.findOneBy(UnitEntity, { id: unitId, usesErp: true, active: true })
  const gap = await tx.findOneBy(InspectionGapEntity, { unitId })
  if (unit === null) {
    // What no longer runs the ERP needs no inspection; the register hears of it from the directory.
    if (gap !== null) await tx.delete(InspectionGapEntity, { unitId })
    return
  }
  const roster = await tx.findOneBy(InspectionRosterEntity, { unitId })
  const inspectorPersonId = roster?.inspectorPersonId ?? null
  const deputyPersonId = roster?.deputyPersonId ?? null
  const isInspectorAble = await isAbleToInspect(tx, inspectorPersonId, unitId)
  const isDeputyAble = await isAbleToInspect(tx, deputyPersonId, unitId)
  if (isDeputyAble && !isInspectorAble) await handOver(tx, unitId, act)
  if (isInspectorAble || isDeputyAble) {
    if (gap !== null) await close(tx, gap, act)
    return
  }
  const reason = roster === null ? 'no-roster' : 'nobody-able'
  if (gap?.reason === reason) return
  await tx.save(InspectionGapEntity, { unitId, reason, foundAt: gap?.foundAt ?? act.now })
  const foundAt = act.now.toISOString()
  await appendEvent(
    tx,
    'monitoring-ingest',
    InspectionUncovered,
    unitId,
    { unitId, reason, inspectorPersonId, deputyPersonId, foundAt },
    act,
  )
}

async function close(tx: EntityManager, { unitId, foundAt }: InspectionGap, act: Act) {
  await tx.delete(InspectionGapEntity, { unitId })
  await appendEvent(
    tx,
    'monitoring-ingest',
    InspectionCovered,
    unitId,
    { unitId, uncoveredSince: foundAt.toISOString(), coveredAt: act.now.toISOString() },
    act,
  )
}

/** Today's round that is still to be signed, once; earlier ones went to the deputy by the clock. */
async function handOver(tx: EntityManager, unitId: string, act: Act) {
  const round = await tx.findOne(InspectionRoundEntity, {
    where: { unitId, date: dayInChina(act.now), state: 'open', handedOverAt: IsNull() },
    lock: { mode: 'pessimistic_write' },
  })
  if (round === null) return
  const { id, inspectorPersonId, deputyPersonId } = round
  await tx.update(
    InspectionRoundEntity,
    { id },
    { handedOverAt: act.now, version: round.version + 1 },
  )
  const handedOverAt = act.now.toISOString()
  await appendEvent(
    tx,
    'monitoring-ingest',
    InspectionHandedOver,
    id,
    { ...factOf(round), inspectorPersonId, deputyPersonId, handedOverAt },
    act,
  )
}
