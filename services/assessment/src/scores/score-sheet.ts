import { Problem } from '@erp-steward/contracts/problem'
import { EntitySchema, type EntityManager } from 'typeorm'

/** `preview`: its month is not over; `superseded`: was published until a newer revision was. */
export const sheetStates = ['preview', 'computed', 'published', 'superseded'] as const
export type SheetState = (typeof sheetStates)[number]

/** The scores of a month, computed from the facts up to a cut-off. A revision never changes but for its publication. */
export interface ScoreSheet {
  id: string
  /** Month in Asia/Shanghai. */
  month: string
  revision: number
  state: SheetState
  cutOffAt: Date
  /** Facts up to this place count (`closeFacts`). */
  cutOffOrder: string
  computedAt: Date
  computedBy: string
  computedByPersonId: string | null
  /** The persons behind a client that computed it. */
  computedByControllers: readonly string[]
  subjects: number
  /** People of whom the month has a fact. */
  measured: number
  deductions: number
  /** SHA-256 of the lines (`sheetLines`), lower-case hex. */
  digest: string
  publishedAt: Date | null
  /** Last instant of an appeal against what this revision was the first to publish; `null`: no such limit is known. */
  appealsUntil: Date | null
  version: number
}

export const ScoreSheetEntity = new EntitySchema<ScoreSheet>({
  name: 'ScoreSheet',
  tableName: 'score_sheet',
  columns: {
    id: { type: 'uuid', primary: true, primaryKeyConstraintName: 'score_sheet_pkey' },
    month: { type: 'text' },
    revision: { type: 'integer' },
    state: { type: 'text' },
    cutOffAt: { type: 'timestamptz', name: 'cut_off_at' },
    cutOffOrder: { type: 'bigint', name: 'cut_off_order' },
    computedAt: { type: 'timestamptz', name: 'computed_at' },
    computedBy: { type: 'text', name: 'computed_by' },
    computedByPersonId: { type: 'uuid', name: 'computed_by_person_id', nullable: true },
    computedByControllers: { type: 'uuid', array: true, name: 'computed_by_controllers' },
    subjects: { type: 'integer' },
    measured: { type: 'integer' },
    deductions: { type: 'integer' },
    digest: { type: 'text' },
    publishedAt: { type: 'timestamptz', name: 'published_at', nullable: true },
    appealsUntil: { type: 'timestamptz', name: 'appeals_until', nullable: true },
    version: { type: 'integer' },
  },
  checks: [
    {
      name: 'score_sheet_state_check',
      expression: `state in ('preview', 'computed', 'published', 'superseded')`,
    },
  ],
  uniques: [{ name: 'score_sheet_revision_key', columns: ['month', 'revision'] }],
})

/** The newest revision of a month, `null` when none was computed. */
export async function newestSheet(tx: EntityManager, month: string): Promise<ScoreSheet | null> {
  return tx.findOne(ScoreSheetEntity, { where: { month }, order: { revision: 'desc' } })
}

/** @throws Problem `sheet-not-found` */
export async function readSheet(tx: EntityManager, id: string): Promise<ScoreSheet> {
  const sheet = await tx.findOneBy(ScoreSheetEntity, { id })
  if (sheet === null) throw new Problem('sheet-not-found', `There is no score sheet ${id}.`)
  return sheet
}
