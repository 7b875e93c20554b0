import type { Act } from '@erp-steward/contracts/act'
import { AccountRevoked } from '@erp-steward/contracts/sign-in-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { EntityManager } from 'typeorm'
import { noteRevocation } from '../sessions/revocation.ts'

/** Tells every gateway that the tokens of a machine of a smaller epoch are void; the caller has raised it in its row. */
export async function stateClientRevoked(
  tx: EntityManager,
  { clientId, epoch, reason }: { clientId: string; epoch: number; reason: string },
  act: Act,
): Promise<void> {
  await noteRevocation(tx, clientId, epoch, act.now)
  await appendEvent(
    tx,
    'identity',
    AccountRevoked,
    clientId,
    { accountId: clientId, epoch, reason, revokedAt: act.now.toISOString() },
    act,
  )
}
