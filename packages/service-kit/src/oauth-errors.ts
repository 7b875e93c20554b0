import { Problem } from '@erp-steward/contracts/problem'
import type { ProblemCode } from '@erp-steward/contracts/problems'

declare module 'fastify' {
  interface FastifyContextConfig {
    /**
     * An endpoint of OAuth 2: its refusals are JSON, say `error` and `error_description` besides what a problem document
     * says, and parameters that it does not know are ignored (RFC 6749, 3.2 and 5.2).
     */
    oauth?: boolean
  }
}

/** The words of OAuth 2 for what an endpoint refuses. Source: RFC 6749, 4.1.2.1 and 5.2. */
export const oauthErrors = [
  'invalid_request',
  'invalid_client',
  'invalid_grant',
  'unauthorized_client',
  'unsupported_grant_type',
  'invalid_scope',
  'server_error',
  'temporarily_unavailable',
] as const
export type OAuthError = (typeof oauthErrors)[number]

const ERROR_OF: Partial<Record<ProblemCode, OAuthError>> = {
  'client-refused': 'invalid_client',
  'grant-refused': 'invalid_grant',
  'grant-forbidden': 'unauthorized_client',
  'grant-unsupported': 'unsupported_grant_type',
  'scope-refused': 'invalid_scope',
  unavailable: 'temporarily_unavailable',
}

/** The members that a client of OAuth 2 reads; of the text those characters that RFC 6749 allows. */
export function oauthMembers({ code, status, message }: Problem): {
  readonly error: OAuthError
  readonly error_description: string
} {
  return {
    error: ERROR_OF[code] ?? (status >= 500 ? 'server_error' : 'invalid_request'),
    error_description: message.replaceAll(/[^\x20\x21\x23-\x5b\x5d-\x7e]/g, ' '),
  }
}

/** As OAuth 2 answers it: what does not fit the schema is a request that cannot be read, 400. */
export function asOAuth(problem: Problem): Problem {
  return problem.code === 'validation-failed'
    ? new Problem('malformed-request', problem.detail, problem.extras)
    : problem
}
