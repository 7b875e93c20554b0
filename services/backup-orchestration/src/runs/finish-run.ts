import type { Act } from '@erp-steward/contracts/act'
import { BackupRunFailed, BackupRunSucceeded } from '@erp-steward/contracts/backup-events'
import type { Report } from '@erp-steward/contracts/agent-protocol'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { durationMs } from '@erp-steward/regulation/duration'
import type { EntityManager } from 'typeorm'
import { CopyEntity, type Copy } from '../copies/copy.ts'
import { queueOffsite } from '../copies/queue-offsite.ts'
import { settleGate } from '../gates/settle-gate.ts'
import { policyOf } from '../targets/policy.ts'
import { factOf, TargetEntity, type Target } from '../targets/target.ts'
import { RunEntity, type Run, type RunCause } from './run.ts'

export type BackedUp = Extract<Report, { outcome: 'backed-up' }>

/** Ends a run that did not become a backup; the caller holds the lock of the target. */
export async function failRun(
  tx: EntityManager,
  target: Target,
  run: Run,
  cause: RunCause,
  detail: string,
  act: Act,
): Promise<Run> {
  const changes = { state: 'failed', cause, detail, finishedAt: act.now } as const
  await tx.update(RunEntity, { id: run.id }, changes)
  await tx.update(
    CopyEntity,
    { runId: run.id, state: 'awaited' },
    { state: 'failed', finding: detail, endedAt: act.now },
  )
  await appendEvent(
    tx,
    'backup-orchestration',
    BackupRunFailed,
    target.id,
    { ...factOf(target), runId: run.id, cause, detail, failedAt: act.now.toISOString() },
    act,
  )
  return { ...run, ...changes }
}

/** What of a report keeps a backup from being good; `null` when it is. Source. */
function faultOf({ storedBytes, writtenDigest, readDigest, finding }: BackedUp): string | null {
  if (finding !== null) return finding
  if (storedBytes === 0) return 'Nothing was stored.'
  if (writtenDigest === null) return 'Nothing says what was written.'
  if (readDigest === null) return 'The object is not there when it is read again.'
  return writtenDigest === readDigest
    ? null
    : `What was read again (${readDigest}) is not what was written (${writtenDigest}).`
}

/**
 * Ends a run by what the agent reports of it. It succeeds only when what was stored was read again and agrees; then its
 * copy for the other site is queued. Sources.
 */
export async function finishRun(
  tx: EntityManager,
  target: Target,
  { leasedAt, ...run }: Run & { readonly leasedAt: Date },
  copy: Copy,
  report: BackedUp,
  act: Act,
): Promise<void> {
  const fault = faultOf(report)
  const digest = report.readDigest
  if (fault !== null || digest === null) {
    await failRun(tx, target, run, 'digest', fault ?? 'There is no digest.', act)
    return
  }
  const { storedBytes, tool, manifestDigest, items, sourceBytes } = report
  const startedAt = run.startedAt ?? run.queuedAt
  // A host whose clock runs ahead must not make its backup younger than it is: what it read first it read after its lease
  // began, and that instant is of our clock.
  const told = new Date(report.dataAt)
  const dataAt = told > leasedAt ? leasedAt : told
  const policy = await policyOf(tx, target.id, run.policyVersion)
  const expiresAt = new Date(act.now.getTime() + policy.keepDays * 86_400_000)
  const succeeded: Run = {
    ...run,
    state: 'succeeded',
    finishedAt: act.now,
    dataAt,
    tool,
    items,
    sourceBytes,
    storedBytes,
    digest,
    manifestDigest,
  }
  await tx.update(RunEntity, { id: run.id }, succeeded)
  const good = {
    state: 'good',
    storedBytes,
    digest,
    goodAt: act.now,
    lastVerifiedAt: act.now,
    expiresAt,
  } as const
  await tx.update(CopyEntity, { id: copy.id }, good)
  await appendEvent(
    tx,
    'backup-orchestration',
    BackupRunSucceeded,
    target.id,
    {
      ...factOf(target),
      runId: run.id,
      copyId: copy.id,
      siteCode: copy.siteCode,
      objectName: copy.objectName,
      storedBytes,
      digest,
      tool,
      startedAt: startedAt.toISOString(),
      dataAt: dataAt.toISOString(),
      verifiedAt: act.now.toISOString(),
    },
    act,
  )
  await trackNewest(tx, target, act)
  if (policy.offsiteSite !== null)
    await queueOffsite(tx, succeeded, { siteCode: policy.offsiteSite, expiresAt }, act)
  await settleGate(tx, target.systemCode, act)
}

/**
 * Finds the newest run that has a good copy anywhere, and until when it is new enough. The caller holds the lock.
 *
 * A target that was never backed up is late from one RPO after its policy was set.
 */
export async function trackNewest(tx: EntityManager, target: Target, act: Act): Promise<void> {
  const [newest]: { dataAt: Date | null }[] = await tx.query(
    `select max(r.data_at) as "dataAt" from backup_run r
      where r.target_id = $1 and r.state = 'succeeded'
        and exists (select from backup_copy c where c.run_id = r.id and c.state = 'good')`,
    [target.id],
  )
  const newestDataAt = newest?.dataAt ?? null
  if (target.policyVersion === 0) return
  const policy = await policyOf(tx, target.id, target.policyVersion)
  const from = newestDataAt ?? policy.createdAt
  const rpoDueAt = target.active ? new Date(from.getTime() + durationMs(policy.rpo)) : null
  await tx.update(
    TargetEntity,
    { id: target.id },
    {
      newestDataAt,
      rpoDueAt,
      ...((rpoDueAt === null || rpoDueAt > act.now) && { rpoNoticedAt: null }),
    },
  )
}
