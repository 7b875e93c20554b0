import type { Act } from '@erp-steward/contracts/act'
import { PasswordChanged } from '@erp-steward/contracts/sign-in-events'
import { said, together } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { durationMs } from '@erp-steward/regulation/duration'
import { readParameter } from '@erp-steward/service-kit/parameters'
import type { DataSource, EntityManager } from 'typeorm'
import { AccountEntity, type Account } from '../accounts/account.ts'
import { openUserName } from '../accounts/sealed-user-name.ts'
import { rolesOfAccount } from '../accounts/roles-of-account.ts'
import { endSessionsOfAccount } from '../sessions/end-session.ts'
import { beginAttempt, checkPassword, failAttempt, passAttempt } from './attempt.ts'
import { comparable } from './claim-code.ts'
import { CredentialEntity, MOST_KEPT, type Credential } from './credential.ts'
import { deviceOfSession } from './known-device.ts'
import { CredentialResetEntity, openReset, stateReset } from './credential-reset.ts'
import { hashPassword, verifyPassword } from './password-hash.ts'
import { blockListFor } from './block-list.ts'
import { passwordPolicyOf } from './password-policy-of.ts'
import { replaceCredential } from './replace-credential.ts'
import { passwordFaults, type PasswordFault, type PasswordPolicy } from './rules/password-policy.ts'

export interface ChangePassword {
  readonly accountId: string
  /** The session that asks: it goes on, all others end. */
  readonly sessionId: string
  readonly currentPassword: string
  readonly newPassword: string
  readonly sourceIp: string
}

/**
 * Replaces the own password. The current one is asked for again: whoever finds an open session cannot lock its owner
 * out, and wrong guesses count like failed sign-ins.
 *
 * The hashes are computed between two transactions: no connection and no lock is held for 20 ms and more.
 *
 * @throws Problem `sign-in-refused` (current password, or an initial one past its time), `sign-in-locked`, `password-refused` with the rules broken,
 *   `password-changed-meanwhile`
 */
export async function changePassword(
  db: DataSource,
  { accountId, sessionId, currentPassword, newPassword, sourceIp }: ChangePassword,
  act: Act,
): Promise<void> {
  const { account, userName, policy, blocked, current, earlier, attempt } = await db.transaction(
    async (tx) => {
      const account = await tx.findOneBy(AccountEntity, { id: accountId })
      if (account === null)
        throw new Problem(
          'account-unknown',
          said(`There is no account ${accountId}.`, `没有账号 ${accountId}。`),
        )
      const userName = openUserName(tx, account)
      const device = await deviceOfSession(tx, sessionId)
      const attempt = await beginAttempt(tx, { userName, account, sourceIp, device }, act)
      const policy = await passwordPolicyOf(tx, account, act.now)
      const { unitId } = await rolesOfAccount(tx, account, act.now)
      const blocked = await blockListFor(tx, unitId, act.now)
      const passwords = await passwordsOf(tx, account, policy, act.now)
      return { account, userName, policy, blocked, attempt, ...passwords }
    },
  )
  const typed = comparable(current, currentPassword)
  const matches = await checkPassword(db, attempt, current?.hash ?? null, typed)
  // An initial password past its time opens nothing, not even its own change. Source.
  if (
    !matches ||
    current === null ||
    (current.expiresAt !== null && current.expiresAt <= act.now)
  ) {
    await db.transaction((tx) => failAttempt(tx, attempt, act))
    throw new Problem(
      'sign-in-refused',
      said('The current password is not right.', '当前密码不正确。'),
    )
  }
  await db.transaction((tx) => passAttempt(tx, attempt, act))
  const faults = passwordFaults(newPassword, userName, policy, blocked)
  if (faults.length === 0 && (await wasUsed(newPassword, earlier)))
    faults.push({
      rule: 'used-before',
      detail: said(
        `It is one of the last ${String(policy.history)} passwords, or was in force during the last ${String(daysOf(policy))} days.`,
        `它是最近 ${String(policy.history)} 个密码之一，或在最近 ${String(daysOf(policy))} 天内有效过。`,
      ),
    })
  if (faults.length > 0) throw refusal(faults)
  const hash = await hashPassword(newPassword)
  await db.transaction((tx) =>
    putInForce(tx, { account, sessionId, hash, policy, replaced: current }, act),
  )
}

async function putInForce(
  tx: EntityManager,
  command: {
    account: Account
    sessionId: string
    hash: string
    policy: PasswordPolicy
    replaced: Credential
  },
  act: Act,
): Promise<void> {
  const { account, sessionId, hash, policy, replaced } = command
  const [locked]: { status: string }[] = await tx.query(
    'select status from account where id = $1 for update',
    [account.id],
  )
  const [live]: { id: string }[] = await tx.query(
    'select id from credential where account_id = $1 and ended_at is null',
    [account.id],
  )
  if (live?.id !== replaced.id || locked?.status !== 'active')
    throw new Problem(
      'password-changed-meanwhile',
      said('Another password is in force by now.', '现在生效的已是另一个密码。'),
    )
  await replaceCredential(
    tx,
    { accountId: account.id, kind: 'chosen', hash, expiresAt: null, policy },
    act,
  )
  if (replaced.cools && replaced.kind === 'initial') await startCooling(tx, account, act)
  await tx.query('update session set must_change = false where id = $1', [sessionId])
  await endSessionsOfAccount(tx, account.id, 'password-changed', act, { except: sessionId })
  await appendEvent(
    tx,
    'identity',
    PasswordChanged,
    account.id,
    {
      accountId: account.id,
      replacedInitial: replaced.kind === 'initial',
      minLength: policy.minLength,
      classes: policy.classes,
      parameterVersions: { ...policy.versions },
      changedAt: act.now.toISOString(),
    },
    act,
  )
}

const daysOf = ({ historyAgeMs = 0 }: PasswordPolicy) => Math.ceil(historyAgeMs / 86_400_000)

/**
 * The password in force, and the earlier ones that the new one may not be, newest first: by number and by age, whichever is
 * more. Of at most fifty, each of which costs a hash.
 */
async function passwordsOf(
  tx: EntityManager,
  { id }: Account,
  { history, historyAgeMs = 0 }: PasswordPolicy,
  now: Date,
) {
  const newest = await tx.find(CredentialEntity, {
    where: { accountId: id },
    order: { setAt: 'DESC' },
    take: MOST_KEPT,
  })
  const since = now.getTime() - historyAgeMs
  return {
    current: newest.find(({ endedAt }) => endedAt === null) ?? null,
    // The password in force may not return under any profile: that would be no change.
    earlier: newest.filter(
      ({ endedAt }, place) =>
        place < Math.max(history, 1) || endedAt === null || endedAt.getTime() > since,
    ),
  }
}

async function wasUsed(password: string, earlier: readonly Credential[]): Promise<boolean> {
  for (const credential of earlier)
    if (await verifyPassword(credential.hash, comparable(credential, password))) return true
  return false
}

/** Others had a hand in the password before: until a third person vouches for the owner, the account approves nothing. */
async function startCooling(tx: EntityManager, account: Account, act: Act): Promise<void> {
  const { unitId } = await rolesOfAccount(tx, account, act.now)
  const { value } = await readParameter(tx, 'identity.password.cooling', unitId, act.now)
  const coolingUntil = new Date(act.now.getTime() + durationMs(value))
  await tx.update(AccountEntity, account.id, { coolingUntil })
  const reset = await openReset(tx, account.id)
  if (reset === null) return
  await tx.update(CredentialResetEntity, reset.id, {
    state: 'chosen',
    firstDigest: null,
    chosenAt: act.now,
    coolingUntil,
  })
  await stateReset(tx, account, { ...reset, coolingUntil }, 'password-chosen', act)
}

function refusal(faults: readonly PasswordFault[]): Problem {
  return new Problem('password-refused', together(faults.map(({ detail }) => detail)), {
    errors: faults.map(({ rule, detail }) => ({ pointer: '#/newPassword', rule, detail })),
  })
}
