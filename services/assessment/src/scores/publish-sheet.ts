import type { Act } from '@erp-steward/contracts/act'
import { ScoresPublished } from '@erp-steward/contracts/assessment-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { assertAnotherPerson } from '@erp-steward/service-kit/another-person'
import { assertVersion } from '@erp-steward/service-kit/commit'
import { readParameter } from '@erp-steward/service-kit/parameters'
import type { EntityManager } from 'typeorm'
import { companyCalendar, companyDeadline } from '@erp-steward/service-kit/company-calendar'
import { closeFacts } from '../facts/fact-order.ts'
import { newestSheet, readSheet, ScoreSheetEntity, type ScoreSheet } from './score-sheet.ts'

/**
 * Makes the newest revision of a month known, by another person than had it computed: nobody chooses alone from which
 * facts the house is judged. The one published before is superseded. Source: B-5.6.
 *
 * @throws Problem `sheet-not-found`, `sheet-state`, `version-stale`, `same-person`
 */
export async function publishSheet(
  tx: EntityManager,
  id: string,
  expected: number,
  act: Act,
): Promise<ScoreSheet> {
  // No revision can be computed while this decides which one is the newest.
  await closeFacts(tx)
  const sheet = await readSheet(tx, id)
  assertVersion(sheet.version, expected)
  const newest = await newestSheet(tx, sheet.month)
  if (sheet.state === 'preview')
    throw new Problem(
      'sheet-state',
      said(
        `The month ${sheet.month} was not over; compute it again.`,
        `当时 ${sheet.month} 月份尚未结束，请重新计算。`,
      ),
    )
  if (sheet.state !== 'computed')
    throw new Problem(
      'sheet-state',
      said(`The sheet is ${sheet.state}.`, `该评分表的状态为 ${sheet.state}。`),
    )
  if (newest?.id !== id)
    throw new Problem(
      'sheet-state',
      said('There is a newer revision of this month.', '该月份已有更新的版本。'),
      {
        newestId: newest?.id,
      },
    )
  if (sheet.computedBy === act.actor)
    throw new Problem(
      'same-person',
      said('Another person publishes what you had computed.', '您计算的结果须由另一人发布。'),
    )
  assertAnotherPerson(
    act,
    [sheet.computedByPersonId, ...sheet.computedByControllers],
    said('Another person publishes what you had computed.', '您计算的考核表须由他人发布。'),
  )
  return makeKnown(tx, sheet, act)
}

/** Publishes a revision that is the newest and not a preview; the caller has closed the facts. */
export async function makeKnown(
  tx: EntityManager,
  sheet: ScoreSheet,
  act: Act,
): Promise<ScoreSheet> {
  const { id, month, revision, digest } = sheet
  const { value } = await readParameter(tx, 'assessment.objection.within', null, act.now)
  const { dueAt: appealsUntil } = companyDeadline(await companyCalendar(tx), value, act.now)
  await tx.query(
    `update score_sheet set state = 'superseded', version = version + 1
      where month = $1 and state = 'published'`,
    [month],
  )
  const published: ScoreSheet = {
    ...sheet,
    state: 'published',
    publishedAt: act.now,
    appealsUntil,
    version: sheet.version + 1,
  }
  await tx.update(ScoreSheetEntity, { id }, published)
  const data = {
    sheetId: id,
    month,
    revision,
    digest,
    publishedAt: act.now.toISOString(),
    appealsUntil: appealsUntil?.toISOString() ?? null,
  }
  await appendEvent(tx, 'assessment', ScoresPublished, id, data, act)
  return published
}
