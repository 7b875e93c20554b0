import type { Act } from '@erp-steward/contracts/act'
import { EntitySchema, type EntityManager } from 'typeorm'

/** What the timeline of a change tells, in the words of its events. */
export type ChangeEntryKind =
  | 'submitted'
  | 'amended'
  | 'approvals-voided'
  | 'approved'
  | 'rejected'
  | 'withdrawn'
  | 'gate-asked'
  | 'held'
  | 'started'
  | 'finished'
  | 'papers-filed'
  | 'debt-overdue'
  | 'stage-unfilled'
  | 'executor-lost'
  | 'reviewed'

/** One line of a change's timeline; lines are only ever added. */
export interface ChangeEntry {
  /** Counts upwards, so that what happened at one instant keeps its order; a bigint, hence text. */
  id: string
  changeId: string
  at: Date
  actor: string
  kind: ChangeEntryKind
  text: string
}

export const ChangeEntryEntity = new EntitySchema<ChangeEntry>({
  name: 'ChangeEntry',
  tableName: 'change_entry',
  columns: {
    id: {
      type: 'bigint',
      primary: true,
      generated: 'increment',
      primaryKeyConstraintName: 'change_entry_pkey',
    },
    changeId: { type: 'uuid', name: 'change_id' },
    at: { type: 'timestamptz' },
    actor: { type: 'text' },
    kind: { type: 'text' },
    text: { type: 'text' },
  },
  indices: [{ name: 'change_entry_by_change', columns: ['changeId', 'id'] }],
})

/** Adds a line; the caller holds the lock of the change, so lines are numbered in the order of what happened. */
export async function addChangeEntry(
  tx: EntityManager,
  changeId: string,
  kind: ChangeEntryKind,
  text: string,
  act: Act,
): Promise<void> {
  await tx.insert(ChangeEntryEntity, { changeId, at: act.now, actor: act.actor, kind, text })
}
