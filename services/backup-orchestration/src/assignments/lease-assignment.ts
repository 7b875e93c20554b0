import type { Act } from '@erp-steward/contracts/act'
import type { Assignment as AssignmentMessage } from '@erp-steward/contracts/agent-protocol'
import { BackupRunStarted } from '@erp-steward/contracts/backup-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { isConstraintViolation } from '@erp-steward/service-kit/constraint'
import type { DataSource, EntityManager } from 'typeorm'
import { seeAgent } from '../agents/present-agent.ts'
import { CopyEntity, type Copy } from '../copies/copy.ts'
import { finishRestore } from '../restores/finish-restore.ts'
import { PlanEntity, scratchName } from '../restores/plan.ts'
import { RunEntity, runOf } from '../runs/run.ts'
import { factOf, lockTarget, type Target } from '../targets/target.ts'
import { AssignmentEntity, type Assignment } from './assignment.ts'
import { expireLeases } from './expire-leases.ts'

export interface Lease {
  readonly agentId: string
  /** Length of a lease, whole seconds. */
  readonly seconds: number
}

/** How often a lease is tried when another call of the same agent was faster at the same target. */
const TRIES = 3

/**
 * The next piece of work of the agent's targets, leased to it; `null` when there is none.
 *
 * A target has at most one leased piece of work, whatever its kind: the unique index decides between two calls.
 */
export async function leaseAssignment(
  db: DataSource,
  lease: Lease,
  act: Act,
): Promise<AssignmentMessage | null> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await db.transaction((tx) => leaseNext(tx, lease, act))
    } catch (error) {
      if (attempt === TRIES || !isConstraintViolation(error, 'backup_assignment_one_leased'))
        throw error
    }
  }
}

async function leaseNext(
  tx: EntityManager,
  lease: Lease,
  act: Act,
): Promise<AssignmentMessage | null> {
  await seeAgent(tx, lease.agentId, act.now)
  await expireLeases(tx, lease.agentId, act)
  for (;;) {
    const [found]: { id: string; targetId: string }[] = await tx.query(
      `select a.id, a.target_id as "targetId"
         from backup_assignment a join backup_target t on t.id = a.target_id
        where t.agent_id = $1 and a.state = 'waiting' and a.not_before <= $2
          and not exists (select from backup_assignment b where b.target_id = a.target_id and b.state = 'leased')
        order by a.rank, a.not_before, a.id limit 1 for update of a, t skip locked`,
      [lease.agentId, act.now],
    )
    if (found === undefined) return null
    const target = await lockTarget(tx, found.targetId)
    const assignment = await tx.findOneByOrFail(AssignmentEntity, { id: found.id })
    const message = await takeLease(tx, target, assignment, lease, act)
    if (message !== null) return message
  }
}

async function takeLease(
  tx: EntityManager,
  target: Target,
  before: Assignment,
  { agentId, seconds }: Lease,
  act: Act,
): Promise<AssignmentMessage | null> {
  const leaseUntil = new Date(act.now.getTime() + seconds * 1_000)
  const assignment: Assignment = {
    ...before,
    state: 'leased',
    fencingToken: before.fencingToken + 1,
    attempts: before.attempts + 1,
    leasedBy: agentId,
    leasedAt: act.now,
    leaseUntil,
    phase: null,
    bytesDone: null,
  }
  const message = await messageFor(tx, target, assignment, {
    assignmentId: assignment.id,
    fencingToken: assignment.fencingToken,
    leaseUntil: leaseUntil.toISOString(),
    heartbeatSeconds: Math.max(1, Math.floor(seconds / 3)),
    targetCode: target.code,
  })
  if (message === null) {
    await tx.update(
      AssignmentEntity,
      { id: assignment.id },
      { state: 'cancelled', endedAt: act.now },
    )
    const detail = 'What it was to be made of is no longer good.'
    // Nobody will ever make it: it is not awaited any more.
    if (assignment.kind === 'copy')
      await tx.update(
        CopyEntity,
        { id: assignment.copyId, state: 'awaited' },
        { state: 'failed', finding: detail, endedAt: act.now },
      )
    if (assignment.planId !== null)
      await finishRestore(tx, target, assignment.planId, { outcome: 'failed', detail }, act)
    return null
  }
  await tx.update(AssignmentEntity, { id: assignment.id }, assignment)
  if (message.kind === 'backup') await startRun(tx, target, assignment, act)
  return message
}

type Assigned = Pick<
  AssignmentMessage,
  'assignmentId' | 'fencingToken' | 'leaseUntil' | 'heartbeatSeconds' | 'targetCode'
>

/** What the agent is told; `null` when what it was to work on is not good any more. */
async function messageFor(
  tx: EntityManager,
  target: Target,
  { kind, runId, copyId, planId, fencingToken }: Assignment,
  assigned: Assigned,
): Promise<AssignmentMessage | null> {
  const run = await runOf(tx, runId)
  const copies = await tx.findBy(CopyEntity, { runId })
  const copy = copies.find(({ id }) => id === copyId)
  if (copy === undefined) return null
  switch (kind) {
    case 'backup': {
      const into = await placeFor(tx, target, copy, fencingToken)
      const { source, keyId } = run
      return { ...assigned, kind, runId, source, into, keyId }
    }
    case 'copy': {
      const from = readable(copies.find(({ role }) => role === 'primary'))
      if (from === null || copy.state !== 'awaited') return null
      return {
        ...assigned,
        kind,
        runId,
        from,
        into: await placeFor(tx, target, copy, fencingToken),
      }
    }
    case 'verify': {
      const read = readable(copy)
      return read === null ? null : { ...assigned, kind, runId, copy: read }
    }
    case 'restore': {
      const read = readable(copy)
      const plan = planId === null ? null : await tx.findOneBy(PlanEntity, { id: planId })
      if (read === null || plan === null || run.manifestDigest === null) return null
      return {
        ...assigned,
        kind,
        planId: plan.id,
        executor: run.source.executor,
        copy: read,
        scratchName: scratchName(plan, fencingToken),
        manifestDigest: run.manifestDigest,
      }
    }
  }
}

/**
 * A name of its own for each lease: an agent that lost its lease and does not know it cannot write over what its
 * successor writes.
 */
async function placeFor(tx: EntityManager, target: Target, copy: Copy, fencingToken: number) {
  const objectName = `${target.code}/${copy.runId}/${copy.id}.${String(fencingToken)}`
  await tx.update(CopyEntity, { id: copy.id }, { objectName })
  return { copyId: copy.id, siteCode: copy.siteCode, objectName }
}

function readable(copy: Copy | undefined) {
  if (copy?.state !== 'good' || copy.digest === null) return null
  const { id, siteCode, objectName, digest } = copy
  return { copyId: id, siteCode, objectName, digest }
}

async function startRun(
  tx: EntityManager,
  target: Target,
  { runId, attempts, leasedBy }: Assignment,
  act: Act,
) {
  const run = await runOf(tx, runId)
  const agentId = leasedBy ?? act.actor
  await tx.update(
    RunEntity,
    { id: runId },
    { state: 'running', startedAt: run.startedAt ?? act.now, attempts, agentId },
  )
  await appendEvent(
    tx,
    'backup-orchestration',
    BackupRunStarted,
    target.id,
    {
      ...factOf(target),
      runId,
      reason: run.reason,
      agentId,
      attempt: attempts,
      startedAt: act.now.toISOString(),
    },
    act,
  )
}
