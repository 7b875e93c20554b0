import { columnsOf } from '@erp-steward/service-kit/entity'
import { decodeInstantCursor, type Sorting } from '@erp-steward/service-kit/paging'
import type { EntityManager } from 'typeorm'
import { answersInRange } from './answers-in-range.ts'
import { GateAnswerEntity, type GateAnswer } from './gate.ts'

const COLUMNS = columnsOf(GateAnswerEntity)

export interface AnswerFilter {
  readonly systemCode: string | null
  /** Only answers to changes of this unit; `null`: all. */
  readonly onlyUnitId: string | null
  /** Sort key of the last row of the page before. */
  readonly after: readonly [at: string | null, askId: string | null]
  readonly limit: number
}

/** By the instant of the answer, and by the question where two have the same. */
export const byAnswer: Sorting<GateAnswer, AnswerFilter['after']> = {
  after: decodeInstantCursor,
  keyOf: ({ answeredAt, askId }) => [answeredAt.toISOString(), askId],
}

/** What changes were answered, newest first, as a reader of the unit may see it. */
export async function listAnswers(
  tx: EntityManager,
  { systemCode, onlyUnitId, after: [at, askId], limit }: AnswerFilter,
): Promise<GateAnswer[]> {
  const answers: GateAnswer[] = await tx.query(
    `select ${COLUMNS}
       from gate_answer
      where ($1::text is null or system_code = $1) and ($2::uuid is null or unit_id = $2)
        and ($3::timestamptz is null or (answered_at, ask_id) < ($3, $4))
      order by answered_at desc, ask_id desc limit $5`,
    [systemCode, onlyUnitId, at, askId, limit],
  )
  return answersInRange(tx, answers, onlyUnitId)
}
