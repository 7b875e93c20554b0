import { AppealsEndSet } from '@erp-steward/contracts/assessment-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { defineTask } from '@erp-steward/service-kit/jobs'
import { readParameter } from '@erp-steward/service-kit/parameters'
import { Type } from 'typebox'
import { IsNull } from 'typeorm'
import { companyCalendar, companyDeadline } from '@erp-steward/service-kit/company-calendar'
import { ScoreSheetEntity } from './score-sheet.ts'

/** Least time for appeals that is left once their end is known. Own choice: nobody loses a right over night. */
const LEFT = { clock: 'working', workingDays: 1 } as const

/**
 * Gives published months whose appeals have no end, because the holidays of a year were not known, the true one once they
 * are: counted from the publication, and never sooner than a working day from now. Source: A-6.
 */
export const settleAppealEnds = defineTask(
  'settle-appeal-ends',
  Type.Object({}),
  async (tx, _, act) => {
    const calendar = await companyCalendar(tx)
    const sheets = await tx.find(ScoreSheetEntity, {
      where: { state: 'published', appealsUntil: IsNull() },
      order: { id: 'asc' },
      lock: { mode: 'pessimistic_write' },
    })
    for (const { id, month, publishedAt, version } of sheets) {
      if (publishedAt === null) continue
      const { value } = await readParameter(tx, 'assessment.objection.within', null, publishedAt)
      const { dueAt } = companyDeadline(calendar, value, publishedAt)
      const { dueAt: soonest } = companyDeadline(calendar, LEFT, act.now)
      if (dueAt === null || soonest === null) continue
      const appealsUntil = dueAt > soonest ? dueAt : soonest
      await tx.update(ScoreSheetEntity, { id }, { appealsUntil, version: version + 1 })
      const data = { sheetId: id, month, appealsUntil: appealsUntil.toISOString() }
      await appendEvent(tx, 'assessment', AppealsEndSet, id, data, act)
    }
  },
)
