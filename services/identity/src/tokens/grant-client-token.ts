import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { permissionsOf, type Role } from '@erp-steward/contracts/permissions'
import { Problem } from '@erp-steward/contracts/problem'
import type { DataSource } from 'typeorm'
import { CLIENT_ACCESS_SECONDS } from '../sessions/rules/session-limits.ts'
import type { ClientRole } from '../clients/client.ts'
import type { TokenClaims, TokenSigner, TokenWriter } from '../sessions/token-signer.ts'
import type { KnownClient } from './authenticate-client.ts'
import { confirmationOf } from './client-certificate.ts'
import { assertHeld, withinScope } from './rules/scope.ts'

/** What tokens for machines are written with. */
export interface TokenGrants {
  readonly db: DataSource
  readonly write: TokenWriter
  /** For the first token ever, whose key is made with it. */
  readonly sign: TokenSigner
}

/** What a machine that has proved who it is asks for. */
export interface MachineRequest {
  readonly scope: string | undefined
  /** The certificate (DER) by which it has done so, to which the token is bound; `null`: by something else. */
  readonly certificate: Buffer | null
}

/**
 * An access token of 15 minutes for a machine that has proved who it is (OAuth 2, client credentials).
 *
 * @throws Problem `scope-refused`, `grant-forbidden` for a front end
 */
export async function grantClientToken(
  grants: TokenGrants,
  client: KnownClient,
  { scope, certificate }: MachineRequest,
  act: Act,
): Promise<{ accessToken: string; expiresIn: number; permissions: readonly string[] }> {
  const held = permissionsOf([assertMachine(client)])
  assertHeld(held, scope ?? '')
  const permissions = withinScope(held, scope ?? null)
  const expiresIn = CLIENT_ACCESS_SECONDS
  const accessToken = await writeClientToken(
    grants,
    client,
    {
      ...{ permissions, expiresIn },
      ...(certificate !== null && { cnf: confirmationOf(certificate) }),
    },
    act,
  )
  return { accessToken, expiresIn, permissions }
}

/**
 * An access token of a machine that may what is said, and nothing that its role may not.
 *
 * @throws Problem `grant-forbidden` for a front end
 */
export async function writeClientToken(
  { db, write, sign }: TokenGrants,
  client: KnownClient,
  {
    permissions,
    cnf,
    expiresIn,
  }: Pick<TokenClaims, 'permissions' | 'cnf'> & { readonly expiresIn: number },
  act: Act,
): Promise<string> {
  const { key_id: id, sealed_private: sealed } = client
  const role = assertMachine(client)
  const held: readonly string[] = permissionsOf([role])
  const within = permissions.filter((permission) => held.includes(permission))
  const claims = { ...claimsOf({ ...client, role }, within), ...(cnf !== undefined && { cnf }) }
  return id === null || sealed === null
    ? db.transaction((tx) => sign(tx, claims, expiresIn, act))
    : write({ id, sealed_private: sealed }, claims, expiresIn, act.now)
}

function assertMachine({ role }: KnownClient): Role & ClientRole {
  if (role === 'FRONT_END')
    throw new Problem(
      'grant-forbidden',
      said('A front end may do nothing itself.', '前端自身没有任何权限。'),
    )
  return role
}

function claimsOf(
  { id, epoch, unit_id, role, controllers }: KnownClient & { readonly role: Role },
  permissions: string[],
): TokenClaims {
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
    permissions,
    coolingUntil: null,
    controllers,
  }
}
