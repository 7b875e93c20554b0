import type { Wait, Waits } from '@erp-steward/service-kit/waits'
import type { EntityManager } from 'typeorm'
import { AccountChangeEntity, type AccountChange } from './account-change.ts'
import { mayDecide } from './rules/who-decides.ts'
import { handsIn, isAnotherHand, standsIn } from './stand-in.ts'

/** Roles that decide some kind of change. */
const ROLES = ['SECURITY_ADMIN', 'SYSTEM_ADMIN', 'AUDIT_ADMIN', 'OM_AUTHORITY'] as const

/** Account changes that nobody has decided. Source: defaults 2.9. */
export const accountChangesWaiting: Waits = async (tx, { now }) => {
  const changes = await tx.find(AccountChangeEntity, {
    where: { status: 'pending' },
    order: { requestedAt: 'asc', id: 'asc' },
  })
  const waits: Wait[] = []
  for (const change of changes) waits.push(await waitOfChange(tx, change, now))
  return waits
}

/** As `decideAccountChange` demands, stand-ins among them; an administrator whom nobody has named counts, for he can be named. */
export async function waitOfChange(
  tx: EntityManager,
  change: AccountChange,
  now: Date,
): Promise<Wait> {
  return {
    kind: `account-change.${change.kind}`,
    subject: change.id,
    permission: 'account-change.decide',
    unitIds: [],
    since: change.requestedAt,
    expiresAt: null,
    isDecidable: await isDecidable(tx, change, now),
  }
}

async function isDecidable(tx: EntityManager, change: AccountChange, now: Date): Promise<boolean> {
  const hands = await handsIn(tx, change)
  for (const role of ROLES)
    if (
      (mayDecide(change.kind, role) || (await standsIn(tx, change, role, now))) &&
      (await isAnotherHand(tx, hands, [role], ['active'], now))
    )
      return true
  return false
}
