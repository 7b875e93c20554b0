import type { Act } from '@erp-steward/contracts/act'
import { LoginFailed, SignInLocked } from '@erp-steward/contracts/sign-in-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { durationMs } from '@erp-steward/regulation/duration'
import { readParameter } from '@erp-steward/service-kit/parameters'
import type { DataSource, EntityManager } from 'typeorm'
import type { Account } from '../accounts/account.ts'
import { rolesOfAccount } from '../accounts/roles-of-account.ts'
import { NOBODYS_HASH, verifyPassword } from './password-hash.ts'
import {
  admitAttempt,
  afterFailure,
  afterSuccess,
  withoutAttempt,
  type LockoutPolicy,
} from './rules/lockout.ts'
import { lockGuard, nameDigestOf, storeGuard, type GuardKey } from './sign-in-guard.ts'

/** Whose password is being tried, from where. */
export interface Attempt {
  readonly userName: string
  /** `null` when nobody has the name. */
  readonly account: Account | null
  readonly sourceIp: string
}

/** An attempt that was admitted and counted. */
export interface OpenAttempt extends Attempt {
  readonly key: GuardKey
  readonly begunAt: Date
}

/** Days for which a place that an account was signed in from counts as known: as long as sessions are kept. */
const KNOWN_DAYS = 7
/** An account id that nobody has: the same statements run for names that nobody has. */
const NOBODY = '00000000-0000-0000-0000-000000000000'

/**
 * Counts an attempt before the password is checked.
 *
 * @throws Problem `sign-in-locked`, for existing and unknown names alike
 */
export async function beginAttempt(
  tx: EntityManager,
  attempt: Attempt,
  act: Act,
): Promise<OpenAttempt> {
  const { policy } = await lockoutPolicy(tx, attempt.account, act.now)
  const key = await guardKeyOf(tx, attempt, act.now)
  const outcome = admitAttempt(await lockGuard(tx, key, act.now), policy, act.now)
  if (!outcome.admitted) throw lockedProblem(outcome.until, act.now)
  await storeGuard(tx, key, outcome.state)
  return { ...attempt, key, begunAt: act.now }
}

/**
 * Whether the password has the hash, or a hash of nobody's where there is none. An attempt that an overload keeps
 * from being checked does not count.
 */
export async function checkPassword(
  db: DataSource,
  attempt: OpenAttempt,
  hash: string | null,
  password: string,
): Promise<boolean> {
  try {
    return (await verifyPassword(hash ?? NOBODYS_HASH, password)) && hash !== null
  } catch (error) {
    const { key, begunAt } = attempt
    await db.transaction(async (tx) => {
      await storeGuard(tx, key, withoutAttempt(await lockGuard(tx, key, begunAt), begunAt))
    })
    throw error
  }
}

/** Notes that the attempt failed; the failure that fills the window locks. */
export async function failAttempt(
  tx: EntityManager,
  { account, sourceIp, key }: OpenAttempt,
  act: Act,
): Promise<void> {
  const { policy, versions } = await lockoutPolicy(tx, account, act.now)
  const guard = await lockGuard(tx, key, act.now)
  const { state, failures, locked } = afterFailure(guard, policy, act.now)
  await storeGuard(tx, key, state)
  const accountId = account?.id ?? null
  // Facts about a name that nobody has are kept under its digest, so that they have a subject and an order.
  const subject = accountId ?? key.nameDigest.toString('hex')
  const at = act.now.toISOString()
  await appendEvent(
    tx,
    'identity',
    LoginFailed,
    subject,
    { accountId, factor: 'password', sourceIp, failures, failedAt: at },
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
        factor: 'password',
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
export async function passAttempt(
  tx: EntityManager,
  { key }: OpenAttempt,
  act: Act,
): Promise<void> {
  const state = await lockGuard(tx, key, act.now)
  if (state.held || (state.lockedUntil !== null && act.now < state.lockedUntil))
    throw lockedProblem(state.lockedUntil, act.now)
  await storeGuard(tx, key, afterSuccess(state))
}

async function guardKeyOf(
  tx: EntityManager,
  { userName, account, sourceIp }: Attempt,
  at: Date,
): Promise<GuardKey> {
  const [place]: { known: boolean }[] = await tx.query(
    `select exists (select from session
       where account_id = $1 and source_ip = $2 and started_at > $3) as known`,
    [account?.id ?? NOBODY, sourceIp, new Date(at.getTime() - KNOWN_DAYS * 86_400_000)],
  )
  return { nameDigest: nameDigestOf(tx, userName), source: place?.known === true ? sourceIp : '' }
}

/** After how many failures inside which time an account is locked, and for how long. */
export async function lockoutPolicy(
  tx: EntityManager,
  account: Account | null,
  at: Date,
): Promise<{ policy: LockoutPolicy; versions: Record<string, number> }> {
  // A name that nobody has takes the same statement and has no unit.
  const { unitId } = await rolesOfAccount(
    tx,
    account ?? { administratorRole: null, personId: null },
    at,
  )
  const failures = await readParameter(tx, 'identity.lockout.failures', unitId, at)
  const window = await readParameter(tx, 'identity.lockout.window', unitId, at)
  const lock = await readParameter(tx, 'identity.lockout.lock', unitId, at)
  const daily = await readParameter(tx, 'identity.lockout.daily_locks', unitId, at)
  return {
    policy: {
      failures: failures.value,
      windowMs: durationMs(window.value),
      lockMs: durationMs(lock.value),
      // Whoever unlocks must not be locked for good: there may be no second one.
      dailyLocks: account?.administratorRole === 'SECURITY_ADMIN' ? Infinity : daily.value,
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
    ? new Problem(
        'sign-in-locked',
        said(
          'Only the security administrator can unlock this name.',
          '只有安全管理员可以解锁该用户名。',
        ),
      )
    : new Problem('sign-in-locked', said('Too many attempts failed.', '失败次数过多。'), {
        retryAfterSeconds: (until.getTime() - now.getTime()) / 1_000,
      })
}
