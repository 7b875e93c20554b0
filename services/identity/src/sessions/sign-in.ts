import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import type { Seal } from '@erp-steward/service-kit/seal'
import type { DataSource, EntityManager } from 'typeorm'
import { isInDirectory, type CompanyDirectory } from '../company-directory/company-directory.ts'
import { AccountEntity, type Account } from '../accounts/account.ts'
import { userNameLookup } from '../accounts/sealed-user-name.ts'
import { rolesOfAccount, type RolesOfAccount } from '../accounts/roles-of-account.ts'
import {
  beginAttempt,
  checkPassword,
  failAttempt,
  judged,
  passAttempt,
  type OpenAttempt,
} from '../credentials/attempt.ts'
import { comparable } from '../credentials/claim-code.ts'
import { CredentialEntity, type Credential } from '../credentials/credential.ts'
import { rememberDevice } from '../credentials/known-device.ts'
import { passwordPolicyOf } from '../credentials/password-policy-of.ts'
import { isOverdue, isWeaker } from '../credentials/rules/password-policy.ts'
import { liveFactor, proveFactor } from '../second-factor/prove-factor.ts'
import { requirementOf } from '../second-factor/requirement.ts'
import { amrWith } from '../second-factor/rules/amr.ts'
import { openSession } from './open-session.ts'
import { digestOf } from './refresh-token.ts'
import { SessionEntity, type Session } from './session.ts'
import { issueSessionTokens, type OpenedSession } from './session-tokens.ts'
import type { TokenSigner } from './token-signer.ts'

export interface SignIn {
  readonly userName: string
  readonly password: string
  /** Of the authenticator app, or a recovery code; `null`: none was sent. */
  readonly code: string | null
  readonly sourceIp: string
  readonly userAgent: string | null
  /** What its owner calls the device. */
  readonly deviceName?: string
  /** What the device was given at an earlier sign-in. */
  readonly deviceToken?: string
  /** The front end that the session is for, and the scopes that it asked for. */
  readonly frontEnd?: { readonly clientId: string; readonly scope: string | null }
}

/** By what it is checked who somebody is. */
export interface Means {
  /** Opens the secrets of second factors. */
  readonly seal: Seal
  /** Where people have their passwords; `null`: here. */
  readonly directory: CompanyDirectory | null
}

/** What is done with a session that was opened, in the same transaction. */
export type WithSession<Result> = (
  tx: EntityManager,
  session: Session,
  account: Account,
  holder: RolesOfAccount,
) => Promise<Result>

/**
 * Opens a session with a user name and a password.
 *
 * An unknown name takes the same steps as a known one and compares with a hash of its own, so neither the answer
 * nor its time tells which names exist. The hash is computed between two transactions: the first has counted the
 * attempt, so parallel guesses cannot exceed the limit, and no connection waits for it.
 *
 * Who has a second factor proves it, too; that it is asked for is told only after the right password.
 *
 * @throws Problem `sign-in-refused` whatever the reason, `sign-in-locked`, `second-factor-needed`, `second-factor-refused`,
 *   `second-factor-locked`, `session-limit`
 */
export async function signIn(
  db: DataSource,
  means: Means,
  sign: TokenSigner,
  command: SignIn,
  act: Act,
): Promise<OpenedSession> {
  return openByPassword(
    db,
    means,
    command,
    async (tx, session, account, holder) => ({
      ...(await issueSessionTokens(tx, sign, session, account, holder, act)),
      deviceToken: await noteDevice(tx, session, command.deviceToken ?? null, act),
    }),
    act,
  )
}

/** Others know an initial password, too: where it is used is no device of the owner. */
async function noteDevice(
  tx: EntityManager,
  { id, accountId, mustChange }: Session,
  presented: string | null,
  { now }: Act,
): Promise<string | null> {
  if (mustChange) return null
  const device = await rememberDevice(tx, accountId, presented, now)
  await tx.update(SessionEntity, id, { deviceId: device.id })
  return device.token
}

/**
 * As `signIn`; what its owner gets for the session is `withSession`'s to say.
 *
 * @throws Problem as `signIn`
 */
export async function openByPassword<Result>(
  db: DataSource,
  means: Means,
  command: SignIn,
  withSession: WithSession<Result>,
  act: Act,
): Promise<Result> {
  const { account, credential, attempt } = await db.transaction(async (tx) => {
    const found = await passwordInForce(tx, command.userName)
    const device = command.deviceToken === undefined ? null : digestOf(command.deviceToken)
    return { ...found, attempt: await beginAttempt(tx, { ...command, ...found, device }, act) }
  })
  const { directory } = means
  const { userName, password } = command
  const matches = isInDirectory(directory, account)
    ? await judged(db, attempt, () => directory.check(userName, password))
    : await checkPassword(
        db,
        attempt,
        credential?.hash ?? null,
        comparable(credential, command.password),
      )
  const result = await db.transaction(async (tx) => {
    const opened =
      matches && account !== null
        ? await enter(tx, means, withSession, { account, credential, attempt, command }, act)
        : null
    if (opened === null) await failAttempt(tx, attempt, act)
    return opened
  })
  // Thrown after the commit: the failure has to stay counted, and a right password may not count as one.
  if (result === null)
    throw new Problem('sign-in-refused', said('The sign-in was refused.', '登录被拒绝。'))
  if (result instanceof Problem) throw result
  return result.opened
}

async function passwordInForce(
  tx: EntityManager,
  userName: string,
): Promise<{ account: Account | null; credential: Credential | null }> {
  const [found]: { account_id: string; id: string | null }[] = await tx.query(
    `select account.id as account_id, credential.id from account
       left join credential on credential.account_id = account.id and credential.ended_at is null
      where account.user_name_lookup = $1`,
    [userNameLookup(tx, userName)],
  )
  // Ids nobody has stand in where there is none, so that the same statements run.
  const nobody = '00000000-0000-0000-0000-000000000000'
  return {
    account: await tx.findOneBy(AccountEntity, { id: found?.account_id ?? nobody }),
    credential: await tx.findOneBy(CredentialEntity, { id: found?.id ?? nobody }),
  }
}

/** Answers `null` when the account or the password cannot be used, though the password is right. */
async function enter<Result>(
  tx: EntityManager,
  { seal, directory }: Means,
  withSession: WithSession<Result>,
  tried: { account: Account; credential: Credential | null; attempt: OpenAttempt; command: SignIn },
  act: Act,
): Promise<{ readonly opened: Result } | Problem | null> {
  const { credential, attempt, command } = tried
  // All sign-ins, password changes and revocations of the account queue up here.
  const account = await tx.findOne(AccountEntity, {
    where: { id: tried.account.id },
    lock: { mode: 'pessimistic_write' },
  })
  if (account?.status !== 'active') return null
  const own = isInDirectory(directory, account) ? null : credential
  const isGood =
    own === null ? isInDirectory(directory, account) : await useCredential(tx, own, act.now)
  if (!isGood) return null
  await passAttempt(tx, attempt, act)
  const holder = await rolesOfAccount(tx, account, act.now)
  const { isBound } = await requirementOf(tx, account, holder.unitId, act.now)
  const proved = await proveBeside(tx, seal, account, command, isBound, act)
  if (proved instanceof Problem) return proved
  const found = {
    // Whether a password of the directory is due is the directory's to say.
    mustChange: own !== null && (await isDue(tx, account, own, act.now)),
    initialPassword: own?.kind === 'initial',
    notAfter: own?.expiresAt ?? null,
    passwordOf: own === null ? ('directory' as const) : ('account' as const),
    ...proved,
  }
  const session = await openSession(tx, account, holder, { ...command, ...found }, act)
  return session === null
    ? new Problem(
        'session-limit',
        said('Other sessions of the account are open.', '该账号有其他未结束的会话。'),
      )
    : { opened: await withSession(tx, session, account, holder) }
}

async function isDue(
  tx: EntityManager,
  account: Account,
  credential: Credential,
  now: Date,
): Promise<boolean> {
  const policy = await passwordPolicyOf(tx, account, now)
  return (
    credential.kind === 'initial' ||
    isOverdue(credential.setAt, policy, now) ||
    isWeaker(credential.policy, policy)
  )
}

/**
 * What was proved, the right password included: with a second factor as soon as the account has one. An initial password
 * is no way around it. Where a front end asks, nobody is let in who has to set one up first: its tokens could do nothing
 * else, and it would not know. Source: ASVS 5.0, 6.4.3.
 */
async function proveBeside(
  tx: EntityManager,
  seal: Seal,
  account: Account,
  { code, sourceIp, frontEnd }: SignIn,
  isBound: boolean,
  act: Act,
): Promise<Proved | Problem> {
  if ((await liveFactor(tx, account.id)) === null)
    return frontEnd !== undefined && isBound
      ? new Problem(
          'second-factor-needed',
          said(
            'The account has to have a second factor and has none yet: set it up first (POST /v1/sessions, then /v1/accounts/me/second-factor).',
            '该账号必须使用第二验证因素但尚未设置：请先设置（POST /v1/sessions，再 /v1/accounts/me/second-factor）。',
          ),
        )
      : { amr: ['pwd'], secondFactorAt: null }
  if (code === null)
    return new Problem(
      'second-factor-needed',
      said(
        'The password is right; a code of the authenticator app is needed, too.',
        '密码正确；还需要身份验证器应用的验证码。',
      ),
    )
  const { factor, refusal } = await proveFactor(tx, seal, account, { code, sourceIp }, act)
  return refusal ?? { amr: amrWith(['pwd'], factor), secondFactorAt: act.now }
}

/**
 * Whether the password is still in force. An initial one opens until its owner has chosen another or its time is up:
 * were it used up by the first sign-in, an answer lost on the way would lock the owner out.
 */
async function useCredential(
  tx: EntityManager,
  { id, kind }: Credential,
  now: Date,
): Promise<boolean> {
  if (kind === 'chosen') {
    const live: unknown[] = await tx.query(
      'select from credential where id = $1 and ended_at is null',
      [id],
    )
    return live.length === 1
  }
  const [, used]: [unknown, number] = await tx.query(
    `update credential set used_at = coalesce(used_at, $2)
      where id = $1 and ended_at is null and expires_at > $2 returning id`,
    [id, now],
  )
  return used === 1
}

interface Proved {
  readonly amr: string[]
  readonly secondFactorAt: Date | null
}
