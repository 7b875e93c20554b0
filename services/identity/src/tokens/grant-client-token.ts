import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { permissionsOf, type Role } from '@erp-steward/contracts/permissions'
import { Problem } from '@erp-steward/contracts/problem'
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
 * @throws Problem `scope-refused`, `grant-forbidden` for a front end
 */
export async function grantClientToken(
  { db, write, sign }: TokenGrants,
  client: KnownClient,
  scope: string | undefined,
  act: Act,
): Promise<{ accessToken: string; expiresIn: number; permissions: readonly string[] }> {
  const { role, key_id: id, sealed_private: sealed } = client
  if (role === 'FRONT_END')
    throw new Problem(
      'grant-forbidden',
      said('A front end may do nothing itself.', '前端自身没有任何权限。'),
    )
  const claims = claimsOf({ ...client, role }, scope ?? null)
  const accessToken =
    id === null || sealed === null
      ? await db.transaction((tx) => sign(tx, claims, CLIENT_ACCESS_SECONDS, act))
      : write({ id, sealed_private: sealed }, claims, CLIENT_ACCESS_SECONDS, act.now)
  return { accessToken, expiresIn: CLIENT_ACCESS_SECONDS, permissions: claims.permissions }
}

function claimsOf(
  { id, epoch, unit_id, role, controllers }: KnownClient & { readonly role: Role },
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
