import { someoneCan } from '@erp-steward/service-kit/someone-can'
import type { Wait, Waits } from '@erp-steward/service-kit/waits'
import type { EntityManager } from 'typeorm'
import { peopleOfInterest } from '../facts/interest.ts'
import { ObservationEntity } from '../observations/observation.ts'
import { AppealEntity, type Appeal } from './appeal.ts'

/** Appeals that nobody has decided. Source. */
export const appealsWaiting: Waits = async (tx, { now }) => {
  const appeals = await tx.find(AppealEntity, {
    where: { state: 'filed' },
    order: { filedAt: 'asc', id: 'asc' },
  })
  const waits: Wait[] = []
  for (const appeal of appeals) waits.push(await waitOfAppeal(tx, appeal, now))
  return waits
}

/** As `decideAppeal` demands: neither who appealed, nor who had a part in the fact, nor anybody of the unit. */
export async function waitOfAppeal(tx: EntityManager, appeal: Appeal, now: Date): Promise<Wait> {
  const { id, observationId, appellantPersonId, filedAt } = appeal
  const fact = await tx.findOneByOrFail(ObservationEntity, { id: observationId })
  const measured = { personIds: [fact.personId], unitIds: [fact.unitId] }
  const origin =
    fact.originId === null ? null : await tx.findOneBy(ObservationEntity, { id: fact.originId })
  const isDecidable = await someoneCan(
    tx,
    'assessment',
    {
      permission: 'appeal.decide',
      isOfCompany: false,
      notPersonIds: [
        ...[appellantPersonId, fact.recordedByPersonId, ...fact.recordedByControllers],
        ...[origin?.recordedByPersonId ?? null, ...(origin?.recordedByControllers ?? [])],
        ...(await peopleOfInterest(tx, measured, now)),
      ],
      notUnitIds: [fact.unitId],
    },
    now,
  )
  return {
    ...{ kind: 'appeal.decide', subject: id, permission: 'appeal.decide' as const },
    ...{ unitIds: [fact.unitId], since: filedAt, expiresAt: null, isDecidable },
  }
}
