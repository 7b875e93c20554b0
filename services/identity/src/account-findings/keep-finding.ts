import { randomUUID } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import { AccountFindingClosed, AccountFindingOpened } from '@erp-steward/contracts/account-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { EntityManager } from 'typeorm'
import { AccountFindingEntity, type AccountFinding } from './account-finding.ts'

/** What was found of an account. */
export interface Found {
  readonly accountId: string
  readonly personId: string | null
  readonly unitId: string | null
  readonly kind: AccountFinding['kind']
  readonly since: Date
}

/** Keeps a finding that nobody knew of, and states it. */
export async function openFinding(
  tx: EntityManager,
  { accountId, personId, unitId, kind, since }: Found,
  act: Act,
): Promise<string> {
  const id = randomUUID()
  const isDormant = kind === 'dormant'
  const finding: AccountFinding = {
    ...{ id, accountId, kind, since, foundAt: act.now },
    ...{ stage: isDormant ? 'warned' : null, stageAt: isDormant ? act.now : null },
    ...{ acceptedUntil: null, acceptedBy: null, acceptedReason: null },
    ...{ closedAt: null, closedWhy: null, version: 1 },
  }
  await tx.insert(AccountFindingEntity, finding)
  const fact = { findingId: id, accountId, personId, unitId, kind, since: since.toISOString() }
  const foundAt = act.now.toISOString()
  await appendEvent(tx, 'identity', AccountFindingOpened, accountId, { ...fact, foundAt }, act)
  return id
}

/** Ends a finding, and states why. */
export async function closeFinding(
  tx: EntityManager,
  { id, accountId, kind }: Pick<AccountFinding, 'id' | 'accountId' | 'kind'>,
  why: NonNullable<AccountFinding['closedWhy']>,
  act: Act,
): Promise<void> {
  await tx.query(
    `update account_finding set closed_at = $2, closed_why = $3, version = version + 1 where id = $1`,
    [id, act.now, why],
  )
  const fact = { findingId: id, accountId, kind, why, closedAt: act.now.toISOString() }
  await appendEvent(tx, 'identity', AccountFindingClosed, accountId, fact, act)
}
