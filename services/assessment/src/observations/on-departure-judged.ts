import { DepartureJudged } from '@erp-steward/contracts/directory-events'
import { on } from '@erp-steward/messaging/consumer'
import { derivedId } from '../facts/derived-id.ts'
import { beginFacts } from '../facts/fact-order.ts'
import { voidObservation } from './observation.ts'
import { stateObservations } from './state-observations.ts'

/**
 * A department that told too late, or not at all, of somebody who left it has one observation against it, which is voided
 * when the day turns out to be another. Sources.
 */
export const onDepartureJudged = on(DepartureJudged, async (tx, { data }, act) => {
  const { departureId, departmentId, unitId, effectiveOn, verdict, dueAt } = data
  await beginFacts(tx)
  const id = derivedId('late-leaver-notice', departureId)
  if (verdict === 'in-time' || verdict === 'withdrawn') {
    await voidObservation(tx, id, 'The department told in time, or nobody left.', act)
    return
  }
  await stateObservations(
    tx,
    [
      {
        id,
        kind: 'late-leaver-notice',
        severity: null,
        points: null,
        personId: null,
        departmentId,
        unitId,
        moduleCode: null,
        reference: departureId,
        description: `Somebody left or moved on ${effectiveOn}, and the department did not tell in time.`,
        occurredAt: dueAt === null ? act.now : new Date(dueAt),
        foundAt: act.now,
        fingerprint: id,
        originId: null,
        dueAt: null,
        dueFault: null,
        dueMissingYear: null,
        dueParameterVersion: null,
        byConcerned: false,
      },
    ],
    act,
  )
})
