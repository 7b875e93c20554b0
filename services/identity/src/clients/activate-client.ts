import type { Act } from '@erp-steward/contracts/act'
import { ClientActivated } from '@erp-steward/contracts/client-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { EntityManager } from 'typeorm'
import { ClientEntity, type Client } from './client.ts'
import { noteController } from './client-controller.ts'

/**
 * Lets a requested machine call, by the security administrator's approval. It still needs a secret.
 *
 * @throws Problem `client-unknown`, `client-state` when it is not pending
 */
export async function activateClient(
  tx: EntityManager,
  clientId: string,
  act: Act,
): Promise<Client> {
  const [, activated]: [unknown, number] = await tx.query(
    `update client set status = 'active', version = version + 1 where id = $1 and status = 'pending' returning id`,
    [clientId],
  )
  const client = await tx.findOneBy(ClientEntity, { id: clientId })
  if (client === null)
    throw new Problem(
      'client-unknown',
      said(`There is no client ${clientId}.`, `没有客户端 ${clientId}。`),
    )
  if (activated === 0)
    throw new Problem(
      'client-state',
      said(
        `The client is ${client.status}, not pending.`,
        `该客户端的状态为 ${client.status}，而不是 pending。`,
      ),
    )
  await noteController(tx, clientId, 'approved', act)
  const { name, role, unitId } = client
  await appendEvent(
    tx,
    'identity',
    ClientActivated,
    clientId,
    { clientId, name, role, unitId, activatedAt: act.now.toISOString() },
    act,
  )
  return client
}
