import type { EntityManager } from 'typeorm'
import { SessionEntity } from '../sessions/session.ts'
import type { Factor } from './factor-guard.ts'
import { amrWith } from './rules/amr.ts'

/** Notes in an open session that the second factor was proved at `now`; its tokens say so from the next refresh on. */
export async function noteProof(
  tx: EntityManager,
  sessionId: string,
  factor: Factor,
  now: Date,
): Promise<void> {
  const session = await tx.findOne(SessionEntity, {
    where: { id: sessionId },
    lock: { mode: 'pessimistic_write' },
  })
  if (session === null) return
  const amr = amrWith(session.amr, factor)
  await tx.update(SessionEntity, sessionId, { amr, secondFactorAt: now })
}
