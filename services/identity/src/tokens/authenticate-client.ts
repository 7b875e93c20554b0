import { timingSafeEqual } from 'node:crypto'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { queryPrepared } from '@erp-steward/service-kit/query-prepared'
import { readTogether } from '@erp-steward/service-kit/read-together'
import type { DataSource } from 'typeorm'
import { CONTROLLERS } from '../clients/client-controller.ts'
import type { Client, ClientRole } from '../clients/client.ts'
import { digestOfSecret } from '../clients/issue-client-secret.ts'
import { digestOf } from '../sessions/refresh-token.ts'
import { isCertificateOf } from './client-certificate.ts'
import { isOfClient, type AssertionCheck } from './client-assertion.ts'
import type { ClientProof } from './client-proof.ts'

/** What the digest of a secret is compared with where there is none; no secret has it. */
const NO_DIGEST = Buffer.alloc(32)
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** What decides about a client and what its tokens say, as of one moment; the key is `null` before the first token ever. */
export interface KnownClient {
  readonly id: string
  readonly role: ClientRole
  readonly unit_id: string | null
  readonly status: Client['status']
  readonly secret_hash: Buffer | null
  readonly epoch: number
  readonly controllers: string[]
  readonly key_id: string | null
  readonly sealed_private: string | null
}

const READ_CLIENTS = {
  name: 'read-clients-with-key',
  text: `
    select client.id, client.role, client.unit_id, client.status, client.secret_hash, client.epoch,
           array(${CONTROLLERS}) as controllers, signing_key.id as key_id, signing_key.sealed_private
      from client left join signing_key on retired_at is null
     where client.id = any($1::uuid[])`,
}

/** What is known of a client, as it stands now; `undefined` where there is no such client. */
export type ReadClient = (clientId: string) => Promise<KnownClient | undefined>

/** One statement, no transaction, for all who ask at the same time: machines ask all day. */
export function clientReader(db: DataSource): ReadClient {
  return readTogether(async (ids) => {
    const rows = await queryPrepared<KnownClient>(db, READ_CLIENTS, [ids])
    return new Map(rows.map((row) => [row.id, row]))
  })
}

/** What the endpoints of OAuth 2 know their clients by. */
export interface ClientCheck extends AssertionCheck {
  readonly read: ReadClient
}

/**
 * The client that proves who it is, by its secret, an assertion of its key, or a certificate of its key.
 *
 * @throws Problem `client-refused` whatever the reason
 */
export async function authenticateClient(
  check: ClientCheck,
  { clientId, ...proof }: ClientProof,
): Promise<KnownClient> {
  const client = UUID.test(clientId) ? await check.read(clientId.toLowerCase()) : undefined
  const isActive = client?.status === 'active'
  const matches =
    'secret' in proof
      ? isSecretOf(client, proof.secret)
      : 'certificate' in proof
        ? isActive && (await isCertificateOf(check, client.id, proof.certificate))
        : isActive && (await isOfClient(check, client.id, proof.assertion))
  if (!matches || client?.status !== 'active')
    throw new Problem(
      'client-refused',
      said('The client credentials were refused.', '客户端凭据被拒绝。'),
    )
  return client
}

function isSecretOf(client: KnownClient | undefined, secret: string): boolean {
  const kept = client?.secret_hash ?? NO_DIGEST
  // Secrets of before were made in one piece and stay good until they are replaced.
  const whole = timingSafeEqual(digestOf(secret), kept)
  return timingSafeEqual(digestOfSecret(secret), kept) || whole
}
