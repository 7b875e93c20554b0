import { InspectionHandedOver, InspectionOverdue } from '@erp-steward/contracts/monitoring-events'
import { Uuid } from '@erp-steward/contracts/values'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { defineTask } from '@erp-steward/service-kit/jobs'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'
import { factOf, InspectionRoundEntity } from './round.ts'

const OfRound = Type.Object({ roundId: Uuid })

/** The round if it is still to be signed, locked. */
const stillOpen = (tx: EntityManager, id: string) =>
  tx.findOne(InspectionRoundEntity, {
    where: { id, state: 'open' },
    lock: { mode: 'pessimistic_write' },
  })

/** Reports a round not signed by its time, once. Source. */
export const onInspectionDue = defineTask(
  'inspection-due',
  OfRound,
  async (tx, { roundId }, act) => {
    const round = await stillOpen(tx, roundId)
    if (round?.overdueAt !== null || act.now < round.dueAt) return
    await tx.update(
      InspectionRoundEntity,
      { id: roundId },
      { overdueAt: act.now, version: round.version + 1 },
    )
    await appendEvent(
      tx,
      'monitoring-ingest',
      InspectionOverdue,
      roundId,
      {
        ...factOf(round),
        inspectorPersonId: round.inspectorPersonId,
        dueAt: round.dueAt.toISOString(),
        noticedAt: act.now.toISOString(),
      },
      act,
    )
  },
)

/** Gives a round that is still not signed to the deputy, once. Source. */
export const onDeputyDue = defineTask(
  'inspection-deputy-due',
  OfRound,
  async (tx, { roundId }, act) => {
    const round = await stillOpen(tx, roundId)
    if (round?.handedOverAt !== null || act.now < round.deputyDueAt) return
    await tx.update(
      InspectionRoundEntity,
      { id: roundId },
      { handedOverAt: act.now, version: round.version + 1 },
    )
    await appendEvent(
      tx,
      'monitoring-ingest',
      InspectionHandedOver,
      roundId,
      {
        ...factOf(round),
        inspectorPersonId: round.inspectorPersonId,
        deputyPersonId: round.deputyPersonId,
        handedOverAt: act.now.toISOString(),
      },
      act,
    )
  },
)
