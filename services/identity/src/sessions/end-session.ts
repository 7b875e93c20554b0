import type { Act } from '@erp-steward/contracts/act'
import { SessionEnded } from '@erp-steward/contracts/sign-in-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { EntityManager } from 'typeorm'
import type { SessionEnd } from '@erp-steward/contracts/session-end'

/** Ends a session that is open and tells every gateway; answers whether it was. `because`: an administrator's words. */
export async function endSession(
  tx: EntityManager,
  sessionId: string,
  reason: SessionEnd,
  act: Act,
  because?: string,
): Promise<boolean> {
  const [ended]: [{ account_id: string }[], number] = await tx.query(
    `update session set ended_at = $2, end_reason = $3 where id = $1 and ended_at is null
     returning account_id`,
    [sessionId, act.now, reason],
  )
  const accountId = ended[0]?.account_id
  if (accountId === undefined) return false
  await appendEvent(
    tx,
    'identity',
    SessionEnded,
    accountId,
    {
      accountId,
      sessionId,
      reason,
      ...(because !== undefined && { because }),
      endedAt: act.now.toISOString(),
    },
    act,
  )
  return true
}

/** Ends the open sessions of an account, oldest first; `except` goes on. */
export async function endSessionsOfAccount(
  tx: EntityManager,
  accountId: string,
  reason: SessionEnd,
  act: Act,
  { except }: { readonly except: string },
): Promise<void> {
  const open: { id: string }[] = await tx.query(
    `select id from session where account_id = $1 and ended_at is null and id <> $2
      order by started_at, id`,
    [accountId, except],
  )
  for (const { id } of open) await endSession(tx, id, reason, act)
}
