import { Type, type Static } from 'typebox'
import { nullable, Uuid } from './values.ts'

/** Issuer of every token. */
export const TOKEN_ISSUER = 'erp-steward/identity'
/** Audience of access tokens; a token for anything else is refused. */
export const TOKEN_AUDIENCE = 'erp-steward'

/** The claims of an access token: who, with which permissions, in which range of the organisation. */
export const AccessToken = Type.Object({
  iss: Type.Literal(TOKEN_ISSUER),
  aud: Type.Literal(TOKEN_AUDIENCE),
  /** Account id, or client id for machines. */
  sub: Type.String({ minLength: 1 }),
  jti: Uuid,
  /** Seconds since 1970, as RFC 7519 has it. */
  iat: Type.Integer(),
  exp: Type.Integer(),
  kind: Type.Enum(['person', 'client']),
  /** Session the token belongs to; `null` for clients. */
  sid: nullable(Uuid),
  /** Revocation epoch of the account when the token was issued; a smaller one than the account's is void. */
  epoch: Type.Integer({ minimum: 0 }),
  person: nullable(Uuid),
  unit: nullable(Uuid),
  /** `company`: every unit; `unit`: only the actor's own. */
  range: Type.Enum(['company', 'unit']),
  roles: Type.Array(Type.String()),
  permissions: Type.Array(Type.String()),
})
export type AccessToken = Static<typeof AccessToken>
