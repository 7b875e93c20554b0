import type { Act } from '@erp-steward/contracts/act'
import { GateClosed, GateOpened } from '@erp-steward/contracts/backup-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { EntityManager } from 'typeorm'
import { evaluateGate } from './evaluate-gate.ts'
import { GateEntity } from './gate.ts'
import { reasonLine } from './rules/verdict.ts'

/**
 * Looks at the gate of a system again and states it where it turned. The first look states whatever it finds.
 *
 * The row is locked before the look, so of two that happen at once the later sees what the earlier did.
 */
export async function settleGate(tx: EntityManager, systemCode: string, act: Act): Promise<void> {
  const fresh: unknown[] = await tx.query(
    `insert into backup_gate (system_code, is_open, reasons, run_ids, open_until, since, evaluated_at)
     values ($1, false, '[]', '[]', null, $2, $2) on conflict do nothing returning system_code`,
    [systemCode, act.now],
  )
  const gate = await tx.findOneOrFail(GateEntity, {
    where: { systemCode },
    lock: { mode: 'pessimistic_write' },
  })
  const { isOpen, reasons, runIds, openUntil } = await evaluateGate(tx, systemCode, act.now)
  const turned = fresh.length > 0 || gate.isOpen !== isOpen
  await tx.update(
    GateEntity,
    { systemCode },
    {
      isOpen,
      reasons,
      runIds,
      openUntil,
      evaluatedAt: act.now,
      ...(turned && { since: act.now }),
    },
  )
  if (!turned) return
  const at = act.now.toISOString()
  if (isOpen)
    await appendEvent(
      tx,
      'backup-orchestration',
      GateOpened,
      systemCode,
      { systemCode, backupRunIds: runIds, openedAt: at },
      act,
    )
  else
    await appendEvent(
      tx,
      'backup-orchestration',
      GateClosed,
      systemCode,
      { systemCode, reasons: reasons.map((reason) => reasonLine(reason).en), closedAt: at },
      act,
    )
}
