import type { Act } from '@erp-steward/contracts/act'
import type { Bilingual } from '@erp-steward/contracts/bilingual'
import type { EntityManager } from 'typeorm'
import { voidGate } from '../gates/void-gate.ts'
import { lockTargetsAt, settleProtection } from '../targets/settle-protection.ts'

/** Looks again at the targets whose policy names the site, and at the gates of their systems. */
export async function settleSite(
  tx: EntityManager,
  code: string,
  detail: Bilingual,
  act: Act,
): Promise<void> {
  const targets = await lockTargetsAt(tx, code)
  for (const target of targets) await settleProtection(tx, target, act)
  const systems = new Set(targets.map(({ systemCode }) => systemCode))
  for (const systemCode of [...systems].sort()) await voidGate(tx, systemCode, 'site', detail, act)
}
