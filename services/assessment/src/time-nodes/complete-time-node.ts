import type { Act } from '@erp-steward/contracts/act'
import { TimeNodeCompleted } from '@erp-steward/contracts/assessment-events'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { EntityManager } from 'typeorm'
import { beginFacts } from '../facts/fact-order.ts'
import { voidObservation } from '../observations/observation.ts'
import { delayId, missTimeNode } from './miss-time-node.ts'
import { lockNode, TimeNodeEntity, type TimeNode } from './time-node.ts'

export interface CompleteTimeNode {
  readonly id: string
  readonly completedAt: Date
  /** Whether the caller's word counts after the time is over; a user of the ERP speaks for the own department. */
  readonly vouches: boolean
  /** Throws when the caller may not complete the node. */
  readonly reaches: (node: TimeNode) => void
}

/**
 * Takes down when a step was finished; at its time itself is in time, later is a delay whoever notices first. Told after
 * the time of a completion before it, the delay stated meanwhile is voided; the person concerned cannot say so alone.
 * Source.
 *
 * @throws Problem `time-node-not-found`, `time-node-state`, `same-person`
 */
export async function completeTimeNode(
  tx: EntityManager,
  { id, completedAt, vouches, reaches }: CompleteTimeNode,
  act: Act,
): Promise<TimeNode> {
  await beginFacts(tx)
  const node = await lockNode(tx, id)
  reaches(node)
  if (node.state === 'completed') {
    if (node.completedAt?.getTime() === completedAt.getTime()) return node
    throw new Problem('time-node-state', 'The node was completed before.')
  }
  if (completedAt > act.now)
    throw new Problem('time-node-state', 'A completion does not lie in the future.')
  const withinTarget = completedAt <= node.dueAt
  if (withinTarget && act.now > node.dueAt && (!vouches || isOwn(node, act)))
    throw new Problem(
      'same-person',
      'After its time somebody in charge, whose step it is not, says that it was finished in time.',
    )
  const before = !withinTarget && node.state === 'open' ? await missTimeNode(tx, node, act) : node
  if (withinTarget && node.state === 'missed')
    await voidObservation(tx, delayId(id), 'Finished in time, told later.', act)
  const completed: TimeNode = {
    ...before,
    state: 'completed',
    completedAt,
    completedBy: act.actor,
    version: before.version + 1,
  }
  await tx.update(TimeNodeEntity, { id }, completed)
  await appendEvent(
    tx,
    'assessment',
    TimeNodeCompleted,
    id,
    {
      nodeId: id,
      code: node.code,
      unitId: node.unitId,
      dueAt: node.dueAt.toISOString(),
      completedAt: completedAt.toISOString(),
      withinTarget,
    },
    act,
  )
  return completed
}

function isOwn({ personId }: TimeNode, act: Act): boolean {
  return personId !== null && personId === act.personId
}
