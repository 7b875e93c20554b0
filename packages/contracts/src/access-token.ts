import { Type, type Static } from 'typebox'
import { nullable, Uuid } from './values.ts'

/** Issuer of every token where a site names no other (`PUBLIC_URL`): the gateway as it listens by default. */
export const DEFAULT_ISSUER = 'http://127.0.0.1:8080'
/** Type in the header of an access token, by which no other token of the issuer is taken for one. Source: RFC 9068. */
export const ACCESS_TOKEN_TYPE = 'at+jwt'
/** Audience of access tokens; a token for anything else is refused. */
export const TOKEN_AUDIENCE = 'erp-steward'

/** Longest life of an access token, for machines; those of people are shorter. Source: RFC 9700, anchors 5.4. */
export const LONGEST_TOKEN_LIFE_SECONDS = 15 * 60
/**
 * How long a revocation must be remembered by whoever checks tokens: longer than any token lives, with five minutes
 * for clocks that differ. Identity answers with those of this span; the gateway forgets them afterwards.
 */
export const REVOCATION_KEPT_SECONDS = LONGEST_TOKEN_LIFE_SECONDS + 5 * 60

/** The claims of an access token: who, with which permissions, in which range of the organisation. */
export const AccessToken = Type.Object({
  /** Address of the gateway, under which `/.well-known/openid-configuration` is found. */
  iss: Type.String({ minLength: 1 }),
  aud: Type.Literal(TOKEN_AUDIENCE),
  /** Account id, or client id for machines. */
  sub: Type.String({ minLength: 1 }),
  jti: Uuid,
  /** The machine, or the front end by which a person signed in; absent where a person signed in without one. */
  client_id: Type.Optional(Uuid),
  /** The certificate that its holder shows with it, by SHA-256 of it; absent: whoever has the token may use it. RFC 8705. */
  cnf: Type.Optional(Type.Object({ 'x5t#S256': Type.String({ minLength: 1 }) })),
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
  /**
   * Until when the caller may not approve, in seconds since 1970: somebody else had a hand in the password. `null`: no
   * such time runs.
   */
  coolingUntil: nullable(Type.Integer()),
  /** How a person proved who he is (RFC 8176): `pwd`, `otp`, `mfa`; absent for machines. */
  amr: Type.Optional(Type.Array(Type.String())),
  /** When the person signed in, in seconds since 1970; a refresh does not change it. Absent for machines. */
  auth_time: Type.Optional(Type.Integer()),
  /**
   * Until when the second factor is fresh enough for a decision, in seconds since 1970. `null` or absent: none is asked for,
   * because the account need not have one.
   */
  secondFactorUntil: Type.Optional(nullable(Type.Integer())),
  /** Who can act through a client: people who asked for it or had a part of its secret. Empty for people. */
  controllers: Type.Array(Uuid),
})
export type AccessToken = Static<typeof AccessToken>
