import type { Act } from '@erp-steward/contracts/act'
import { InspectionDone } from '@erp-steward/contracts/monitoring-events'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { assertVersion } from '@erp-steward/service-kit/commit'
import type { EntityManager } from 'typeorm'
import { fillRound } from './fill-round.ts'
import {
  factOf,
  InspectionItemEntity,
  InspectionRoundEntity,
  lockOpenRound,
  type InspectionRound,
} from './round.ts'

/**
 * The inspector or the deputy signs: every item has its verdict, every abnormal one its note. Measured items are
 * filled once more, so nobody signs the values of midnight. Source.
 *
 * @throws Problem `inspection-not-found`, `inspection-signed`, `version-stale`, `not-inspector`,
 *   `inspection-incomplete` with the codes of the items
 */
export async function signRound(
  tx: EntityManager,
  roundId: string,
  expected: number,
  act: Act,
): Promise<InspectionRound> {
  const round = await lockOpenRound(tx, roundId)
  assertVersion(round.version, expected)
  const { personId } = act
  const named = [round.inspectorPersonId, round.deputyPersonId].filter((id) => id !== null)
  if (personId === null || (named.length > 0 && !named.includes(personId)))
    throw new Problem('not-inspector', 'The inspector or the deputy of the round signs it.')
  await fillRound(tx, round, act)
  const items = await tx.findBy(InspectionItemEntity, { roundId })
  const incomplete = items
    .filter(({ verdict, note }) => verdict === null || (verdict === 'abnormal' && note === null))
    .map(({ code }) => code)
    .sort()
  if (incomplete.length > 0)
    throw new Problem(
      'inspection-incomplete',
      `${String(incomplete.length)} items are not complete.`,
      { items: incomplete },
    )
  const signed = {
    state: 'signed' as const,
    signedByPersonId: personId,
    signedAt: act.now,
    version: expected + 1,
  }
  await tx.update(InspectionRoundEntity, { id: roundId }, signed)
  await appendEvent(
    tx,
    'monitoring-ingest',
    InspectionDone,
    roundId,
    {
      ...factOf(round),
      signedByPersonId: personId,
      signedAt: act.now.toISOString(),
      withinTarget: act.now <= round.dueAt,
      abnormalItems: items.filter(({ verdict }) => verdict === 'abnormal').length,
    },
    act,
  )
  return { ...round, ...signed }
}
