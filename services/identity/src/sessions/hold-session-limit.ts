import type { Act } from '@erp-steward/contracts/act'
import type { EntityManager } from 'typeorm'
import { readParameters } from '@erp-steward/service-kit/parameters'
import { endSession } from './end-session.ts'
import { lapseOf, overLimit } from './rules/session-limits.ts'

/** The one that comes to the open ones, or is one of them. */
export interface Candidate {
  readonly id: string
  readonly startedAt: Date
  readonly refreshedAt: Date
  readonly mustChange: boolean
}

export interface HeldLimit {
  /** Whether the candidate may be open. */
  readonly admitted: boolean
  /** Sessions that were open before, without the candidate. */
  readonly open: number
  /** Versions of the parameters, by key. */
  readonly versions: Readonly<Record<string, number>>
}

/**
 * Holds the limit of open sessions of an account: whatever way a session is opened or goes on by, it comes through here with
 * the row of the account locked, so that of many at once as many stay open as are allowed.
 *
 * Sessions that may only choose a password make room for the next one under every choice: two of them would race for the
 * account, and an answer lost on the way would keep a newcomer out. Source, ASVS 7.1.2.
 *
 * @param unitId whose parameters are in force
 */
export async function holdSessionLimit(
  tx: EntityManager,
  accountId: string,
  candidate: Candidate,
  unitId: string | null,
  act: Act,
): Promise<HeldLimit> {
  const { 'gateway.session.concurrent': concurrent, 'gateway.session.at_limit': atLimit } =
    await readParameters(
      tx,
      ['gateway.session.concurrent', 'gateway.session.at_limit'],
      unitId,
      act.now,
    )
  const others = await openBeside(tx, accountId, candidate.id, act)
  const giveWay = others.filter(({ mustChange }) => mustChange)
  const stay = others.filter(({ mustChange }) => !mustChange)
  // Behind those that began at the same instant: it is the one that comes.
  const before = stay.filter(({ startedAt }) => startedAt <= candidate.startedAt)
  const behind = stay.filter(({ startedAt }) => startedAt > candidate.startedAt)
  const most = candidate.mustChange ? 1 : concurrent.value
  const over = overLimit([...before, candidate, ...behind], { most, atLimit: atLimit.value })
  for (const { id } of [...giveWay, ...over])
    if (id !== candidate.id) await endSession(tx, id, 'evicted', act)
  return {
    admitted: !over.includes(candidate),
    open: others.length,
    versions: {
      'gateway.session.concurrent': concurrent.version,
      'gateway.session.at_limit': atLimit.version,
    },
  }
}

/** The other open sessions in the order in which they began; those that nobody came back to end on the way. */
async function openBeside(
  tx: EntityManager,
  accountId: string,
  sessionId: string,
  act: Act,
): Promise<Candidate[]> {
  const others: (Candidate & { idleAt: Date; endsAt: Date })[] = await tx.query(
    `select id, started_at as "startedAt", refreshed_at as "refreshedAt", must_change as "mustChange",
            idle_at as "idleAt", ends_at as "endsAt"
       from session where account_id = $1 and ended_at is null and id <> $2
      order by started_at, id`,
    [accountId, sessionId],
  )
  const open: Candidate[] = []
  for (const session of others) {
    const lapse = lapseOf(session, act.now)
    if (lapse === null) open.push(session)
    else await endSession(tx, session.id, lapse, act)
  }
  return open
}
