import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { Type } from 'typebox'
import { ASSERTION_TYPE, claimedClient } from './client-assertion.ts'

/** Members of a body by which a client says who it is, unless it does so by HTTP Basic. */
export const ClientMembers = {
  client_id: Type.Optional(
    Type.String({ maxLength: 100, description: 'Id of the client, unless sent as HTTP Basic.' }),
  ),
  client_secret: Type.Optional(
    Type.String({
      maxLength: 200,
      description: 'Both halves of its secret, one after the other, unless sent as HTTP Basic.',
    }),
  ),
  client_assertion_type: Type.Optional(
    Type.Literal(ASSERTION_TYPE, { description: 'Instead of a secret, RFC 7523.' }),
  ),
  client_assertion: Type.Optional(
    Type.String({
      maxLength: 8_000,
      description:
        'JWT signed by a confirmed key of the client: `iss` and `sub` the client, `aud` the issuer, `jti`, and `exp` at most five minutes ahead.',
    }),
  ),
}
/** The members of a body that say so. */
export interface ClientBody {
  readonly client_id?: string
  readonly client_secret?: string
  readonly client_assertion?: string
}

/** Which client somebody says to be, and what shall prove it. */
export type ClientProof =
  | { readonly clientId: string; readonly secret: string }
  | { readonly clientId: string; readonly assertion: string }
  | { readonly clientId: string; readonly certificate: Buffer }

/**
 * What a request says of its client; `certificate` (DER) is what the gateway has seen of it, or `null`.
 *
 * @throws Problem `client-refused` when it is missing, unreadable or sent in two places
 */
export function clientProofOf(
  authorization: string | undefined,
  { client_id: id, client_secret: secret, client_assertion: assertion }: ClientBody,
  certificate: Buffer | null = null,
): ClientProof {
  if (assertion !== undefined && authorization === undefined && secret === undefined) {
    const clientId = claimedClient(assertion)
    if (clientId !== undefined && (id === undefined || id === clientId))
      return { clientId, assertion }
  } else if (assertion === undefined) {
    // Who shows a certificate and sends a secret proves who it is by what it sends.
    const isBare = authorization === undefined && secret === undefined
    if (isBare && id !== undefined && certificate !== null) return { clientId: id, certificate }
    const proof = secretOf(authorization, id, secret)
    if (proof !== null) return proof
  }
  throw new Problem(
    'client-refused',
    said(
      'Send client_id and client_secret, or client_assertion, in one place, or client_id and show a certificate.',
      '请在同一处发送 client_id 和 client_secret，或 client_assertion；或发送 client_id 并出示证书。',
    ),
  )
}

function secretOf(
  authorization: string | undefined,
  id: string | undefined,
  secret: string | undefined,
): ClientProof | null {
  const basic = /^Basic ([A-Za-z0-9+/]+=*)$/i.exec(authorization ?? '')?.[1]
  if (basic === undefined && id !== undefined && secret !== undefined)
    return { clientId: id, secret }
  if (basic !== undefined && secret === undefined) {
    const [user, ...rest] = Buffer.from(basic, 'base64').toString().split(':')
    const clientId = unescaped(user)
    const password = unescaped(rest.join(':'))
    if (clientId !== null && password !== null && (id === undefined || id === clientId))
      return { clientId, secret: password }
  }
  return null
}

/** A part of HTTP Basic as RFC 6749, 2.3.1 writes it; strict clients escape the dash of an id. `null`: no such text. */
function unescaped(part = ''): string | null {
  if (part === '') return null
  try {
    return decodeURIComponent(part.replaceAll('+', ' '))
  } catch {
    return null
  }
}
