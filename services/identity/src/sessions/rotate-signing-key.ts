import { generateKeyPairSync, randomUUID } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import { SigningKeyRotated } from '@erp-steward/contracts/sign-in-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { Seal } from '@erp-steward/service-kit/seal'
import type { EntityManager } from 'typeorm'
import { REVOCATION_MEMORY_MS } from './rules/session-limits.ts'

/**
 * Signs with a new key from now on; the one before stays published until its last token has ended. Answers the id of
 * the key in force: of two rotations at once one makes the key, the other finds it.
 */
export async function rotateSigningKey(
  tx: EntityManager,
  seal: Seal,
  reason: string,
  act: Act,
): Promise<string> {
  const [[retired]]: [{ id: string }[], number] = await tx.query(
    `update signing_key set retired_at = $1, published_until = $2 where retired_at is null returning id`,
    [act.now, new Date(act.now.getTime() + REVOCATION_MEMORY_MS)],
  )
  const { publicKey, privateKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  const id = randomUUID()
  const made: unknown[] = await tx.query(
    `insert into signing_key (id, public_pem, sealed_private, created_at) values ($1, $2, $3, $4)
     on conflict do nothing returning id`,
    [id, publicKey, seal.seal(id, privateKey), act.now],
  )
  if (made.length === 0) {
    const [current]: { id: string }[] = await tx.query(
      'select id from signing_key where retired_at is null',
    )
    if (current === undefined) throw new TypeError('no signing key is in force')
    return current.id
  }
  await appendEvent(
    tx,
    'identity',
    SigningKeyRotated,
    id,
    {
      keyId: id,
      previousKeyId: retired?.id ?? null,
      reason,
      rotatedAt: act.now.toISOString(),
    },
    act,
  )
  return id
}
