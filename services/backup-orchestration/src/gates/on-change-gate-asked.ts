import { GateAnswered } from '@erp-steward/contracts/backup-events'
import { ChangeGateAsked } from '@erp-steward/contracts/change-events'
import { on } from '@erp-steward/messaging/consumer'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { answerUnit } from './evaluate-gate.ts'
import { GateAnswerEntity, type GateAnswer } from './gate.ts'
import { reasonLine } from './rules/verdict.ts'

/**
 * How long an answer may be used: long enough for a slow bus and the start of the change, short enough that a copy that
 * is found damaged meanwhile does not let a change through much later. An open answer never outlives the age of its backups.
 */
export const ANSWER_VALID_MS = 10 * 60_000

/** Answers a change that is about to start; asked twice, it answers once. Sources. */
export const onChangeGateAsked = on(ChangeGateAsked, async (tx, { data }, act) => {
  const { askId, changeId, number, unitId, systemCode, askedAt } = data
  const { isOpen, reasons, runIds, openUntil } = await answerUnit(tx, systemCode, unitId, act.now)
  const answer: GateAnswer = {
    askId,
    changeId,
    changeNumber: number,
    unitId,
    systemCode,
    isOpen,
    reasons,
    runIds,
    askedAt: new Date(askedAt),
    answeredAt: act.now,
    validUntil: new Date(
      Math.min(act.now.getTime() + ANSWER_VALID_MS, openUntil?.getTime() ?? Infinity),
    ),
    voidedAt: null,
  }
  const kept = await tx
    .createQueryBuilder()
    .insert()
    .into(GateAnswerEntity)
    .values(answer)
    .orIgnore()
    .returning('ask_id')
    .execute()
  if ((kept.raw as unknown[]).length === 0) return
  const lines = reasons.map(reasonLine)
  await appendEvent(
    tx,
    'backup-orchestration',
    GateAnswered,
    systemCode,
    {
      askId,
      changeId,
      systemCode,
      isOpen,
      reasons: lines.map(({ en }) => en),
      reasonsInChinese: lines.map((line) => line['zh-CN']),
      backupRunIds: runIds,
      answeredAt: answer.answeredAt.toISOString(),
      validUntil: answer.validUntil.toISOString(),
    },
    act,
  )
})
