import type { Act } from '@erp-steward/contracts/act'
import { InspectionRosterSet } from '@erp-steward/contracts/monitoring-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { assertAnotherPerson } from '@erp-steward/service-kit/another-person'
import { assertVersion } from '@erp-steward/service-kit/commit'
import { isConstraintViolation } from '@erp-steward/service-kit/constraint'
import type { EntityManager } from 'typeorm'
import { activePerson, activeUnit } from '@erp-steward/directory/directory'
import { isAbleToInspect } from './able-inspector.ts'
import { stateCover } from './cover.ts'
import { InspectionRosterEntity, InspectionRoundEntity, type InspectionRoster } from './round.ts'

export interface SetRoster {
  readonly unitId: string
  readonly inspectorPersonId: string
  readonly deputyPersonId: string | null
}

/**
 * Names who inspects a unit and who stands in; rounds still open go to them at once. Nobody puts himself on or off duty.
 * Source.
 *
 * @throws Problem `unit-unknown`, `person-unknown`, `inspector-unable`, `same-person`, `version-stale`
 */
export async function setRoster(
  tx: EntityManager,
  { unitId, inspectorPersonId, deputyPersonId }: SetRoster,
  expected: number,
  act: Act,
): Promise<InspectionRoster> {
  await activeUnit(tx, unitId)
  if (deputyPersonId === inspectorPersonId)
    throw new Problem(
      'same-person',
      said('The deputy must be somebody else.', '代理人须为另一人。'),
    )
  for (const id of [inspectorPersonId, deputyPersonId]) if (id !== null) await able(tx, id, unitId)
  const before = await tx.findOne(InspectionRosterEntity, {
    where: { unitId },
    lock: { mode: 'pessimistic_write' },
  })
  assertVersion(before?.version ?? 0, expected)
  const roster: InspectionRoster = {
    unitId,
    inspectorPersonId,
    deputyPersonId,
    setBy: act.actor,
    setAt: act.now,
    version: expected + 1,
  }
  assertAnotherPerson(
    act,
    moved(before, roster),
    said('Somebody else puts you on or off duty.', '您的值班须由他人安排或取消。'),
  )
  if (before !== null) await tx.update(InspectionRosterEntity, { unitId }, roster)
  else
    try {
      await tx.insert(InspectionRosterEntity, roster)
    } catch (error) {
      if (isConstraintViolation(error, 'inspection_roster_pkey'))
        throw new Problem(
          'version-stale',
          said('Somebody set this roster at the same moment.', '同一时刻他人设置了此值班表。'),
        )
      throw error
    }
  await tx.update(
    InspectionRoundEntity,
    { unitId, state: 'open' },
    { inspectorPersonId, deputyPersonId, version: () => 'version + 1' },
  )
  const setAt = act.now.toISOString()
  const { version } = roster
  await appendEvent(
    tx,
    'monitoring-ingest',
    InspectionRosterSet,
    unitId,
    { unitId, inspectorPersonId, deputyPersonId, version, setAt },
    act,
  )
  await stateCover(tx, unitId, act)
  return roster
}

async function able(tx: EntityManager, personId: string, unitId: string) {
  await activePerson(tx, personId)
  if (!(await isAbleToInspect(tx, personId, unitId)))
    throw new Problem(
      'inspector-unable',
      said(
        `Person ${personId} is not able to inspect the unit.`,
        `人员 ${personId} 不能巡检该单位。`,
      ),
    )
}

/** Whose duty the change begins, ends or turns into another. */
function moved(before: InspectionRoster | null, after: InspectionRoster): (string | null)[] {
  const was = [before?.inspectorPersonId ?? null, before?.deputyPersonId ?? null]
  const is = [after.inspectorPersonId, after.deputyPersonId]
  return [...was, ...is].filter((id) => was.indexOf(id) !== is.indexOf(id))
}
