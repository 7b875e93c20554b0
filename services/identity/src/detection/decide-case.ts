import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { AccountCaseDecided } from '@erp-steward/contracts/detection-events'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { assertVersion } from '@erp-steward/service-kit/commit'
import type { EntityManager } from 'typeorm'
import type { Account } from '../accounts/account.ts'
import { assertAnotherHand, assertNamed } from '../accounts/another-hand.ts'
import { lockAccount } from '../accounts/lock-account.ts'
import { AccountCaseEntity, type AccountCase } from './account-case.ts'
import { voidCredentials } from './void-credentials.ts'

export interface DecideCase {
  readonly caseId: string
  readonly decision: 'confirmed' | 'dismissed'
  readonly reason: string
  /** The last sign-in known to be good; needed for a theft. */
  readonly lastGoodAt: Date | null
}

/**
 * Decides a case. Of a theft the ledger is looked through since the last good sign-in, and how much that was stays with the
 * case. The passwords and the second factor end with a theft, whatever it was, and with a lending that is confirmed: who knew them is nobody's
 * guess. The account stays shut until it is released, which only an open case forbids. Sources.
 *
 * @throws Problem `not-found`, `version-stale`, `account-case-decided`, `same-person` (whose account it is),
 *   `administrator-unnamed`, `validation-failed` without a last good sign-in of a theft or with one to come
 */
export async function decideCase(
  tx: EntityManager,
  { caseId, decision, reason, lastGoodAt }: DecideCase,
  expected: number,
  act: Act,
): Promise<AccountCase> {
  const { open, account } = await heldCase(tx, caseId)
  if (open.state !== 'open')
    throw new Problem(
      'account-case-decided',
      said(`The case is ${open.state}.`, `该事项的状态为 ${open.state}。`),
    )
  assertVersion(open.version, expected)
  const { kind, accountId, personId, unitId, score } = open
  const detail = said('Nobody decides about the own account.', '不得处理涉及本人账号的事项。')
  await assertAnotherHand(tx, act, [{ actor: accountId, personId }], detail)
  await assertNamed(tx, act)
  assertLookedBack(kind, lastGoodAt, act.now)
  const voids = kind === 'theft' || decision === 'confirmed'
  if (voids) await voidCredentials(tx, account, act)
  const review = lastGoodAt === null ? null : await lookBack(tx, accountId, lastGoodAt)
  const decided: AccountCase = {
    ...open,
    ...{ state: decision, decidedBy: act.actor, decidedAt: act.now, decidedReason: reason },
    reviewedSince: lastGoodAt,
    reviewedRecords: review?.records ?? null,
    reviewedDigest: review?.digest ?? null,
    credentialsVoidedAt: voids ? act.now : null,
    version: open.version + 1,
  }
  await tx.save(AccountCaseEntity, decided)
  const fact = {
    ...{ caseId, kind, accountId, personId, unitId, decision, reason, score },
    credentialsVoided: voids,
    reviewed: review,
    openedAt: open.openedAt.toISOString(),
    decidedAt: act.now.toISOString(),
  }
  await appendEvent(tx, 'identity', AccountCaseDecided, accountId, fact, act)
  return decided
}

/** The case, held; its account before it, as whoever adds to the case holds it. */
async function heldCase(
  tx: EntityManager,
  id: string,
): Promise<{ open: AccountCase; account: Account }> {
  const found = await tx.findOneBy(AccountCaseEntity, { id })
  if (found === null)
    throw new Problem('not-found', said(`There is no case ${id}.`, `没有事项 ${id}。`))
  const held = await lockAccount(tx, found.accountId)
  if (held === null) throw new TypeError('a case is about an account that is there')
  return { open: await tx.findOneByOrFail(AccountCaseEntity, { id }), account: held.account }
}

function assertLookedBack(kind: AccountCase['kind'], lastGoodAt: Date | null, now: Date): void {
  if (lastGoodAt === null ? kind !== 'theft' : lastGoodAt <= now) return
  const detail = said(
    'lastGoodAt is the last sign-in known to be good, in the past; a theft needs it.',
    'lastGoodAt 为最近一次已知正常登录的时间，须早于当前时间；盗用事项必须填写。',
  )
  throw new Problem('validation-failed', detail, { errors: [{ pointer: '#/lastGoodAt', detail }] })
}

interface Review {
  readonly since: string
  readonly records: number
  /** SHA-256 over the hashes of the records in their order, hex. */
  readonly digest: string
}

/** What the ledger has that the account did since an instant. */
async function lookBack(tx: EntityManager, accountId: string, since: Date): Promise<Review> {
  const [row]: { records: number; digest: string }[] = await tx.query(
    `select count(*)::integer as records,
            encode(sha256(coalesce(string_agg(hash, ''::bytea order by seq), ''::bytea)), 'hex') as digest
       from audit_record where actor = $1 and recorded_at >= $2`,
    [accountId, since],
  )
  if (row === undefined) throw new TypeError('an aggregate has a row')
  return { since: since.toISOString(), ...row }
}
