import type { Act } from '@erp-steward/contracts/act'
import type { EntityManager } from 'typeorm'
import { tryAgain } from '../copies/confirm-copy.ts'
import { copyOf } from '../copies/copy.ts'
import { finishRestore } from '../restores/finish-restore.ts'
import { failRun } from '../runs/finish-run.ts'
import { runOf, type RunCause } from '../runs/run.ts'
import type { Target } from '../targets/target.ts'
import type { Assignment } from './assignment.ts'

/** What follows when a piece of work came to nothing; the caller holds the lock of the target. */
export async function comeToNothing(
  tx: EntityManager,
  target: Target,
  { kind, runId, copyId, planId }: Assignment,
  cause: RunCause,
  detail: string,
  act: Act,
): Promise<void> {
  switch (kind) {
    case 'backup':
      await failRun(tx, target, await runOf(tx, runId), cause, detail, act)
      return
    case 'copy':
      await tryAgain(tx, await copyOf(tx, copyId), detail, act)
      return
    case 'restore':
      if (planId !== null)
        await finishRestore(tx, target, planId, { outcome: 'failed', detail }, act)
      return
    case 'verify':
    // Nothing is known of the copy that was not known before; the next round asks again.
  }
}
