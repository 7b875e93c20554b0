import { Type, type Static } from 'typebox'
import { ASSERTION_ALGORITHMS } from './client-assertion.ts'

const url = (description: string) => Type.String({ format: 'uri', description })
const names = (description: string) => Type.Array(Type.String(), { description })

/** What clients read first (OpenID Connect Discovery 1.0, RFC 8414): where everything is and what it takes. */
export const IssuerMetadata = Type.Object(
  {
    issuer: Type.String({ description: 'The `iss` of every token.' }),
    jwks_uri: url('The keys that tokens are verified with.'),
    token_endpoint: url('Where tokens are asked for.'),
    introspection_endpoint: url('Whether a token is still good (RFC 7662).'),
    revocation_endpoint: url('Where a token is given back (RFC 7009).'),
    scopes_supported: names('Scopes besides the permissions, which are scopes too.'),
    response_types_supported: names('What an authorization answers.'),
    grant_types_supported: names('What a token is given for.'),
    subject_types_supported: names('`public`: a subject has one id for all clients.'),
    id_token_signing_alg_values_supported: names('Signatures of identity tokens.'),
    token_endpoint_auth_methods_supported: names('How a client says who it is.'),
    token_endpoint_auth_signing_alg_values_supported: names('Signatures of `private_key_jwt`.'),
    introspection_endpoint_auth_methods_supported: names('As of the token endpoint.'),
    introspection_endpoint_auth_signing_alg_values_supported: names('As of the token endpoint.'),
    revocation_endpoint_auth_methods_supported: names('As of the token endpoint.'),
    revocation_endpoint_auth_signing_alg_values_supported: names('As of the token endpoint.'),
    service_documentation: url('The operations of the product.'),
    ui_locales_supported: names('Languages of what people are told.'),
  },
  { title: 'IssuerMetadata' },
)
export type IssuerMetadata = Static<typeof IssuerMetadata>

/** How a client may say who it is. */
const CLIENT_PROOFS = ['client_secret_basic', 'client_secret_post', 'private_key_jwt']

export function issuerMetadata(issuer: string): IssuerMetadata {
  return {
    issuer,
    jwks_uri: `${issuer}/.well-known/jwks.json`,
    token_endpoint: `${issuer}/v1/tokens`,
    introspection_endpoint: `${issuer}/v1/tokens/introspection`,
    revocation_endpoint: `${issuer}/v1/tokens/revocation`,
    scopes_supported: [],
    response_types_supported: [],
    grant_types_supported: ['client_credentials', 'refresh_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES256'],
    token_endpoint_auth_methods_supported: [...CLIENT_PROOFS],
    token_endpoint_auth_signing_alg_values_supported: [...ASSERTION_ALGORITHMS],
    introspection_endpoint_auth_methods_supported: [...CLIENT_PROOFS],
    introspection_endpoint_auth_signing_alg_values_supported: [...ASSERTION_ALGORITHMS],
    revocation_endpoint_auth_methods_supported: [...CLIENT_PROOFS],
    revocation_endpoint_auth_signing_alg_values_supported: [...ASSERTION_ALGORITHMS],
    service_documentation: `${issuer}/docs`,
    ui_locales_supported: ['zh-CN', 'en'],
  }
}
