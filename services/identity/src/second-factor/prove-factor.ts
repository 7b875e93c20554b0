import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { LoginFailed, SignInLocked } from '@erp-steward/contracts/sign-in-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { Seal } from '@erp-steward/service-kit/seal'
import { IsNull, Not, type EntityManager } from 'typeorm'
import type { Account } from '../accounts/account.ts'
import { lockoutPolicies } from '../credentials/attempt.ts'
import {
  admitAttempt,
  afterFailure,
  afterSuccess,
  type GuardState,
  type LockoutPolicy,
} from '../credentials/rules/lockout.ts'
import { lockFactorGuard, storeFactorGuard, type Factor } from './factor-guard.ts'
import { digestOfCode } from './recovery-code.ts'
import { isOneTimeCode, matchedStep } from './rules/one-time-code.ts'
import { SecondFactorEntity, type SecondFactor } from './second-factor.ts'
import { stateSecondFactor } from './state-second-factor.ts'

/** What was proved, or why not: the refusal is thrown after the commit, for the failure has to stay counted. */
export type FactorProof =
  | { readonly factor: Factor; readonly refusal: null }
  | { readonly factor: null; readonly refusal: Problem }

/** What somebody typed, and from where. */
export interface TypedCode {
  readonly code: string
  readonly sourceIp: string
}

/** The second factor that the account has to prove; `null`: it has none. */
export function liveFactor(tx: EntityManager, accountId: string): Promise<SecondFactor | null> {
  return tx.findOneBy(SecondFactorEntity, {
    accountId,
    confirmedAt: Not(IsNull()),
    endedAt: IsNull(),
  })
}

/**
 * Checks a code of the authenticator app, or a recovery code. Each is good once: a code of the app is refused when it, or a
 * later one, was taken before, also by somebody at the same moment, for all who try queue up at the guard.
 *
 * A code that was right but used already tells nothing about the next, so it does not count; a wrong one does.
 *
 * Source: RFC 6238, 5.2; ASVS 5.0, 6.5.1.
 */
export async function proveFactor(
  tx: EntityManager,
  seal: Seal,
  account: Account,
  { code, sourceIp }: TypedCode,
  act: Act,
): Promise<FactorProof> {
  const factor: Factor = isOneTimeCode(code) ? 'totp' : 'recovery'
  const guard = await lockFactorGuard(tx, account.id, factor)
  const { own: policy, versions } = await lockoutPolicies(tx, account, act.now)
  const outcome = admitAttempt(guard, policy, act.now)
  if (!outcome.admitted) return refused(lockedProblem(outcome.until, act.now))
  const live = await liveFactor(tx, account.id)
  const verdict =
    live === null
      ? 'wrong'
      : factor === 'totp'
        ? await takeOneTimeCode(tx, seal, live, code, act.now)
        : await takeRecoveryCode(tx, live, code, act.now)
  if (verdict === 'right') {
    await storeFactorGuard(tx, account.id, factor, afterSuccess(guard))
    if (factor === 'recovery' && live !== null)
      await stateSecondFactor(tx, account, live.id, 'recovery-code-used', act)
    return { factor, refusal: null }
  }
  if (verdict === 'wrong') {
    const tried = { accountId: account.id, factor, sourceIp }
    await countFailure(tx, tried, outcome.state, { policy, versions }, act)
  }
  return refused(
    new Problem(
      'second-factor-refused',
      said('The code is not right, or was used already.', '验证码不正确或已被使用。'),
    ),
  )
}

interface Lockout {
  readonly policy: LockoutPolicy
  readonly versions: Readonly<Record<string, number>>
}

async function countFailure(
  tx: EntityManager,
  { accountId, factor, sourceIp }: { accountId: string; factor: Factor; sourceIp: string },
  counted: GuardState,
  { policy, versions }: Lockout,
  act: Act,
): Promise<void> {
  const { state, failures, locked } = afterFailure(counted, policy, act.now)
  await storeFactorGuard(tx, accountId, factor, state)
  const at = act.now.toISOString()
  const failed = { accountId, factor, sourceIp, failures, failedAt: at }
  await appendEvent(tx, 'identity', LoginFailed, accountId, failed, act)
  if (!locked) return
  const until = state.lockedUntil?.toISOString() ?? null
  const lock = { accountId, factor, until, parameterVersions: versions, lockedAt: at }
  await appendEvent(tx, 'identity', SignInLocked, accountId, lock, act)
}

type Verdict = 'right' | 'used' | 'wrong'

async function takeOneTimeCode(
  tx: EntityManager,
  seal: Seal,
  { id, sealedSecret, lastStep }: SecondFactor,
  code: string,
  now: Date,
): Promise<Verdict> {
  const secret = seal.open(id, sealedSecret)
  const step = matchedStep(secret, code, now)
  if (step === null) return 'wrong'
  if (lastStep !== null && step <= lastStep) return 'used'
  await tx.update(SecondFactorEntity, id, {
    lastStep: step,
    // Keys are rotated, secrets are not: whoever signs in takes his secret along to the newest key.
    ...(!sealedSecret.startsWith(`${seal.keyId}.`) && { sealedSecret: seal.seal(id, secret) }),
  })
  return 'right'
}

async function takeRecoveryCode(
  tx: EntityManager,
  { id }: SecondFactor,
  code: string,
  now: Date,
): Promise<Verdict> {
  const digest = digestOfCode(code)
  const [, taken]: [unknown, number] = await tx.query(
    `update recovery_code set used_at = $3
      where second_factor_id = $1 and digest = $2 and used_at is null returning digest`,
    [id, digest, now],
  )
  if (taken === 1) return 'right'
  const known: unknown[] = await tx.query(
    'select from recovery_code where second_factor_id = $1 and digest = $2',
    [id, digest],
  )
  return known.length === 1 ? 'used' : 'wrong'
}

const refused = (refusal: Problem): FactorProof => ({ factor: null, refusal })

function lockedProblem(until: Date | null, now: Date): Problem {
  return until === null
    ? new Problem(
        'second-factor-locked',
        said(
          'Only the security administrator can unlock the codes of this account.',
          '只有安全管理员可以解锁该账号的验证码。',
        ),
      )
    : new Problem(
        'second-factor-locked',
        said('Too many codes were wrong.', '验证码错误次数过多。'),
        {
          retryAfterSeconds: (until.getTime() - now.getTime()) / 1_000,
        },
      )
}
