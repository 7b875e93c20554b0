import type { Act } from '@erp-steward/contracts/act'
import { said, together, type Bilingual } from '@erp-steward/contracts/bilingual'
import { ChangeHeld, type HeldCause } from '@erp-steward/contracts/change-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { EntityManager } from 'typeorm'
import { addChangeEntry } from './change-entry.ts'
import { updateChange, type Change } from './change.ts'

/** Keeps an approved change from starting; its executor may start it again. The caller holds its lock. */
export async function holdChange(
  tx: EntityManager,
  change: Change,
  cause: HeldCause,
  reasons: readonly Bilingual[],
  act: Act,
): Promise<void> {
  await updateChange(tx, change, { state: 'held', heldCause: cause, heldReasons: [...reasons] })
  const words = together(reasons)
  const entry = said(`${cause}: ${words.en}`, `${cause}：${words['zh-CN']}`)
  await addChangeEntry(tx, change.id, 'held', entry, act)
  await appendEvent(
    tx,
    'incident-tiering',
    ChangeHeld,
    change.id,
    {
      changeId: change.id,
      number: change.number,
      askId: change.askId,
      cause,
      reasons: reasons.map(({ en }) => en),
      heldAt: act.now.toISOString(),
    },
    act,
  )
}
