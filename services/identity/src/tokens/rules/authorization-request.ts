import { permissions } from '@erp-steward/contracts/permissions'
import { identityScopes, scopesOf } from './scope.ts'

/** What a front end asks of a person, once nothing speaks against it. */
export interface AuthorizationRequest {
  readonly clientId: string
  readonly redirectUri: string
  readonly state: string | null
  readonly nonce: string | null
  readonly scope: string | null
  readonly challenge: string
}

/** Parameters as they came, each once. */
export type Parameters = Readonly<Record<string, string | undefined>>

/** Why a front end is sent back without a code. Source: RFC 6749, 4.1.2.1; OpenID Connect Core, 3.1.2.6. */
export interface AuthorizationFault {
  readonly error:
    | 'invalid_request'
    | 'invalid_scope'
    | 'unsupported_response_type'
    | 'login_required'
    | 'request_not_supported'
    | 'request_uri_not_supported'
  readonly description: string
}

/** Scopes of OpenID Connect that libraries send by themselves; nothing is behind them here. */
const USUAL = ['email', 'address', 'phone', 'offline_access']
/** SHA-256 in base64url. */
const CHALLENGE = /^[A-Za-z0-9_-]{43}$/
const LONGEST_NONCE = 255

/** The first thing that speaks against a request of a known front end to a known address; `null`: nothing. */
export function faultOf(parameters: Parameters): AuthorizationFault | null {
  const {
    request,
    request_uri: requestUri,
    response_type: type,
    response_mode: mode = 'query',
    code_challenge: challenge,
    code_challenge_method: method,
    scope = '',
    nonce = '',
    prompt = '',
  } = parameters
  const fault = (error: AuthorizationFault['error'], description: string) => ({
    error,
    description,
  })
  if (request !== undefined) return fault('request_not_supported', 'Send plain parameters.')
  if (requestUri !== undefined) return fault('request_uri_not_supported', 'Send plain parameters.')
  if (type !== 'code') return fault('unsupported_response_type', 'The only response_type is code.')
  if (mode !== 'query') return fault('invalid_request', 'The only response_mode is query.')
  if (method !== 'S256' || challenge === undefined || !CHALLENGE.test(challenge))
    return fault('invalid_request', 'Send code_challenge with code_challenge_method S256.')
  if (nonce.length > LONGEST_NONCE) return fault('invalid_request', 'The nonce is too long.')
  const unknown = scopesOf(scope).filter(
    (each) => !identityScopes.includes(each) && !USUAL.includes(each) && !(each in permissions),
  )
  if (unknown.length > 0)
    return fault('invalid_scope', 'A scope is neither usual nor a permission.')
  // Nobody is signed in here between two requests: there is no cookie.
  if (prompt.split(' ').includes('none')) return fault('login_required', 'The person must sign in.')
  return null
}

/** What is kept of the scope: the usual ones that nothing is behind are dropped. */
export function keptScope(scope: string | undefined): string | null {
  const kept = scopesOf(scope ?? '').filter((each) => !USUAL.includes(each))
  return kept.length === 0 ? null : kept.join(' ')
}
