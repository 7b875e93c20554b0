import type { Act } from '@erp-steward/contracts/act'
import { LoginFailed, SignInLocked } from '@erp-steward/contracts/identity-events'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { durationMs } from '@erp-steward/regulation/duration'
import { readParameter } from '@erp-steward/service-kit/parameters'
import type { EntityManager } from 'typeorm'
import { admitAttempt, afterFailure, afterSuccess, type LockoutPolicy } from './rules/lockout.ts'
import { lockGuard, nameDigest, storeGuard } from './sign-in-guard.ts'

/** Whose password is being tried, from where. */
export interface Attempt {
  readonly userName: string
  /** `null` when nobody has the name. */
  readonly accountId: string | null
  readonly sourceIp: string
}

/**
 * Counts an attempt before the password is checked.
 *
 * @throws Problem `sign-in-locked`, for existing and unknown names alike
 */
export async function beginAttempt(tx: EntityManager, userName: string, act: Act): Promise<void> {
  const digest = nameDigest(userName)
  const { policy } = await lockoutPolicy(tx, act.now)
  const outcome = admitAttempt(await lockGuard(tx, digest, act.now), policy, act.now)
  if (!outcome.admitted) throw lockedProblem(outcome.until, act.now)
  await storeGuard(tx, digest, outcome.state)
}

/** Notes that the attempt failed; the failure that fills the window locks. */
export async function failAttempt(
  tx: EntityManager,
  { userName, accountId, sourceIp }: Attempt,
  act: Act,
): Promise<void> {
  const digest = nameDigest(userName)
  const { policy, versions } = await lockoutPolicy(tx, act.now)
  const { state, failures, locked } = afterFailure(
    await lockGuard(tx, digest, act.now),
    policy,
    act.now,
  )
  await storeGuard(tx, digest, state)
  // Facts about a name that nobody has are kept under its digest, so that they have a subject and an order.
  const subject = accountId ?? digest.toString('hex')
  const at = act.now.toISOString()
  await appendEvent(
    tx,
    'identity',
    LoginFailed,
    subject,
    { accountId, sourceIp, failures, failedAt: at },
    act,
  )
  if (locked)
    await appendEvent(
      tx,
      'identity',
      SignInLocked,
      subject,
      {
        accountId,
        until: state.lockedUntil?.toISOString() ?? null,
        parameterVersions: versions,
        lockedAt: at,
      },
      act,
    )
}

/**
 * Notes that the password was right.
 *
 * @throws Problem `sign-in-locked` when other attempts have locked the name while this one was being checked
 */
export async function passAttempt(tx: EntityManager, userName: string, act: Act): Promise<void> {
  const digest = nameDigest(userName)
  const state = await lockGuard(tx, digest, act.now)
  if (state.held || (state.lockedUntil !== null && act.now < state.lockedUntil))
    throw lockedProblem(state.lockedUntil, act.now)
  await storeGuard(tx, digest, afterSuccess(state))
}

async function lockoutPolicy(
  tx: EntityManager,
  at: Date,
): Promise<{ policy: LockoutPolicy; versions: Record<string, number> }> {
  const failures = await readParameter(tx, 'identity.lockout.failures', null, at)
  const window = await readParameter(tx, 'identity.lockout.window', null, at)
  const lock = await readParameter(tx, 'identity.lockout.lock', null, at)
  const daily = await readParameter(tx, 'identity.lockout.daily_locks', null, at)
  return {
    policy: {
      failures: failures.value,
      windowMs: durationMs(window.value),
      lockMs: durationMs(lock.value),
      dailyLocks: daily.value,
    },
    versions: {
      'identity.lockout.failures': failures.version,
      'identity.lockout.window': window.version,
      'identity.lockout.lock': lock.version,
      'identity.lockout.daily_locks': daily.version,
    },
  }
}

function lockedProblem(until: Date | null, now: Date): Problem {
  return until === null
    ? new Problem('sign-in-locked', 'Only the security administrator can unlock this name.')
    : new Problem('sign-in-locked', 'Too many attempts failed.', {
        retryAfterSeconds: (until.getTime() - now.getTime()) / 1_000,
      })
}
