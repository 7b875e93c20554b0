import { defineTask } from '@erp-steward/service-kit/jobs'
import { Type } from 'typebox'
import { CONFIRM_WITHIN_MS } from '../facts/confirm-within.ts'
import { beginFacts } from '../facts/fact-order.ts'
import { missTimeNode } from './miss-time-node.ts'
import { TimeNodeEntity, UNFINISHED } from './time-node.ts'

/** Claims looked at in one run; what is left waits for the next. */
const MOST = 1_000

/**
 * Each ten minutes: a claim that nobody of another unit confirmed in two weeks is none, and the step was missed; else the
 * unit's own word would keep the delay off its score. Who confirms it later voids the delay. Source.
 */
export const watchClaims = defineTask('watch-claims', Type.Object({}), async (tx, _, act) => {
  await beginFacts(tx)
  const unconfirmed = await tx
    .createQueryBuilder(TimeNodeEntity, 'node')
    .where(`node.state = 'claimed' and node.dueAt < :oldest`, {
      oldest: new Date(act.now.getTime() - CONFIRM_WITHIN_MS),
    })
    .orderBy('node.id')
    .limit(MOST)
    .setLock('pessimistic_write')
    .setOnLocked('skip_locked')
    .getMany()
  for (const node of unconfirmed) await missTimeNode(tx, { ...node, ...UNFINISHED }, act)
})
