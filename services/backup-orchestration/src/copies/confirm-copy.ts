import type { Act } from '@erp-steward/contracts/act'
import type { Report } from '@erp-steward/contracts/agent-protocol'
import { OffsiteConfirmed } from '@erp-steward/contracts/backup-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { EntityManager } from 'typeorm'
import { assign } from '../assignments/assignment.ts'
import { settleGate } from '../gates/settle-gate.ts'
import type { Run } from '../runs/run.ts'
import { siteOf, type Site } from '../sites/site.ts'
import { factOf, type Target } from '../targets/target.ts'
import { CopyEntity, type Copy } from './copy.ts'
import { MOST_TRIES, pauseAfter } from './rules/pause.ts'

export type ReadBack = Extract<Report, { outcome: 'copied' | 'verified' }>

/**
 * Takes what the agent reports of a copy to the other site. It is confirmed only when it was read again there and its
 * digest is that of the source, at a place that somebody else than whoever runs the agent has confirmed to be elsewhere;
 * whatever else happened, it is tried again. Source.
 *
 * @returns whether the copy is confirmed
 */
export async function confirmCopy(
  tx: EntityManager,
  target: Target,
  run: Run,
  copy: Copy,
  report: ReadBack,
  act: Act,
): Promise<boolean> {
  const { storedBytes, readDigest, finding } = report
  if (finding !== null || storedBytes === 0 || readDigest === null || readDigest !== run.digest) {
    const fault =
      finding ?? `It reads ${readDigest ?? 'nothing'}, the source is ${String(run.digest)}.`
    await tryAgain(tx, copy, fault, act)
    return false
  }
  const site = await siteOf(tx, copy.siteCode)
  const unconfirmed = objectionToSite(site, act)
  if (unconfirmed !== null) {
    await tryAgain(tx, copy, unconfirmed, act)
    return false
  }
  await tx.update(
    CopyEntity,
    { id: copy.id },
    {
      state: 'good',
      storedBytes,
      digest: readDigest,
      goodAt: act.now,
      lastVerifiedAt: act.now,
      finding: null,
    },
  )
  await appendEvent(
    tx,
    'backup-orchestration',
    OffsiteConfirmed,
    target.id,
    {
      ...factOf(target),
      runId: run.id,
      copyId: copy.id,
      siteCode: copy.siteCode,
      objectName: copy.objectName,
      digest: readDigest,
      confirmedAt: act.now.toISOString(),
    },
    act,
  )
  await settleGate(tx, target.systemCode, act)
  return true
}

/** The agent alone proves the bytes; that they lie elsewhere is known from a person who does not act through it. */
function objectionToSite({ code, isOffsite, confirmedByPersonId }: Site, act: Act): string | null {
  if (!isOffsite || confirmedByPersonId === null)
    return `Nobody has confirmed that the site ${code} is off site.`
  return act.controllers.includes(confirmedByPersonId)
    ? `Who confirmed the site ${code} controls the agent; somebody else confirms it.`
    : null
}

/** Queues another try of a copy after a pause; after the last one it is given up. The caller holds the target's lock. */
export async function tryAgain(
  tx: EntityManager,
  copy: Copy,
  fault: string,
  act: Act,
): Promise<void> {
  const tries = copy.tries + 1
  if (tries >= MOST_TRIES) {
    await tx.update(
      CopyEntity,
      { id: copy.id },
      { tries, finding: fault, state: 'failed', endedAt: act.now },
    )
    return
  }
  await tx.update(CopyEntity, { id: copy.id }, { tries, finding: fault })
  const { targetId, runId, id } = copy
  const notBefore = new Date(act.now.getTime() + pauseAfter(tries))
  await assign(tx, { kind: 'copy', targetId, runId, copyId: id, notBefore }, act)
}
