import type { Act } from '@erp-steward/contracts/act'
import { LoginFailed, SignInLocked } from '@erp-steward/contracts/sign-in-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { durationMs } from '@erp-steward/regulation/duration'
import { readParameters } from '@erp-steward/service-kit/parameters'
import type { DataSource, EntityManager } from 'typeorm'
import type { Account } from '../accounts/account.ts'
import { rolesOfAccount } from '../accounts/roles-of-account.ts'
import { KNOWN_DAYS } from './known-device.ts'
import { NOBODYS_HASH, verifyPassword } from './password-hash.ts'
import {
  admitAttempt,
  afterFailure,
  afterSuccess,
  longestRefusal,
  withoutAttempt,
  type LockoutPolicy,
} from './rules/lockout.ts'
import { placeOf } from './place.ts'
import { DEVICE, lockGuards, nameDigestOf, storeGuards, type GuardKey } from './sign-in-guard.ts'

/** Whose password is being tried, from where. */
export interface Attempt {
  readonly userName: string
  /** `null` when nobody has the name. */
  readonly account: Account | null
  readonly sourceIp: string
  /** Digest of the token of the device, or the id of the device of a session; `null`: it tells none. */
  readonly device: Buffer | string | null
}

/** An attempt that was admitted and counted. */
export interface OpenAttempt extends Attempt {
  readonly key: GuardKey
  /** At a place or device that the account is known at: what happens elsewhere does not matter there. */
  readonly known: boolean
  readonly begunAt: Date
}

/** An account id that nobody has: the same statements run for names that nobody has. */
const NOBODY = '00000000-0000-0000-0000-000000000000'

/**
 * Counts an attempt before the password is checked.
 *
 * Each place and each known device has a budget of its own, and all places that the account is not known at share another one:
 * five guesses at one place lock that place, many places together lock all but the known ones, and nobody locks the owner out
 * where the owner works. Source: ASVS 6.1.1, 6.3.8.
 *
 * @throws Problem `sign-in-locked`, for existing and unknown names alike
 */
export async function beginAttempt(
  tx: EntityManager,
  attempt: Attempt,
  act: Act,
): Promise<OpenAttempt> {
  const policies = await lockoutPolicies(tx, attempt.account, act.now)
  const { key, known } = await guardKeyOf(tx, attempt, act.now)
  const guards = await lockGuards(tx, key, act.now)
  const own = admitAttempt(guards.own, policies.own, act.now)
  const elsewhere = known
    ? { admitted: true as const, state: guards.elsewhere }
    : admitAttempt(guards.elsewhere, policies.elsewhere, act.now)
  const refusal = longestRefusal([own, elsewhere])
  if (refusal !== null) throw lockedProblem(refusal.until, act.now)
  if (own.admitted && elsewhere.admitted)
    await storeGuards(tx, key, { own: own.state, elsewhere: elsewhere.state })
  return { ...attempt, key, known, begunAt: act.now }
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
  return judged(
    db,
    attempt,
    async () => (await verifyPassword(hash ?? NOBODYS_HASH, password)) && hash !== null,
  )
}

/** What `check` says of the password of an attempt; one that could not be checked does not count. */
export async function judged(
  db: DataSource,
  attempt: OpenAttempt,
  check: () => Promise<boolean>,
): Promise<boolean> {
  try {
    return await check()
  } catch (error) {
    const { key, begunAt } = attempt
    await db.transaction(async (tx) => {
      const { own, elsewhere } = await lockGuards(tx, key, begunAt)
      await storeGuards(tx, key, {
        own: withoutAttempt(own, begunAt),
        elsewhere: withoutAttempt(elsewhere, begunAt),
      })
    })
    throw error
  }
}

/** Notes that the attempt failed; the failure that fills a window locks. */
export async function failAttempt(
  tx: EntityManager,
  { account, sourceIp, key, known }: OpenAttempt,
  act: Act,
): Promise<void> {
  const policies = await lockoutPolicies(tx, account, act.now)
  const guards = await lockGuards(tx, key, act.now)
  const own = afterFailure(guards.own, policies.own, act.now)
  const elsewhere = known
    ? { state: guards.elsewhere, locked: false }
    : afterFailure(guards.elsewhere, policies.elsewhere, act.now)
  await storeGuards(tx, key, { own: own.state, elsewhere: elsewhere.state })
  const accountId = account?.id ?? null
  // Facts about a name that nobody has are kept under its digest, so that they have a subject and an order.
  const subject = accountId ?? key.nameDigest.toString('hex')
  const at = act.now.toISOString()
  await appendEvent(
    tx,
    'identity',
    LoginFailed,
    subject,
    { accountId, factor: 'password', sourceIp, failures: own.failures, failedAt: at },
    act,
  )
  for (const [scope, { locked, state }] of [
    [key.source.startsWith(DEVICE) ? 'device' : 'place', own],
    ['elsewhere', elsewhere],
  ] as const)
    if (locked)
      await appendEvent(
        tx,
        'identity',
        SignInLocked,
        subject,
        {
          accountId,
          factor: 'password',
          scope,
          until: state.lockedUntil?.toISOString() ?? null,
          parameterVersions: policies.versions,
          lockedAt: at,
        },
        act,
      )
}

/**
 * Notes that the password was right. It forgives the failures of its own place or device; what others have failed elsewhere
 * stays counted.
 *
 * @throws Problem `sign-in-locked` when other attempts have locked the name while this one was being checked
 */
export async function passAttempt(
  tx: EntityManager,
  { key, known, begunAt }: OpenAttempt,
  act: Act,
): Promise<void> {
  const { own, elsewhere } = await lockGuards(tx, key, act.now)
  for (const { held, lockedUntil } of known ? [own] : [own, elsewhere])
    if (held || (lockedUntil !== null && act.now < lockedUntil))
      throw lockedProblem(lockedUntil, act.now)
  await storeGuards(tx, key, {
    own: afterSuccess(own),
    elsewhere: withoutAttempt(elsewhere, begunAt),
  })
}

async function guardKeyOf(
  tx: EntityManager,
  { userName, account, sourceIp, device }: Attempt,
  at: Date,
): Promise<Pick<OpenAttempt, 'key' | 'known'>> {
  const accountId = account?.id ?? null
  const place = placeOf(sourceIp)
  const [found]: { known: boolean; device: string | null }[] = await tx.query(
    `select exists (select from session
              where account_id = $1 and place = $2 and started_at > $3) as known,
            (select id from known_device
              where account_id = $1 and (digest = $4 or id = $5) and last_seen_at > $3) as device`,
    [
      ...[accountId ?? NOBODY, place, new Date(at.getTime() - KNOWN_DAYS * 86_400_000)],
      ...(typeof device === 'string' ? [null, device] : [device, null]),
    ],
  )
  const nameDigest = nameDigestOf(tx, userName)
  const deviceId = found?.device ?? null
  return deviceId === null
    ? { key: { nameDigest, accountId, source: place }, known: found?.known === true }
    : { key: { nameDigest, accountId, source: DEVICE + deviceId }, known: true }
}

/** After how many failures inside which time an account is locked, here and elsewhere, and for how long. */
export async function lockoutPolicies(
  tx: EntityManager,
  account: Account | null,
  at: Date,
): Promise<{
  own: LockoutPolicy
  elsewhere: LockoutPolicy
  versions: Readonly<Record<string, number>>
}> {
  // A name that nobody has takes the same statement and has no unit.
  const { unitId } = await rolesOfAccount(
    tx,
    account ?? { administratorRole: null, personId: null },
    at,
  )
  const found = await readParameters(tx, KEYS, unitId, at)
  const rest = {
    windowMs: durationMs(found['identity.lockout.window'].value),
    lockMs: durationMs(found['identity.lockout.lock'].value),
    // Whoever unlocks must not be locked for good: there may be no second one.
    dailyLocks:
      account?.administratorRole === 'SECURITY_ADMIN'
        ? Infinity
        : found['identity.lockout.daily_locks'].value,
  }
  return {
    own: { ...rest, failures: found['identity.lockout.failures'].value },
    elsewhere: { ...rest, failures: found['identity.lockout.account_failures'].value },
    versions: Object.fromEntries(KEYS.map((key) => [key, found[key].version])),
  }
}

const KEYS = [
  'identity.lockout.failures',
  'identity.lockout.account_failures',
  'identity.lockout.window',
  'identity.lockout.lock',
  'identity.lockout.daily_locks',
] as const

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
