import { said } from '@erp-steward/contracts/bilingual'
import { Uuid } from '@erp-steward/contracts/values'
import { defineTask } from '@erp-steward/service-kit/jobs'
import { Type } from 'typebox'
import { answerDueAt, GATE_ANSWER_WITHIN_MS, GATE_DUE, watchAnswer } from './ask-gate.ts'
import { lockedChange } from './change.ts'
import { holdChange } from './hold-change.ts'

const SECONDS = String(GATE_ANSWER_WITHIN_MS / 1_000)

/**
 * Silence is a closed gate: a change whose question has no answer in time is held. May run late or twice; a change that
 * has its answer, or asked anew, is left alone.
 */
export const onGateDue = defineTask(
  GATE_DUE,
  Type.Object({ changeId: Uuid, askId: Uuid }),
  async (tx, { changeId, askId }, act) => {
    const change = await lockedChange(tx, changeId)
    if (change?.state !== 'asking' || change.askId !== askId) return
    if (act.now < answerDueAt(change)) {
      // The job ran by the clock of the database, which may be ahead of ours.
      await watchAnswer(tx, change, act)
      return
    }
    await holdChange(
      tx,
      change,
      'gate-silent',
      [said(`No answer within ${SECONDS} seconds.`, `${SECONDS} 秒内没有答复。`)],
      act,
    )
  },
)
