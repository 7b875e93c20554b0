import { createHash, randomUUID } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import { SharingSuspected } from '@erp-steward/contracts/detection-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { readParameters } from '@erp-steward/service-kit/parameters'
import type { EntityManager } from 'typeorm'
import { lockAccount } from '../accounts/lock-account.ts'
import type { AccountSignal } from './account-signal.ts'
import { hasNetworks } from './network.ts'
import { openCase } from './open-case.ts'
import { combinedScore, ofOneAddress, type Sign } from './rules/signal.ts'

/** How long signs that opened no case yet speak together. Own choice: a working day and its evening. */
const TOGETHER_MS = 86_400_000
/**
 * Accounts that are shut by signs in an hour; from then on a person does it. So many at once are more likely a network that
 * nobody has listed than so many lent accounts. Own choice.
 */
const SHUT_IN_AN_HOUR = 10
const HOUR_MS = 3_600_000

/** A sign about an account, with the parameters that judged it. */
export interface FoundSign extends Sign {
  readonly accountId: string
  readonly parameterVersions: Readonly<Record<string, number>>
}

/**
 * Keeps signs, each once, and opens a case of lending where those of an account are enough, or adds to the one that is open; a
 * graver one shuts the account. Until the site has listed a network, what meets at one address shuts nobody, for it may be that of
 * the whole company. Accounts are held in one order. Sources, defaults 2.9.
 */
export async function noteSigns(
  tx: EntityManager,
  signs: readonly FoundSign[],
  act: Act,
): Promise<void> {
  const byAccount = [...Map.groupBy(signs, ({ accountId }) => accountId)]
  for (const [accountId, found] of byAccount.toSorted(([a], [b]) => (a < b ? -1 : 1)))
    await noteAbout(tx, accountId, found, act)
}

async function noteAbout(
  tx: EntityManager,
  accountId: string,
  found: readonly FoundSign[],
  act: Act,
): Promise<void> {
  const held = await lockAccount(tx, accountId)
  if (held === null) return
  const fresh: FoundSign[] = []
  for (const sign of found) if (await keep(tx, sign, act)) fresh.push(sign)
  const last = fresh.reduce((latest, { at }) => Math.max(latest, at.getTime()), 0)
  if (fresh.length === 0) return
  const known: Pick<AccountSignal, 'id' | 'rule' | 'score'>[] = await tx.query(
    `select signal.id, rule, signal.score
       from account_signal signal left join account_case each on each.id = case_id
      where signal.account_id = $1 and (case_id is null and at > $2 or each.state = 'open')`,
    [accountId, new Date(last - TOGETHER_MS)],
  )
  const score = combinedScore(known)
  const limits = await readParameters(
    tx,
    ['identity.sharing.case_score', 'identity.sharing.freeze_score'],
    held.owner?.unitId ?? null,
    act.now,
  )
  if (score < limits['identity.sharing.case_score'].value) return
  const certain = (await hasNetworks(tx))
    ? score
    : combinedScore(known.filter(({ rule }) => !ofOneAddress.includes(rule)))
  const freezes =
    certain >= limits['identity.sharing.freeze_score'].value && (await mayShut(tx, act))
  const suspicion = { kind: 'lending', score, reason: null, freezes } as const
  const { id: caseId } = await openCase(tx, held, suspicion, act)
  await tx.query('update account_signal set case_id = $1 where id = any($2)', [
    caseId,
    known.map(({ id }) => id),
  ])
}

/** Whether it is new. */
async function keep(tx: EntityManager, sign: FoundSign, act: Act): Promise<boolean> {
  const { accountId, rule, score, at, evidence, others, detail, parameterVersions } = sign
  const signalId = randomUUID()
  const kept: unknown[] = await tx.query(
    `insert into account_signal
       (id, account_id, case_id, rule, score, at, evidence, others, detail, parameter_versions, fingerprint)
     values ($1, $2, null, $3, $4, $5, $6, $7, $8, $9, $10)
     on conflict on constraint account_signal_fingerprint_key do nothing returning id`,
    [
      ...[signalId, accountId, rule, score, at, evidence, others],
      ...[JSON.stringify(detail), JSON.stringify(parameterVersions), fingerprintOf(sign)],
    ],
  )
  if (kept.length === 0) return false
  const fact = { signalId, accountId, rule, score, evidence: [...evidence], parameterVersions }
  await appendEvent(
    tx,
    'identity',
    SharingSuspected,
    accountId,
    { ...fact, otherAccountIds: [...others], at: at.toISOString() },
    act,
  )
  return true
}

const fingerprintOf = ({ accountId, rule, at, evidence }: FoundSign) =>
  createHash('sha256')
    .update(JSON.stringify([accountId, rule, at, evidence]))
    .digest('hex')

async function mayShut(tx: EntityManager, act: Act): Promise<boolean> {
  const [row]: { shut: number }[] = await tx.query(
    `select count(*)::integer as shut from account_case where kind = 'lending' and frozen_at > $1`,
    [new Date(act.now.getTime() - HOUR_MS)],
  )
  return (row?.shut ?? 0) < SHUT_IN_AN_HOUR
}
