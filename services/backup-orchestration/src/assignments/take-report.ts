import { isDeepStrictEqual } from 'node:util'
import type { Act } from '@erp-steward/contracts/act'
import type { Heartbeat, HeartbeatAnswer, Report } from '@erp-steward/contracts/agent-protocol'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import type { EntityManager } from 'typeorm'
import { confirmCopy } from '../copies/confirm-copy.ts'
import { copyOf } from '../copies/copy.ts'
import { takeVerification } from '../copies/verify-copy.ts'
import { finishRestore } from '../restores/finish-restore.ts'
import { finishRun } from '../runs/finish-run.ts'
import { runOf } from '../runs/run.ts'
import { lockTarget, TargetEntity, type Target } from '../targets/target.ts'
import { AssignmentEntity, type Assignment, type AssignmentKind } from './assignment.ts'
import { comeToNothing } from './end-assignment.ts'

/** Which outcome belongs to which kind of work, besides `failed`. */
const OUTCOME: Readonly<Record<AssignmentKind, Report['outcome']>> = {
  backup: 'backed-up',
  copy: 'copied',
  verify: 'verified',
  restore: 'restored',
}

const LOST = said(
  'The lease ran out or was taken back; what you did counts for nothing.',
  '租约已到期或被收回；您所做的不予计入。',
)

/**
 * Prolongs a lease; not one of work that was called off: an agent that does not listen loses it.
 *
 * @throws Problem `assignment-not-found` (also for work of another agent's target), `lease-lost`
 */
export async function takeHeartbeat(
  tx: EntityManager,
  id: string,
  { fencingToken, phase, bytesDone }: Heartbeat,
  leaseSeconds: number,
  act: Act,
): Promise<HeartbeatAnswer> {
  await assignmentOf(tx, id, act.actor)
  const leaseUntil = new Date(act.now.getTime() + leaseSeconds * 1_000)
  const [rows]: [{ isCancelled: boolean; leaseUntil: Date }[], number] = await tx.query(
    `update backup_assignment
        set lease_until = case when cancel_asked_at is null then $3 else lease_until end, phase = $4, bytes_done = $5
      where id = $1 and fencing_token = $2 and state = 'leased'
      returning cancel_asked_at is not null as "isCancelled", lease_until as "leaseUntil"`,
    [id, fencingToken, leaseUntil, phase, bytesDone],
  )
  const [row] = rows
  if (row === undefined) throw new Problem('lease-lost', LOST)
  return { leaseUntil: row.leaseUntil.toISOString(), isCancelled: row.isCancelled }
}

/**
 * Takes the report that ends a piece of work. The same report again changes nothing and gets the same answer; one with an
 * older token is refused and changes nothing.
 *
 * A lease that ran out but was not taken back is still the only one: its report counts.
 *
 * @throws Problem `assignment-not-found` (also for work of another agent's target), `lease-lost`, `report-refused`
 */
export async function takeReport(
  tx: EntityManager,
  id: string,
  report: Report,
  act: Act,
): Promise<Assignment> {
  const { targetId } = await assignmentOf(tx, id, act.actor)
  const target = await lockTarget(tx, targetId)
  const assignment = await tx.findOneByOrFail(AssignmentEntity, { id })
  if (target.agentId !== act.actor || assignment.fencingToken !== report.fencingToken)
    throw new Problem('lease-lost', LOST)
  if (assignment.state !== 'leased') {
    if (isDeepStrictEqual(assignment.report, report)) return assignment
    throw new Problem(
      'lease-lost',
      said(
        'This work has ended; another report of it is on record.',
        '此项工作已结束，另一份报告已记录在案。',
      ),
    )
  }
  if (report.outcome !== 'failed' && report.outcome !== OUTCOME[assignment.kind])
    throw new Problem(
      'report-refused',
      said(
        `A ${assignment.kind} is reported as ${OUTCOME[assignment.kind]} or failed.`,
        `${assignment.kind} 的结果只能报告为 ${OUTCOME[assignment.kind]} 或 failed。`,
      ),
    )
  // First, so that what follows from the report may queue the next piece of work for the same copy.
  const ended = {
    state: report.outcome === 'failed' ? 'failed' : 'done',
    report,
    leaseUntil: null,
    endedAt: act.now,
  } as const
  await tx.update(AssignmentEntity, { id }, ended)
  await actOnReport(tx, target, assignment, report, act)
  return { ...assignment, ...ended }
}

async function actOnReport(
  tx: EntityManager,
  target: Target,
  assignment: Assignment,
  report: Report,
  act: Act,
): Promise<void> {
  const { runId, copyId, planId } = assignment
  switch (report.outcome) {
    case 'failed':
      await comeToNothing(tx, target, assignment, report.cause, report.detail, act)
      return
    case 'backed-up':
      await finishRun(
        tx,
        target,
        { ...(await runOf(tx, runId)), leasedAt: assignment.leasedAt ?? act.now },
        await copyOf(tx, copyId),
        report,
        act,
      )
      return
    case 'copied':
      await confirmCopy(tx, target, await runOf(tx, runId), await copyOf(tx, copyId), report, act)
      return
    case 'verified':
      await takeVerification(tx, target, await copyOf(tx, copyId), report, act)
      return
    case 'restored': {
      const { manifestDigest } = await runOf(tx, runId)
      const identical = report.manifestDigest === manifestDigest && report.differences.length === 0
      const detail = identical
        ? 'What came back is what was saved.'
        : report.differences.join('; ') || 'The lists of what is inside differ.'
      if (planId !== null)
        await finishRestore(
          tx,
          target,
          planId,
          {
            outcome: identical ? 'identical' : 'different',
            detail,
            compared: report.compared,
            scratch: report.scratch,
          },
          act,
        )
    }
  }
}

async function assignmentOf(tx: EntityManager, id: string, agentId: string): Promise<Assignment> {
  const assignment = await tx.findOneBy(AssignmentEntity, { id })
  if (
    assignment === null ||
    !(await tx.existsBy(TargetEntity, { id: assignment.targetId, agentId }))
  )
    throw new Problem(
      'assignment-not-found',
      said(`There is no assignment ${id} of your targets.`, `您的备份对象没有工作 ${id}。`),
    )
  return assignment
}
