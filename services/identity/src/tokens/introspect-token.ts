import type { AccessToken } from '@erp-steward/contracts/access-token'
import { queryPrepared } from '@erp-steward/service-kit/query-prepared'
import { readTogether } from '@erp-steward/service-kit/read-together'
import { Type, type Static } from 'typebox'
import type { DataSource } from 'typeorm'
import { digestOf } from '../sessions/refresh-token.ts'
import type { VerifyOwnToken } from './verify-own-token.ts'

const text = (description: string) => Type.Optional(Type.String({ description }))
const seconds = (description: string) => Type.Optional(Type.Integer({ description }))

/** RFC 7662: of a token that is not good nothing else is said. */
export const Introspection = Type.Object(
  {
    active: Type.Boolean({ description: 'Whether it lets its holder in now.' }),
    iss: text('Issuer.'),
    sub: text('Account or machine that it is of.'),
    aud: text('For whom it is made.'),
    client_id: text('The machine, or the front end by which a person signed in.'),
    scope: text('Permissions that it carries, separated by spaces.'),
    token_type: text('How it is sent: `Bearer`; absent for a refresh token.'),
    jti: text('Its own id.'),
    sid: text('The session that it belongs to.'),
    iat: seconds('When it was made, in seconds since 1970.'),
    exp: seconds('When it runs out, in seconds since 1970.'),
    cnf: Type.Optional(
      Type.Object(
        { 'x5t#S256': Type.String({ description: 'SHA-256 of the certificate (RFC 8705).' }) },
        { description: 'The certificate that its holder shows with it.' },
      ),
    ),
  },
  { title: 'TokenIntrospection' },
)
export type Introspection = Static<typeof Introspection>

interface Holder {
  readonly sub: string
  readonly sid: string | null
  readonly epoch: number
}

/** Whether who holds it may still come in: one statement for all who ask at the same time. */
type IsHeld = (holder: Holder) => Promise<boolean>

const READ_HOLDERS = {
  name: 'read-token-holders',
  text: `
    select asked.key
      from unnest($1::text[], $2::uuid[], $3::uuid[], $4::int[]) as asked (key, sub, sid, epoch)
      left join account on account.id = asked.sub
      left join client on client.id = asked.sub
      left join session on session.id = asked.sid
     where coalesce(account.status, client.status) = 'active'
       and coalesce(account.epoch, client.epoch) <= asked.epoch
       and (asked.sid is null or session.ended_at is null and session.ends_at > $5)`,
}

function holderReader(db: DataSource, clock: () => Date): IsHeld {
  const read = readTogether(async (keys) => {
    const holders = keys.map((key) => JSON.parse(key) as Holder)
    const rows = await queryPrepared<{ key: string }>(db, READ_HOLDERS, [
      keys,
      holders.map(({ sub }) => sub),
      holders.map(({ sid }) => sid),
      holders.map(({ epoch }) => epoch),
      clock(),
    ])
    return new Map(rows.map(({ key }) => [key, true]))
  })
  return async ({ sub, sid, epoch }) => (await read(JSON.stringify({ sub, sid, epoch }))) === true
}

const INACTIVE: Introspection = { active: false }

/**
 * Says whether a token is good at this very moment: of an access token what a gateway would, of a refresh token whether it
 * could be exchanged.
 *
 * Source: RFC 7662.
 */
export function createIntrospection(
  db: DataSource,
  verify: VerifyOwnToken,
  clock: () => Date,
): (token: string) => Promise<Introspection> {
  const isHeld = holderReader(db, clock)
  return async (token) => {
    const claims = await verify(token)
    if (claims === null)
      return token.includes('.') ? INACTIVE : refreshTokenState(db, token, clock())
    return (await isHeld(claims)) ? told(claims) : INACTIVE
  }
}

function told(claims: AccessToken): Introspection {
  const { iss, sub, aud, client_id: clientId, permissions, jti, sid, iat, exp, cnf } = claims
  return {
    active: true,
    ...{ iss, sub, aud, jti, iat, exp },
    ...(clientId !== undefined && { client_id: clientId }),
    ...(sid !== null && { sid }),
    ...(cnf !== undefined && { cnf }),
    scope: permissions.join(' '),
    token_type: 'Bearer',
  }
}

async function refreshTokenState(db: DataSource, token: string, now: Date): Promise<Introspection> {
  const [found]: { sub: string; sid: string; issued_at: Date; ends: Date }[] = await db.query(
    `select session.account_id as sub, session.id as sid, refresh_token.issued_at,
            least(session.idle_at, session.ends_at) as ends
       from refresh_token
       join session on session.id = refresh_token.session_id
       join account on account.id = session.account_id
      where digest = $1 and used_at is null and session.ended_at is null
        and least(session.idle_at, session.ends_at) > $2 and account.status = 'active'`,
    [digestOf(token), now],
  )
  if (found === undefined) return INACTIVE
  const { sub, sid, issued_at: issuedAt, ends } = found
  return {
    active: true,
    ...{ sub, sid },
    iat: Math.floor(issuedAt.getTime() / 1_000),
    exp: Math.floor(ends.getTime() / 1_000),
  }
}
