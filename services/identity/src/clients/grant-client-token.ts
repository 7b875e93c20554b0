import { timingSafeEqual } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import { permissionsOf } from '@erp-steward/contracts/permissions'
import { Problem } from '@erp-steward/contracts/problem'
import type { EntityManager } from 'typeorm'
import { digestOf } from '../sessions/refresh-token.ts'
import { CLIENT_ACCESS_SECONDS } from '../sessions/rules/session-limits.ts'
import type { TokenSigner } from '../sessions/token-signer.ts'
import { ClientEntity } from './client.ts'
import { digestOfSecret } from './issue-client-secret.ts'
import { controllersOf } from './client-controller.ts'

export interface ClientCredentials {
  readonly clientId: string
  readonly clientSecret: string
}

/** What the digest of a secret is compared with where there is none; no secret has it. */
const NO_DIGEST = Buffer.alloc(32)
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/**
 * An access token of 15 minutes for a machine (OAuth 2, client credentials).
 *
 * @throws Problem `client-refused` whatever the reason
 */
export async function grantClientToken(
  tx: EntityManager,
  sign: TokenSigner,
  { clientId, clientSecret }: ClientCredentials,
  act: Act,
): Promise<{ accessToken: string; expiresIn: number }> {
  const client = UUID.test(clientId) ? await tx.findOneBy(ClientEntity, { id: clientId }) : null
  const kept = client?.secretHash ?? NO_DIGEST
  // Secrets of before were made in one piece and stay good until they are replaced.
  const whole = timingSafeEqual(digestOf(clientSecret), kept)
  const matches = timingSafeEqual(digestOfSecret(clientSecret), kept) || whole
  if (!matches || client?.status !== 'active')
    throw new Problem('client-refused', 'The client credentials were refused.', {
      error: 'invalid_client',
    })
  const accessToken = await sign(
    tx,
    {
      sub: client.id,
      kind: 'client',
      sid: null,
      epoch: client.epoch,
      person: null,
      unit: client.unitId,
      range: client.unitId === null ? 'company' : 'unit',
      roles: [client.role],
      permissions: permissionsOf([client.role]),
      coolingUntil: null,
      controllers: await controllersOf(tx, client.id),
    },
    CLIENT_ACCESS_SECONDS,
    act,
  )
  return { accessToken, expiresIn: CLIENT_ACCESS_SECONDS }
}
