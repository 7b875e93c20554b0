import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { about, Id, InstantOut, nullable, Uuid, Version } from '@erp-steward/contracts/values'
import { entityOf, type RowOf } from '@erp-steward/service-kit/entity'
import { Type, type Static } from 'typebox'
import type { EntityManager } from 'typeorm'

const SheetState = Type.Enum(['preview', 'computed', 'published', 'superseded'], {
  title: 'ScoreSheetState',
  description:
    '`preview`: its month is not over; `superseded`: was published until a newer revision was.',
})
export type SheetState = Static<typeof SheetState>

/** The scores of a month, computed from the facts up to a cut-off. A revision never changes but for its publication. */
export const SheetView = Type.Object(
  {
    id: Id,
    month: Type.String({ description: 'Month in Asia/Shanghai.' }),
    revision: Type.Integer({ description: 'From 1 in each month.' }),
    state: SheetState,
    cutOffAt: about(InstantOut, 'Facts recorded up to then count.'),
    computedAt: about(InstantOut, 'When it was computed.'),
    computedBy: Type.String({ description: 'Account, client or service that had it computed.' }),
    subjects: Type.Integer({ description: 'People, departments and units that have a score.' }),
    measured: Type.Integer({ description: 'People of whom the month has a fact.' }),
    deductions: Type.Integer({ description: 'Facts that cost or earned points.' }),
    digest: Type.String({ description: 'SHA-256 of the lines, lower-case hex.' }),
    publishedAt: nullable(InstantOut, 'When it was made known; null before that.'),
    appealsUntil: nullable(
      InstantOut,
      'Last instant of an appeal against what this revision was the first to publish; null: no such limit is known.',
    ),
    version: Version,
  },
  { title: 'ScoreSheet' },
)

export const ScoreSheetEntity = entityOf(SheetView, {
  table: 'score_sheet',
  kept: {
    /** Facts up to this place count (`closeFacts`). */
    cutOffOrder: Type.String(),
    computedByPersonId: nullable(Uuid),
    /** The persons behind a client that computed it. */
    computedByControllers: Type.Unsafe<readonly string[]>(Type.Array(Uuid)),
  },
  columns: { cutOffOrder: { type: 'bigint' } },
  checks: [
    {
      name: 'score_sheet_state_check',
      expression: `state in ('preview', 'computed', 'published', 'superseded')`,
    },
  ],
  uniques: [{ name: 'score_sheet_revision_key', columns: ['month', 'revision'] }],
})
export type ScoreSheet = RowOf<typeof ScoreSheetEntity>

/** The newest revision of a month, `null` when none was computed. */
export async function newestSheet(tx: EntityManager, month: string): Promise<ScoreSheet | null> {
  return tx.findOne(ScoreSheetEntity, { where: { month }, order: { revision: 'desc' } })
}

/** @throws Problem `sheet-not-found` */
export async function readSheet(tx: EntityManager, id: string): Promise<ScoreSheet> {
  const sheet = await tx.findOneBy(ScoreSheetEntity, { id })
  if (sheet === null)
    throw new Problem(
      'sheet-not-found',
      said(`There is no score sheet ${id}.`, `没有评分表 ${id}。`),
    )
  return sheet
}
