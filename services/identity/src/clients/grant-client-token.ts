import { timingSafeEqual } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import { permissionsOf } from '@erp-steward/contracts/permissions'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { queryPrepared } from '@erp-steward/service-kit/query-prepared'
import { readTogether } from '@erp-steward/service-kit/read-together'
import type { DataSource } from 'typeorm'
import { digestOf } from '../sessions/refresh-token.ts'
import { CLIENT_ACCESS_SECONDS } from '../sessions/rules/session-limits.ts'
import type { TokenClaims, TokenSigner, TokenWriter } from '../sessions/token-signer.ts'
import type { Client, ClientRole } from './client.ts'
import { digestOfSecret } from './issue-client-secret.ts'
import { CONTROLLERS } from './client-controller.ts'

export interface ClientCredentials {
  readonly clientId: string
  readonly clientSecret: string
}

/** What the digest of a secret is compared with where there is none; no secret has it. */
const NO_DIGEST = Buffer.alloc(32)
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** What decides about a token and what it says, as of one moment; the key is `null` before the first token ever. */
interface GrantRow {
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

const READ_GRANTS = {
  name: 'read-grants',
  text: `
    select client.id, client.role, client.unit_id, client.status, client.secret_hash, client.epoch,
           array(${CONTROLLERS}) as controllers, signing_key.id as key_id, signing_key.sealed_private
      from client left join signing_key on retired_at is null
     where client.id = any($1::uuid[])`,
}

/** What decides about the token of a client, as it stands now; `undefined` where there is no such client. */
export type ReadGrant = (clientId: string) => Promise<GrantRow | undefined>

/** One statement, no transaction, for all who ask at the same time: machines ask all day. */
export function grantReader(db: DataSource): ReadGrant {
  return readTogether(async (ids) => {
    const rows = await queryPrepared<GrantRow>(db, READ_GRANTS, [ids])
    return new Map(rows.map((row) => [row.id, row]))
  })
}

/** What tokens for machines are written with. */
export interface TokenGrants {
  readonly db: DataSource
  readonly read: ReadGrant
  readonly write: TokenWriter
  /** For the first token ever, whose key is made with it. */
  readonly sign: TokenSigner
}

/**
 * An access token of 15 minutes for a machine (OAuth 2, client credentials).
 *
 * @throws Problem `client-refused` whatever the reason
 */
export async function grantClientToken(
  { db, read, write, sign }: TokenGrants,
  { clientId, clientSecret }: ClientCredentials,
  act: Act,
): Promise<{ accessToken: string; expiresIn: number }> {
  const client = UUID.test(clientId) ? await read(clientId.toLowerCase()) : undefined
  const kept = client?.secret_hash ?? NO_DIGEST
  // Secrets of before were made in one piece and stay good until they are replaced.
  const whole = timingSafeEqual(digestOf(clientSecret), kept)
  const matches = timingSafeEqual(digestOfSecret(clientSecret), kept) || whole
  if (!matches || client?.status !== 'active')
    throw new Problem(
      'client-refused',
      said('The client credentials were refused.', '客户端凭据被拒绝。'),
      {
        error: 'invalid_client',
      },
    )
  const { key_id: id, sealed_private: sealed } = client
  const claims = claimsOf(client)
  const accessToken =
    id === null || sealed === null
      ? await db.transaction((tx) => sign(tx, claims, CLIENT_ACCESS_SECONDS, act))
      : write({ id, sealed_private: sealed }, claims, CLIENT_ACCESS_SECONDS, act.now)
  return { accessToken, expiresIn: CLIENT_ACCESS_SECONDS }
}

function claimsOf({ id, epoch, unit_id, role, controllers }: GrantRow): TokenClaims {
  return {
    sub: id,
    kind: 'client',
    sid: null,
    epoch,
    person: null,
    unit: unit_id,
    range: unit_id === null ? 'company' : 'unit',
    roles: [role],
    permissions: permissionsOf([role]),
    coolingUntil: null,
    controllers,
  }
}
