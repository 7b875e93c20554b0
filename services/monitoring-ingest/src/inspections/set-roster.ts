import type { Act } from '@erp-steward/contracts/act'
import { Problem } from '@erp-steward/contracts/problem'
import { assertVersion } from '@erp-steward/service-kit/commit'
import { isConstraintViolation } from '@erp-steward/service-kit/constraint'
import type { EntityManager } from 'typeorm'
import { activePerson, activeUnit } from '@erp-steward/directory/directory'
import { InspectionRosterEntity, InspectionRoundEntity, type InspectionRoster } from './round.ts'

export interface SetRoster {
  readonly unitId: string
  readonly inspectorPersonId: string
  readonly deputyPersonId: string | null
}

/**
 * Names who inspects a unit and who stands in; rounds still open go to them at once. Source.
 *
 * @throws Problem `unit-unknown`, `person-unknown`, `same-person`, `version-stale`
 */
export async function setRoster(
  tx: EntityManager,
  { unitId, inspectorPersonId, deputyPersonId }: SetRoster,
  expected: number,
  act: Act,
): Promise<InspectionRoster> {
  await activeUnit(tx, unitId)
  await activePerson(tx, inspectorPersonId)
  if (deputyPersonId !== null) await activePerson(tx, deputyPersonId)
  if (deputyPersonId === inspectorPersonId)
    throw new Problem('same-person', 'The deputy must be somebody else.')
  const roster: InspectionRoster = {
    unitId,
    inspectorPersonId,
    deputyPersonId,
    setBy: act.actor,
    setAt: act.now,
    version: expected + 1,
  }
  const before = await tx.findOne(InspectionRosterEntity, {
    where: { unitId },
    lock: { mode: 'pessimistic_write' },
  })
  assertVersion(before?.version ?? 0, expected)
  if (before !== null) await tx.update(InspectionRosterEntity, { unitId }, roster)
  else
    try {
      await tx.insert(InspectionRosterEntity, roster)
    } catch (error) {
      if (isConstraintViolation(error, 'inspection_roster_pkey'))
        throw new Problem('version-stale', 'Somebody set this roster at the same moment.')
      throw error
    }
  await tx.update(
    InspectionRoundEntity,
    { unitId, state: 'open' },
    { inspectorPersonId, deputyPersonId, version: () => 'version + 1' },
  )
  return roster
}
