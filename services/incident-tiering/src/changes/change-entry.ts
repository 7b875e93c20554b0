import type { Act } from '@erp-steward/contracts/act'
import { about, InstantOut, Uuid } from '@erp-steward/contracts/values'
import { entityOf } from '@erp-steward/service-kit/entity'
import { InChinese, textColumns, type StoredText } from '@erp-steward/service-kit/stored-text'
import { Type, type Static } from 'typebox'
import type { EntityManager } from 'typeorm'

const ChangeEntryKind = Type.Enum(
  [
    'submitted',
    'amended',
    'approvals-voided',
    'approved',
    'rejected',
    'withdrawn',
    'gate-asked',
    'held',
    'started',
    'finished',
    'papers-filed',
    'debt-overdue',
    'stage-unfilled',
    'executor-lost',
    'reviewed',
  ],
  { title: 'ChangeEntryKind', description: 'What happened, in the words of the events.' },
)
/** What the timeline of a change tells, in the words of its events. */
export type ChangeEntryKind = Static<typeof ChangeEntryKind>

/** One line of a change's timeline; lines are only ever added. */
export const ChangeEntryView = Type.Object(
  {
    // A bigint, hence text.
    id: Type.String({
      description: 'Counts upwards, so that what happened at one instant keeps its order.',
    }),
    at: about(InstantOut, 'When it happened.'),
    actor: Type.String({ description: 'Account, client or service.' }),
    kind: ChangeEntryKind,
    text: Type.String({
      description:
        'What was said with it, such as a reason or a result; what the product says itself, in the language preferred.',
    }),
  },
  { title: 'ChangeEntry' },
)

export const ChangeEntryEntity = entityOf(ChangeEntryView, {
  table: 'change_entry',
  kept: { changeId: Uuid, textInChinese: InChinese },
  columns: { id: { type: 'bigint', generated: 'increment' } },
  indices: [{ name: 'change_entry_by_change', columns: ['changeId', 'id'] }],
})

/** Adds a line; the caller holds the lock of the change, so lines are numbered in the order of what happened. */
export async function addChangeEntry(
  tx: EntityManager,
  changeId: string,
  kind: ChangeEntryKind,
  text: StoredText,
  act: Act,
): Promise<void> {
  const entry = { changeId, at: act.now, actor: act.actor, kind, ...textColumns(text) }
  await tx.insert(ChangeEntryEntity, entry)
}
