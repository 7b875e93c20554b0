import type { Act } from '@erp-steward/contracts/act'
import type { Bilingual } from '@erp-steward/contracts/bilingual'
import { GateVoided, type VoidCause } from '@erp-steward/contracts/backup-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { EntityManager } from 'typeorm'
import { settleGate } from './settle-gate.ts'

/**
 * What the gate of a system reads was changed: answers given on the former ground are void, changes that wait for the gate
 * are held, and the gate is looked at anew. Sources.
 */
export async function voidGate(
  tx: EntityManager,
  systemCode: string,
  cause: VoidCause,
  detail: Bilingual,
  act: Act,
): Promise<void> {
  const [answers]: [{ askId: string; changeId: string }[], number] = await tx.query(
    `update gate_answer set voided_at = $2
      where system_code = $1 and is_open and voided_at is null and valid_until > $2
      returning ask_id as "askId", change_id as "changeId"`,
    [systemCode, act.now],
  )
  await appendEvent(
    tx,
    'backup-orchestration',
    GateVoided,
    systemCode,
    {
      systemCode,
      cause,
      detail: detail.en,
      detailInChinese: detail['zh-CN'],
      answers,
      voidedAt: act.now.toISOString(),
    },
    act,
  )
  await settleGate(tx, systemCode, act)
}
