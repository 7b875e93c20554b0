import { defineTask } from '@erp-steward/service-kit/jobs'
import { Type } from 'typebox'
import { endSession } from './end-session.ts'
import { lapseOf } from './rules/session-limits.ts'

/** Sessions ended in one go. */
const BATCH = 500

/**
 * Ends the sessions that nobody came back to. A refresh after the limit is refused with or without this; it makes
 * the end a fact with its time, for the gateways and for the evidence.
 */
export const endLapsedSessions = defineTask(
  'end-lapsed-sessions',
  Type.Object({}),
  async (tx, _, act) => {
    const lapsed: { id: string; idleAt: Date; endsAt: Date }[] = await tx.query(
      `select id, idle_at as "idleAt", ends_at as "endsAt" from session
        where ended_at is null and least(idle_at, ends_at) <= $1
        order by least(idle_at, ends_at) limit $2 for update skip locked`,
      [act.now, BATCH],
    )
    // What was presented once cannot come again after its end.
    await tx.query('delete from client_assertion where expires_at < $1', [act.now])
    for (const session of lapsed)
      await endSession(tx, session.id, lapseOf(session, act.now) ?? 'idle', act)
  },
)
