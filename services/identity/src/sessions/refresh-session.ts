import type { Act } from '@erp-steward/contracts/act'
import { RefreshReused } from '@erp-steward/contracts/sign-in-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { DataSource, EntityManager } from 'typeorm'
import { AccountEntity } from '../accounts/account.ts'
import { rolesOfAccount } from '../accounts/roles-of-account.ts'
import { endSession } from './end-session.ts'
import { holdSessionLimit } from './hold-session-limit.ts'
import { digestOf } from './refresh-token.ts'
import { lapseOf } from './rules/session-limits.ts'
import { SessionEntity, type Session } from './session.ts'
import { issueSessionTokens, type SessionTokens } from './session-tokens.ts'
import type { TokenSigner } from './token-signer.ts'

export interface Refresh {
  readonly refreshToken: string
  /** The front end that asks; `null`: none. */
  readonly clientId: string | null
  readonly sourceIp: string
}

/**
 * Exchanges a refresh token for the next pair. A token presented twice ends its session: of the two who hold it, one
 * has stolen it, and nobody can tell who. There is no grace for a client that sends it twice by mistake.
 *
 * Answers `null` whatever the reason; the end of a session stays, for it is committed.
 */
export async function refreshSession(
  db: DataSource,
  sign: TokenSigner,
  { refreshToken, clientId, sourceIp }: Refresh,
  act: Act,
): Promise<SessionTokens | null> {
  return db.transaction(async (tx) => {
    const digest = digestOf(refreshToken)
    const session = await lockSessionOf(tx, digest)
    // Of another front end: nobody can tell whether that one has lost it, so its session goes on.
    if (session?.clientId !== clientId) return null
    const actor = { ...act, actor: session.accountId }
    const [, used]: [unknown, number] = await tx.query(
      'update refresh_token set used_at = $2 where digest = $1 and used_at is null returning digest',
      [digest, act.now],
    )
    if (used === 0) {
      await endReused(tx, session, sourceIp, actor)
      return null
    }
    return nextTokens(tx, sign, session, actor)
  })
}

async function lockSessionOf(tx: EntityManager, digest: Buffer): Promise<Session | null> {
  const [token]: { session_id: string }[] = await tx.query(
    'select session_id from refresh_token where digest = $1',
    [digest],
  )
  return token === undefined ? null : lockSession(tx, token.session_id)
}

/** The session, locked, and its account before it, as whoever signs in locks them. */
export async function lockSession(tx: EntityManager, id: string): Promise<Session | null> {
  await tx.query(
    'select from account where id = (select account_id from session where id = $1) for update',
    [id],
  )
  return tx.findOne(SessionEntity, { where: { id }, lock: { mode: 'pessimistic_write' } })
}

async function endReused(
  tx: EntityManager,
  { id, accountId }: Session,
  sourceIp: string,
  act: Act,
): Promise<void> {
  if (!(await endSession(tx, id, 'refresh-reused', act))) return
  await appendEvent(
    tx,
    'identity',
    RefreshReused,
    accountId,
    { accountId, sessionId: id, sourceIp, detectedAt: act.now.toISOString() },
    act,
  )
}

/** The next tokens of a session that is locked, with its account; `null` when it or its account is over. */
export async function nextTokens(
  tx: EntityManager,
  sign: TokenSigner,
  session: Session,
  act: Act,
): Promise<SessionTokens | null> {
  if (session.endedAt !== null) return null
  const lapse = lapseOf(session, act.now)
  if (lapse !== null) {
    await endSession(tx, session.id, lapse, act)
    return null
  }
  const account = await tx.findOneBy(AccountEntity, { id: session.accountId })
  if (account?.status !== 'active') return null
  const holder = await rolesOfAccount(tx, account, act.now)
  // The limit may have been lowered since it was opened.
  const used = { ...session, refreshedAt: act.now }
  const { admitted } = await holdSessionLimit(tx, account.id, used, holder.unitId, act)
  if (!admitted) {
    await endSession(tx, session.id, 'evicted', act)
    return null
  }
  await tx.query('update session set refreshed_at = $2, idle_at = $3 where id = $1', [
    session.id,
    act.now,
    new Date(act.now.getTime() + session.idleSeconds * 1_000),
  ])
  return issueSessionTokens(tx, sign, session, account, holder, act)
}
