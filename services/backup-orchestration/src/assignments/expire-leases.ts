import type { Act } from '@erp-steward/contracts/act'
import type { EntityManager } from 'typeorm'
import { lockTarget } from '../targets/target.ts'
import { AssignmentEntity, type Assignment } from './assignment.ts'
import { comeToNothing } from './end-assignment.ts'

/** Leases of one piece of work before it is given up: an agent that dies three times over it will die again. */
export const MOST_LEASES = 3

/**
 * Takes back the leases that ran out, all or those of one agent's targets: the work waits again under a higher token, so
 * that whoever held it is refused from now on. After the last one it has come to nothing.
 */
export async function expireLeases(
  tx: EntityManager,
  agentId: string | null,
  act: Act,
): Promise<void> {
  const expired: { id: string; targetId: string }[] = await tx.query(
    `select a.id, a.target_id as "targetId"
       from backup_assignment a join backup_target t on t.id = a.target_id
      where a.state = 'leased' and a.lease_until < $1 and ($2::text is null or t.agent_id = $2)
      order by a.target_id limit 1000 for update of a, t skip locked`,
    [act.now, agentId],
  )
  for (const { id } of expired) {
    const assignment = await tx.findOneByOrFail(AssignmentEntity, { id })
    await loseLease(tx, assignment, act)
  }
}

/** Takes a lease back; the caller holds the locks of the assignment and of its target. */
export async function loseLease(
  tx: EntityManager,
  assignment: Assignment,
  act: Act,
): Promise<void> {
  const { id, attempts, cancelAskedAt, targetId } = assignment
  const over = attempts >= MOST_LEASES || cancelAskedAt !== null
  await tx.update(
    AssignmentEntity,
    { id },
    {
      fencingToken: assignment.fencingToken + 1,
      leaseUntil: null,
      ...(over ? { state: 'failed', endedAt: act.now } : { state: 'waiting', notBefore: act.now }),
    },
  )
  if (!over) return
  const target = await lockTarget(tx, targetId)
  await (cancelAskedAt === null
    ? comeToNothing(
        tx,
        target,
        assignment,
        'lease-lost',
        `The agent fell silent ${String(attempts)} times.`,
        act,
      )
    : comeToNothing(
        tx,
        target,
        assignment,
        'cancelled',
        'Called off; the agent fell silent meanwhile.',
        act,
      ))
}
