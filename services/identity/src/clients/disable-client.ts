import type { Act } from '@erp-steward/contracts/act'
import { ClientDisabled } from '@erp-steward/contracts/client-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { EntityManager } from 'typeorm'
import { endKeysOf } from '../api-keys/end-key.ts'
import { endSession } from '../sessions/end-session.ts'
import { ClientEntity, type Client } from './client.ts'
import { stateClientRevoked } from './state-client-revoked.ts'

/**
 * Ends a machine's access for good: its secret is forgotten, its API keys end, and every token it holds is void. Disabling
 * it again changes nothing.
 *
 * @throws Problem `client-unknown`
 */
export async function disableClient(
  tx: EntityManager,
  clientId: string,
  reason: string,
  act: Act,
): Promise<Client> {
  const [, disabled]: [unknown, number] = await tx.query(
    `update client set status = 'disabled', secret_hash = null, half_digest = null, epoch = epoch + 1, version = version + 1,
       disabled_at = $2 where id = $1 and status <> 'disabled' returning id`,
    [clientId, act.now],
  )
  const client = await tx.findOneBy(ClientEntity, { id: clientId })
  if (client === null)
    throw new Problem(
      'client-unknown',
      said(`There is no client ${clientId}.`, `没有客户端 ${clientId}。`),
    )
  if (disabled === 0) return client
  const at = act.now.toISOString()
  // People who signed in by a front end are out of it, and nowhere else.
  const opened: { id: string }[] = await tx.query(
    'select id from session where client_id = $1 and ended_at is null order by id',
    [clientId],
  )
  for (const { id } of opened) await endSession(tx, id, 'revoked', act)
  await endKeysOf(tx, clientId, act)
  await stateClientRevoked(tx, { clientId, epoch: client.epoch, reason }, act)
  await appendEvent(
    tx,
    'identity',
    ClientDisabled,
    clientId,
    { clientId, reason, disabledAt: at },
    act,
  )
  return client
}
