import { ChangeDebtKind, ChangeDebtOverdue } from '@erp-steward/contracts/change-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Uuid } from '@erp-steward/contracts/values'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { defineTask } from '@erp-steward/service-kit/jobs'
import { Type } from 'typebox'
import { ChangeDebtEntity, DEBT_DUE, watchDebt } from './change-debt.ts'
import { addChangeEntry } from './change-entry.ts'
import { lockedChange } from './change.ts'

/** States once that something owed was not made up in its time. May run late or twice. Source, B-7.5. */
export const onDebtDue = defineTask(
  DEBT_DUE,
  Type.Object({ changeId: Uuid, kind: ChangeDebtKind }),
  async (tx, { changeId, kind }, act) => {
    const change = await lockedChange(tx, changeId)
    const debt = await tx.findOneBy(ChangeDebtEntity, { changeId, kind })
    if (change === null || debt?.settledAt !== null || debt.overdueAt !== null) return
    if (act.now <= debt.dueAt) {
      // The job ran by the clock of the database, which may be ahead of ours.
      await watchDebt(tx, debt, act)
      return
    }
    await tx.update(ChangeDebtEntity, { changeId, kind }, { overdueAt: act.now })
    const dueAt = debt.dueAt.toISOString()
    const words = said(`${kind}: owed until ${dueAt}.`, `${kind}：应于 ${dueAt} 前补办。`)
    await addChangeEntry(tx, changeId, 'debt-overdue', words, act)
    await appendEvent(
      tx,
      'incident-tiering',
      ChangeDebtOverdue,
      changeId,
      {
        changeId,
        number: change.number,
        debt: kind,
        dueAt,
        noticedAt: act.now.toISOString(),
      },
      act,
    )
  },
)
