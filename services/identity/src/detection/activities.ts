import type { EntityManager } from 'typeorm'
import type { Activity } from './rules/activity.ts'

/** The columns of an activity; `session` is the table's name in the statement. */
const ACTIVITY = `session.id as "sessionId", session.account_id as "accountId", session.source_ip as address,
  session.user_agent as agent, session.started_at as "startedAt", session.refreshed_at as "refreshedAt",
  session.sign_in_event_id as "eventId"`

/** One session; `null` when it is no longer kept. */
export async function activityOf(tx: EntityManager, sessionId: string): Promise<Activity | null> {
  const [found]: Activity[] = await tx.query(`select ${ACTIVITY} from session where id = $1`, [
    sessionId,
  ])
  return found ?? null
}

/** Sessions of an account that began in a time, both ends included, the newest first; at most 1,000. */
export function activitiesOf(
  tx: EntityManager,
  accountId: string,
  from: Date,
  until: Date,
): Promise<Activity[]> {
  return tx.query(
    `select ${ACTIVITY} from session where account_id = $1 and started_at between $2 and $3
      order by started_at desc, id limit 1000`,
    [accountId, from, until],
  )
}

/** Sessions that began at an address in a time, both ends included, the newest first; at most 1,000. */
export function activitiesAt(
  tx: EntityManager,
  address: string,
  from: Date,
  until: Date,
): Promise<Activity[]> {
  return tx.query(
    `select ${ACTIVITY} from session where source_ip = $1 and started_at between $2 and $3
      order by started_at desc, id limit 1000`,
    [address, from, until],
  )
}

/** The session by which an account did something at an instant: the last one that had begun and not ended; `null`: none. */
export async function activityDuring(
  tx: EntityManager,
  accountId: string,
  at: Date,
): Promise<Activity | null> {
  const [found]: Activity[] = await tx.query(
    `select ${ACTIVITY} from session
      where account_id = $1 and started_at <= $2 and (ended_at is null or ended_at >= $2)
      order by started_at desc, id limit 1`,
    [accountId, at],
  )
  return found ?? null
}
