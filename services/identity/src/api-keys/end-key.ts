import type { Act } from '@erp-steward/contracts/act'
import type { EntityManager } from 'typeorm'
import { stateClientRevoked } from '../clients/state-client-revoked.ts'
import { ApiKeyEntity } from './api-key.ts'
import { livingKey } from './ask-for-key.ts'
import { stateKey } from './state-key.ts'

/**
 * Ends a key at once. The tokens of its machine are void with it, for one of them is the key's at each gateway: the other
 * keys get new ones there, and who holds a token asks for the next.
 *
 * @throws Problem `api-key-unknown`
 */
export async function endKey(tx: EntityManager, keyId: string, act: Act): Promise<void> {
  const key = await livingKey(tx, keyId, act.now)
  await tx.update(ApiKeyEntity, { id: keyId }, { endedAt: act.now, halfDigest: null })
  if (key.secretHash !== null) {
    const [[raised]]: [{ epoch: number }[], number] = await tx.query(
      'update client set epoch = epoch + 1 where id = $1 returning epoch',
      [key.clientId],
    )
    const epoch = raised?.epoch ?? 0
    await stateClientRevoked(tx, { clientId: key.clientId, epoch, reason: 'API key ended' }, act)
  }
  await stateKey(tx, { ...key, endedAt: act.now }, 'ended', act)
}

/** Ends all keys of a machine that is ended; its tokens are the caller's business. */
export async function endKeysOf(tx: EntityManager, clientId: string, act: Act): Promise<void> {
  await tx.query(
    `update api_key set ended_at = $2, half_digest = null
      where client_id = $1 and ended_at is null and expires_at > $2`,
    [clientId, act.now],
  )
}
