import { randomUUID } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import { AccountCaseJoined, AccountCaseOpened } from '@erp-steward/contracts/detection-events'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { EntityManager } from 'typeorm'
import { freezeAccount } from '../accounts/freeze-account.ts'
import type { HeldAccount } from '../accounts/lock-account.ts'
import { revokeAccount } from '../sessions/revoke-account.ts'
import { AccountCaseEntity, type AccountCase } from './account-case.ts'

/** What speaks for it that others use the account. */
export interface Suspicion {
  readonly kind: AccountCase['kind']
  /** 1 to 100; `null` for a report. */
  readonly score: number | null
  /** What was reported; `null` for what the product found. */
  readonly reason: string | null
  /** Whether the account is to be shut at once. */
  readonly freezes: boolean
}

/**
 * Opens a case about an account, or adds to the one of that kind which is open: the score never falls. Where it is to be
 * shut, its sessions end even if it is the last administrator of its kind, which stays open. The caller holds the account.
 *
 * Sources.
 */
export async function openCase(
  tx: EntityManager,
  held: HeldAccount,
  suspicion: Suspicion,
  act: Act,
): Promise<AccountCase> {
  const { kind, score, reason, freezes } = suspicion
  const { id: accountId, personId } = held.account
  const known = await tx.findOneBy(AccountCaseEntity, { accountId, kind, state: 'open' })
  const frozen = freezes && (await shut(tx, held, kind, act))
  const fact = { kind, accountId, personId, reason, frozen }
  if (known !== null) {
    const joined: AccountCase = {
      ...known,
      score: score === null ? known.score : Math.max(score, known.score ?? 0),
      frozenAt: known.frozenAt ?? (frozen ? act.now : null),
      version: known.version + 1,
    }
    await tx.save(AccountCaseEntity, joined)
    const { id: caseId, score: risen } = joined
    const joinedAt = act.now.toISOString()
    const payload = { ...fact, caseId, score: risen, joinedAt }
    await appendEvent(tx, 'identity', AccountCaseJoined, accountId, payload, act)
    return joined
  }
  const unitId = held.owner?.unitId ?? act.unitId ?? (await headUnit(tx))
  const opened: AccountCase = {
    ...{ id: randomUUID(), kind, state: 'open', accountId, personId, unitId, score },
    ...{ openedBy: act.actor, openedReason: reason, openedAt: act.now },
    frozenAt: frozen ? act.now : null,
    ...{ decidedBy: null, decidedAt: null, decidedReason: null },
    ...{ reviewedSince: null, reviewedRecords: null, reviewedDigest: null },
    ...{ credentialsVoidedAt: null, version: 1 },
  }
  await tx.insert(AccountCaseEntity, opened)
  const payload = { ...fact, caseId: opened.id, unitId, score, openedAt: act.now.toISOString() }
  await appendEvent(tx, 'identity', AccountCaseOpened, accountId, payload, act)
  return opened
}

/** Whether the account was shut by this. */
async function shut(
  tx: EntityManager,
  held: HeldAccount,
  kind: AccountCase['kind'],
  act: Act,
): Promise<boolean> {
  if (held.account.status !== 'active') return false
  try {
    await freezeAccount(tx, held, kind, act)
    return true
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== 'last-administrator') throw error
    await revokeAccount(tx, held.account.id, kind, act)
    return false
  }
}

/** Where the account of nobody is looked into: headquarters, else the first unit; `null` while there is none. */
async function headUnit(tx: EntityManager): Promise<string | null> {
  const [unit]: { id: string }[] = await tx.query(
    `select id from unit where active order by kind <> 'HEADQUARTERS', code limit 1`,
  )
  return unit?.id ?? null
}
