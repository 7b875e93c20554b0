import type { Act } from '@erp-steward/contracts/act'
import { CopyDamaged, CopyVerified } from '@erp-steward/contracts/backup-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { isConstraintViolation } from '@erp-steward/service-kit/constraint'
import type { EntityManager } from 'typeorm'
import { assign, AssignmentEntity, type Assignment } from '../assignments/assignment.ts'
import { settleGate } from '../gates/settle-gate.ts'
import { trackNewest } from '../runs/finish-run.ts'
import { factOf, lockTarget, type Target } from '../targets/target.ts'
import type { ReadBack } from './confirm-copy.ts'
import { assertGood, copyOf, CopyEntity, type Copy } from './copy.ts'

/**
 * Asks for a good copy to be read again; where that is asked already, the same work is answered.
 *
 * @throws Problem `backup-copy-not-found`, `backup-copy-state`
 */
export async function askVerification(
  tx: EntityManager,
  copyId: string,
  act: Act,
): Promise<Assignment> {
  const { targetId } = await copyOf(tx, copyId)
  await lockTarget(tx, targetId)
  const copy = await copyOf(tx, copyId)
  assertGood(copy)
  const open = await tx.findOne(AssignmentEntity, {
    where: [
      { copyId, kind: 'verify', state: 'waiting' },
      { copyId, kind: 'verify', state: 'leased' },
    ],
  })
  if (open !== null) return open
  try {
    return await assign(tx, { kind: 'verify', targetId, runId: copy.runId, copyId }, act)
  } catch (error) {
    if (isConstraintViolation(error, 'backup_assignment_one_open'))
      throw new Problem(
        'backup-copy-state',
        said('The copy is being verified already.', '该副本正在验证中。'),
      )
    throw error
  }
}

/** Takes what was read of a copy: it agrees, or the copy is damaged and never counts again. Source. */
export async function takeVerification(
  tx: EntityManager,
  target: Target,
  copy: Copy,
  { readDigest, finding }: ReadBack,
  act: Act,
): Promise<void> {
  if (copy.state !== 'good' || copy.digest === null) return
  const at = act.now.toISOString()
  const fact = {
    ...factOf(target),
    runId: copy.runId,
    copyId: copy.id,
    siteCode: copy.siteCode,
    objectName: copy.objectName,
  }
  if (finding === null && readDigest === copy.digest) {
    await tx.update(CopyEntity, { id: copy.id }, { lastVerifiedAt: act.now })
    await appendEvent(
      tx,
      'backup-orchestration',
      CopyVerified,
      target.id,
      { ...fact, digest: copy.digest, verifiedAt: at },
      act,
    )
    return
  }
  const found =
    finding ?? (readDigest === null ? 'The object is not there.' : 'The digest is another one.')
  await tx.update(
    CopyEntity,
    { id: copy.id },
    { state: 'damaged', finding: found, foundDigest: readDigest, endedAt: act.now },
  )
  await appendEvent(
    tx,
    'backup-orchestration',
    CopyDamaged,
    target.id,
    {
      ...fact,
      finding: found,
      expectedDigest: copy.digest,
      foundDigest: readDigest,
      foundAt: at,
    },
    act,
  )
  await trackNewest(tx, target, act)
  await settleGate(tx, target.systemCode, act)
}
