import type { Act } from '@erp-steward/contracts/act'
import { TimeNodeClaimed, TimeNodeCompleted } from '@erp-steward/contracts/assessment-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { assertAnotherPerson, handsOf } from '@erp-steward/service-kit/another-person'
import type { EntityManager } from 'typeorm'
import { CONFIRM_WITHIN_MS } from '../facts/confirm-within.ts'
import { beginFacts } from '../facts/fact-order.ts'
import { interestOf } from '../facts/interest.ts'
import { voidObservation } from '../observations/observation.ts'
import { delayId, missTimeNode } from './miss-time-node.ts'
import { lockNode, TimeNodeEntity, type TimeNode } from './time-node.ts'

export interface CompleteTimeNode {
  readonly id: string
  readonly completedAt: Date
  /** Throws when the caller may not complete the node. */
  readonly reaches: (node: TimeNode) => void
}

/**
 * Takes down when a step was finished; at its time itself is in time, later is a delay whoever notices first. Told after
 * the time of a completion before it, the delay stated meanwhile is voided.
 *
 * The word of the unit concerned, in time, is a claim: somebody of another unit says the same, or another time, within two
 * weeks, or the step was missed. After the time it does not do at all. Source.
 *
 * @throws Problem `time-node-not-found`, `time-node-state`, `same-person`
 */
export async function completeTimeNode(
  tx: EntityManager,
  { id, completedAt, reaches }: CompleteTimeNode,
  act: Act,
): Promise<TimeNode> {
  await beginFacts(tx)
  const node = await lockNode(tx, id)
  reaches(node)
  const isSame = node.completedAt?.getTime() === completedAt.getTime()
  if (node.state === 'completed') {
    if (isSame) return node
    throw new Problem(
      'time-node-state',
      said('The node was completed before.', '该节点此前已完成。'),
    )
  }
  if (completedAt > act.now)
    throw new Problem(
      'time-node-state',
      said('A completion does not lie in the future.', '完成时间不得在将来。'),
    )
  const hasInterest = await interestOf(tx, act, [node.personId])
  // A client behind whom nobody is known may be the unit's own.
  const isConcerned =
    handsOf(act).length === 0 || hasInterest({ personIds: [node.personId], unitIds: [node.unitId] })
  if (node.state === 'claimed') {
    if (isConcerned && isSame) return node
    const detail = said(
      'Somebody of another unit confirms what was claimed.',
      '申报内容须由其他单位人员确认。',
    )
    if (isConcerned || node.completedBy === act.actor) throw new Problem('same-person', detail)
    // Who claimed, and moved to another unit since, does not confirm it.
    assertAnotherPerson(act, [node.completedByPersonId, ...node.completedByControllers], detail)
  }
  const withinTarget = completedAt <= node.dueAt
  if (withinTarget && isConcerned) {
    if (act.now > node.dueAt)
      throw new Problem(
        'same-person',
        said(
          'After its time somebody of another unit says that it was finished in time.',
          '过期之后，须由其他单位的人员说明已按时完成。',
        ),
      )
    return claim(tx, node, completedAt, act)
  }
  const isMissed = node.state !== 'missed' && !withinTarget
  const before = isMissed ? await missTimeNode(tx, node, act) : node
  if (withinTarget && node.state === 'missed')
    await voidObservation(tx, delayId(id), 'Finished in time, told later.', act)
  const [{ order }]: [{ order: string }] = await tx.query(`select nextval('fact_order') as order`)
  const isClaim = node.state === 'claimed'
  const completed: TimeNode = {
    ...before,
    ...(isClaim ? {} : handOf(act)),
    state: 'completed',
    completedAt,
    confirmedBy: isClaim ? act.actor : null,
    completedOrder: order,
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

/** By when a claim is confirmed. */
export function confirmBy({ dueAt }: Pick<TimeNode, 'dueAt'>): Date {
  return new Date(dueAt.getTime() + CONFIRM_WITHIN_MS)
}

async function claim(tx: EntityManager, node: TimeNode, completedAt: Date, act: Act) {
  const { id, code, unitId, dueAt } = node
  const claimed: TimeNode = {
    ...node,
    ...handOf(act),
    state: 'claimed',
    completedAt,
    version: node.version + 1,
  }
  await tx.update(TimeNodeEntity, { id }, claimed)
  await appendEvent(
    tx,
    'assessment',
    TimeNodeClaimed,
    id,
    {
      nodeId: id,
      code,
      unitId,
      dueAt: dueAt.toISOString(),
      completedAt: completedAt.toISOString(),
      claimedAt: act.now.toISOString(),
      confirmBy: confirmBy(node).toISOString(),
    },
    act,
  )
  return claimed
}

function handOf({ actor, personId, controllers }: Act) {
  return {
    completedBy: actor,
    completedByPersonId: personId,
    completedByControllers: [...controllers],
  }
}
