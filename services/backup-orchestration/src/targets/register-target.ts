import type { Act } from '@erp-steward/contracts/act'
import { BackupTargetRegistered, type SystemServes } from '@erp-steward/contracts/backup-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { activeUnit } from '@erp-steward/directory/directory'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { isConstraintViolation } from '@erp-steward/service-kit/constraint'
import type { EntityManager } from 'typeorm'
import { voidGate } from '../gates/void-gate.ts'
import { assertSystemOf, joinSystem } from '../systems/keep-system.ts'
import { factOf, TargetEntity, type Target } from './target.ts'

export interface RegisterTarget extends Pick<
  Target,
  | 'id'
  | 'code'
  | 'name'
  | 'systemCode'
  | 'unitId'
  | 'objectKind'
  | 'agentId'
  | 'source'
  | 'keyId'
  | 'requiredBeforeChange'
> {
  /** For whose changes the gate of its system opens; `null`: as it does, or for those of its unit. */
  readonly systemServes: SystemServes | null
}

/**
 * Refuses what could not be registered, before a second person is asked.
 *
 * @throws Problem `unit-unknown`, `backup-target-exists`, `backup-system-foreign`, `validation-failed` where the system
 *   serves others
 */
export async function assertRegistrable(
  tx: EntityManager,
  { code, systemCode, unitId, systemServes }: Omit<RegisterTarget, 'id'>,
): Promise<void> {
  await activeUnit(tx, unitId)
  if (await tx.existsBy(TargetEntity, { code })) throw existing(code)
  await assertSystemOf(tx, { systemCode, unitId, serves: systemServes })
}

/**
 * Registers a target, and with the first one its system. Gates answered without it are void.
 *
 * @throws Problem as `assertRegistrable`
 */
export async function registerTarget(
  tx: EntityManager,
  { systemServes: serves, ...command }: RegisterTarget,
  act: Act,
): Promise<Target> {
  const { systemCode, unitId } = command
  await activeUnit(tx, unitId)
  await joinSystem(tx, { systemCode, unitId, serves }, act)
  const target: Target = {
    ...command,
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
    if (isConstraintViolation(error, 'backup_target_code_key')) throw existing(target.code)
    throw error
  }
  await stateTarget(tx, target, act)
  const detail = said(
    `The target ${target.code} was registered.`,
    `已登记备份对象 ${target.code}。`,
  )
  await voidGate(tx, systemCode, 'target', detail, act)
  return target
}

function existing(code: string) {
  return new Problem(
    'backup-target-exists',
    said(`There is a backup target ${code} already.`, `备份对象 ${code} 已存在。`),
  )
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
