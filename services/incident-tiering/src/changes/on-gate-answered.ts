import type { Act } from '@erp-steward/contracts/act'
import { said, type Bilingual } from '@erp-steward/contracts/bilingual'
import { GateAnswered } from '@erp-steward/contracts/backup-events'
import type { HeldCause } from '@erp-steward/contracts/change-events'
import type { EventOf } from '@erp-steward/contracts/event'
import { on } from '@erp-steward/messaging/consumer'
import type { EntityManager } from 'typeorm'
import { answerDueAt } from './ask-gate.ts'
import { lockedChange, type Change } from './change.ts'
import { holdChange } from './hold-change.ts'
import { lostPerson } from './lost-person.ts'
import { plannedTimeOfChange } from './planned-time-of-change.ts'
import { objectionToTime } from './rules/planned-time.ts'
import { beginChange, outsideWindow, type StartGrounds } from './start-change.ts'
import { windowOfChange } from './window-of-change.ts'

type Answer = EventOf<typeof GateAnswered>['data']

/**
 * Only an open answer to the newest question, in time and still valid, starts the change that waits for it. Whatever
 * else arrives, late, twice, or for another question, system or change, starts nothing. Source.
 */
export const onGateAnswered = on(GateAnswered, async (tx, { data }, act) => {
  const change = await lockedChange(tx, data.changeId)
  if (change?.state !== 'asking' || change.askId !== data.askId) return
  if (change.systemCode !== data.systemCode) return
  const window = await windowOfChange(tx, change, act.now)
  const planned = await plannedTimeOfChange(tx, change, act.now)
  const objection = await objectionTo(tx, change, data, { planned, window }, act)
  if (objection === null) {
    const { askId, backupRunIds } = data
    await beginChange(tx, change, { askId, backupRunIds, planned, window }, act)
    return
  }
  const [cause, reasons] = objection
  await holdChange(tx, change, cause, reasons, act)
})

const NAMES_NONE = said('The answer is open but names no backup.', '答复为放行，但未指明任何备份。')
const CAME_LATE = said('The answer came after its time.', '答复超过时限才到达。')

async function objectionTo(
  tx: EntityManager,
  change: Change,
  { isOpen, reasons, reasonsInChinese, backupRunIds, validUntil }: Answer,
  { planned, window }: Pick<StartGrounds, 'planned' | 'window'>,
  act: Act,
): Promise<[cause: HeldCause, reasons: readonly Bilingual[]] | null> {
  if (!isOpen)
    return ['gate-closed', reasons.map((each, at) => said(each, reasonsInChinese?.[at] ?? each))]
  if (backupRunIds.length === 0) return ['gate-closed', [NAMES_NONE]]
  if (act.now > answerDueAt(change)) return ['answer-late', [CAME_LATE]]
  if (act.now >= new Date(validUntil))
    return [
      'answer-late',
      [said(`The answer was valid until ${validUntil}.`, `答复的有效期至 ${validUntil}。`)],
    ]
  // The gate took its time: the window may have closed, and somebody may have left, since the question.
  if (!window.isOpen) return ['outside-window', [outsideWindow(window)]]
  const untimely = objectionToTime(planned, act.now)
  if (untimely !== null) return ['outside-planned-time', [untimely]]
  const [cause, lost = []] = (await lostPerson(tx, change)) ?? []
  return cause === undefined ? null : [cause, lost]
}
