import { randomUUID } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import { BackupTargetRegistered } from '@erp-steward/contracts/backup-events'
import { Problem } from '@erp-steward/contracts/problem'
import { activeUnit } from '@erp-steward/directory/directory'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { isConstraintViolation } from '@erp-steward/service-kit/constraint'
import type { EntityManager } from 'typeorm'
import { settleGate } from '../gates/settle-gate.ts'
import { factOf, TargetEntity, type Target } from './target.ts'

export type RegisterTarget = Pick<
  Target,
  | 'code'
  | 'name'
  | 'systemCode'
  | 'unitId'
  | 'objectKind'
  | 'agentId'
  | 'source'
  | 'keyId'
  | 'requiredBeforeChange'
>

/** @throws Problem `unit-unknown`, `backup-target-exists` */
export async function registerTarget(
  tx: EntityManager,
  command: RegisterTarget,
  act: Act,
): Promise<Target> {
  await activeUnit(tx, command.unitId)
  const target: Target = {
    ...command,
    id: randomUUID(),
    active: true,
    policyVersion: 0,
    nextRunAt: null,
    newestDataAt: null,
    rpoDueAt: null,
    rpoNoticedAt: null,
    protection: null,
    protectionAt: null,
    createdAt: act.now,
    version: 1,
  }
  try {
    await tx.insert(TargetEntity, target)
  } catch (error) {
    if (isConstraintViolation(error, 'backup_target_code_key'))
      throw new Problem('backup-target-exists', `There is a backup target ${target.code} already.`)
    throw error
  }
  await stateTarget(tx, target, act)
  await settleGate(tx, target.systemCode, act)
  return target
}

/** States the target as it is now. */
export async function stateTarget(tx: EntityManager, target: Target, act: Act): Promise<void> {
  await appendEvent(
    tx,
    'backup-orchestration',
    BackupTargetRegistered,
    target.id,
    { ...factOf(target), executor: target.source.executor, active: target.active },
    act,
  )
}
