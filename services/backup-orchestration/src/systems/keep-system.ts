import type { Act } from '@erp-steward/contracts/act'
import { BackupSystemSet, type SystemServes } from '@erp-steward/contracts/backup-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { EntityManager } from 'typeorm'
import { voidGate } from '../gates/void-gate.ts'
import { lockSystem, SystemEntity, type System } from './system.ts'

/** What a new target says of its system; `serves` is `null` where it says nothing of that. */
export interface SystemOfTarget {
  readonly systemCode: string
  readonly unitId: string
  readonly serves: SystemServes | null
}

/**
 * Refuses a target that is not of the unit of its system: a decoy beside the real thing, or a hand on another unit's gate.
 * Source.
 *
 * @throws Problem `backup-system-foreign`, `validation-failed` where it is to serve others than it does
 */
export async function assertSystemOf(tx: EntityManager, said: SystemOfTarget): Promise<void> {
  const system = await tx.findOneBy(SystemEntity, { code: said.systemCode })
  if (system !== null) assertAgrees(system, said)
}

/**
 * Makes the system known with its first target, and locks it. Of two first targets at once, one decides whose it is.
 *
 * @throws Problem as `assertSystemOf`
 */
export async function joinSystem(tx: EntityManager, said: SystemOfTarget, act: Act): Promise<void> {
  const { systemCode, unitId, serves } = said
  const fresh = await tx
    .createQueryBuilder()
    .insert()
    .into(SystemEntity)
    .values({ code: systemCode, unitId, serves: serves ?? 'unit', createdAt: act.now, version: 1 })
    .orIgnore()
    .returning('code')
    .execute()
  const system = await lockSystem(tx, systemCode)
  if ((fresh.raw as unknown[]).length > 0) await stateSystem(tx, system, act)
  else assertAgrees(system, said)
}

/**
 * Opens the gate of a system for the changes of every unit, or for those of its own only, and voids what was answered on
 * the former ground.
 *
 * @throws Problem `backup-system-not-found`
 */
export async function setServes(
  tx: EntityManager,
  code: string,
  serves: SystemServes,
  act: Act,
): Promise<void> {
  const system = await lockSystem(tx, code)
  const changed: System = { ...system, serves, version: system.version + 1 }
  await tx.update(SystemEntity, { code }, { serves, version: changed.version })
  await stateSystem(tx, changed, act)
  const detail = said(`It serves the ${serves} from now on.`, `自此服务于 ${serves}。`)
  await voidGate(tx, code, 'system', detail, act)
}

async function stateSystem(tx: EntityManager, system: System, act: Act): Promise<void> {
  const { code, unitId, serves, version } = system
  await appendEvent(
    tx,
    'backup-orchestration',
    BackupSystemSet,
    code,
    { systemCode: code, unitId, serves, version, setAt: act.now.toISOString() },
    act,
  )
}

function assertAgrees(system: System, { unitId, serves }: SystemOfTarget) {
  if (system.unitId !== unitId)
    throw new Problem(
      'backup-system-foreign',
      said(`The system ${system.code} is another unit's.`, `系统 ${system.code} 属于其他单位。`),
    )
  if (serves === null || serves === system.serves) return
  const detail = said(
    `The system serves the ${system.serves}; that is changed at the system itself.`,
    `该系统服务于 ${system.serves}；须在系统本身修改。`,
  )
  throw new Problem('validation-failed', detail, {
    errors: [{ pointer: '#/systemServes', detail }],
  })
}
