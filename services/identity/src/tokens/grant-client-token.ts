import type { Act } from '@erp-steward/contracts/act'
import { permissionsOf } from '@erp-steward/contracts/permissions'
import type { DataSource } from 'typeorm'
import { CLIENT_ACCESS_SECONDS } from '../sessions/rules/session-limits.ts'
import type { TokenClaims, TokenSigner, TokenWriter } from '../sessions/token-signer.ts'
import type { KnownClient } from './authenticate-client.ts'
import { assertHeld, withinScope } from './rules/scope.ts'

/** What tokens for machines are written with. */
export interface TokenGrants {
  readonly db: DataSource
  readonly write: TokenWriter
  /** For the first token ever, whose key is made with it. */
  readonly sign: TokenSigner
}

/**
 * An access token of 15 minutes for a machine that has proved who it is (OAuth 2, client credentials).
 *
 * @throws Problem `scope-refused`
 */
export async function grantClientToken(
  { db, write, sign }: TokenGrants,
  client: KnownClient,
  scope: string | undefined,
  act: Act,
): Promise<{ accessToken: string; expiresIn: number; permissions: readonly string[] }> {
  const { key_id: id, sealed_private: sealed } = client
  const claims = claimsOf(client, scope ?? null)
  const accessToken =
    id === null || sealed === null
      ? await db.transaction((tx) => sign(tx, claims, CLIENT_ACCESS_SECONDS, act))
      : write({ id, sealed_private: sealed }, claims, CLIENT_ACCESS_SECONDS, act.now)
  return { accessToken, expiresIn: CLIENT_ACCESS_SECONDS, permissions: claims.permissions }
}

function claimsOf(
  { id, epoch, unit_id, role, controllers }: KnownClient,
  scope: string | null,
): TokenClaims {
  const held = permissionsOf([role])
  assertHeld(held, scope ?? '')
  return {
    sub: id,
    client_id: id,
    kind: 'client',
    sid: null,
    epoch,
    person: null,
    unit: unit_id,
    range: unit_id === null ? 'company' : 'unit',
    roles: [role],
    permissions: withinScope(held, scope),
    coolingUntil: null,
    controllers,
  }
}
