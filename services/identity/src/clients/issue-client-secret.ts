import { randomBytes } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import { AccountRevoked, ClientSecretIssued } from '@erp-steward/contracts/identity-events'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { EntityManager } from 'typeorm'
import { noteRevocation } from '../sessions/revocation.ts'
import { digestOf } from '../sessions/refresh-token.ts'
import { ClientEntity } from './client.ts'
import { noteController } from './client-controller.ts'

/**
 * Gives an active client a new secret, answered once and kept as a digest only. An earlier secret is void at once,
 * and so are the tokens it got: a secret is replaced because somebody else may have it.
 *
 * @throws Problem `client-unknown`, `client-state` when it is not active
 */
export async function issueClientSecret(
  tx: EntityManager,
  clientId: string,
  act: Act,
): Promise<string> {
  const client = await tx.findOne(ClientEntity, {
    where: { id: clientId },
    lock: { mode: 'pessimistic_write' },
  })
  if (client === null) throw new Problem('client-unknown', `There is no client ${clientId}.`)
  if (client.status !== 'active')
    throw new Problem('client-state', `The client is ${client.status}, not active.`)
  const replaced = client.secretHash !== null
  const epoch = client.epoch + (replaced ? 1 : 0)
  const secret = randomBytes(32).toString('base64url')
  await tx.query(
    'update client set secret_hash = $2, epoch = $3, version = version + 1 where id = $1',
    [clientId, digestOf(secret), epoch],
  )
  await noteController(tx, clientId, 'first-half', act)
  const at = act.now.toISOString()
  if (replaced) {
    await noteRevocation(tx, clientId, epoch, act.now)
    await appendEvent(
      tx,
      'identity',
      AccountRevoked,
      clientId,
      { accountId: clientId, epoch, reason: 'new secret', revokedAt: at },
      act,
    )
  }
  await appendEvent(
    tx,
    'identity',
    ClientSecretIssued,
    clientId,
    { clientId, replaced, issuedAt: at },
    act,
  )
  return secret
}
