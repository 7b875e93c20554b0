import type { Act } from '@erp-steward/contracts/act'
import { TimeNodeMissed } from '@erp-steward/contracts/assessment-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { EntityManager } from 'typeorm'
import { derivedId } from '../facts/derived-id.ts'
import { stateObservations } from '../observations/state-observations.ts'
import { TimeNodeEntity, type TimeNode } from './time-node.ts'

/** The id of the observation that a node was missed. */
export function delayId(nodeId: string): string {
  return derivedId('delay', nodeId)
}

/**
 * States that a node was missed, and observes the delay of the person, department or unit it lies with, once. The caller
 * holds the node and has begun a change of facts. Sources.
 */
export async function missTimeNode(tx: EntityManager, node: TimeNode, act: Act): Promise<TimeNode> {
  const { id, code, title, unitId, departmentId, personId, dueAt, isUrgent } = node
  const missed: TimeNode = {
    ...node,
    state: 'missed',
    missedAt: act.now,
    version: node.version + 1,
  }
  await tx.update(TimeNodeEntity, { id }, missed)
  await appendEvent(
    tx,
    'assessment',
    TimeNodeMissed,
    id,
    {
      nodeId: id,
      code,
      unitId,
      personId,
      dueAt: dueAt.toISOString(),
      noticedAt: act.now.toISOString(),
    },
    act,
  )
  const delay = {
    id: delayId(id),
    kind: 'delay' as const,
    severity: isUrgent ? ('heavy' as const) : null,
    points: null,
    personId,
    departmentId,
    unitId,
    moduleCode: null,
    reference: code,
    description: title,
    occurredAt: dueAt,
    foundAt: act.now,
    fingerprint: delayId(id),
    originId: id,
    dueAt: null,
    dueFault: null,
    dueMissingYear: null,
    dueParameterVersion: null,
    byConcerned: false,
  }
  await stateObservations(tx, [delay], act)
  return missed
}
