import { randomUUID } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import { GrantsApplied } from '@erp-steward/contracts/grant-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { insertRows } from '@erp-steward/service-kit/insert-rows'
import type { EntityManager } from 'typeorm'
import type { CheckedAs } from '../sod/violations-of.ts'
import { AccessGrantEntity, type AccessGrant } from './access-grant.ts'
import type { GrantItem } from './rules/grant-item.ts'

/** What an approved request gives. */
export interface Requested {
  readonly requestId: string
  readonly items: readonly GrantItem[]
  /** First instant without them; `null`: they end with the position. */
  readonly endsAt: Date | null
}

/** Puts what was asked for beside the position in force. The caller holds the person's row. Source. */
export async function giveGrants(
  tx: EntityManager,
  holder: { personId: string; accountId: string; unitId: string; sod: CheckedAs },
  { requestId, items, endsAt }: Requested,
  act: Act,
): Promise<void> {
  const { personId, accountId, unitId, sod } = holder
  const rows = items.map((item): AccessGrant => ({
    id: randomUUID(),
    ...{ personId, accountId, ...item, source: 'request', requestId },
    ...{ positionId: null, positionVersion: null, startsAt: act.now, endsAt },
    ownerUnitId: endsAt === null ? unitId : null,
    ...{ grantedBy: act.actor, approvedBy: act.actor, sod },
    ...{ endedAt: null, endedBy: null, endReason: null, version: 1 },
  }))
  await insertRows(tx, AccessGrantEntity, rows)
  const fact = {
    ...{ personId, accountId, source: 'request', requestId },
    ...{ positionId: null, positionVersion: null, approvedBy: act.actor },
    grants: items.map(({ kind, name }) => ({ kind, name })),
    startsAt: act.now.toISOString(),
    endsAt: endsAt?.toISOString() ?? null,
  }
  await appendEvent(tx, 'identity', GrantsApplied, personId, fact, act)
}
