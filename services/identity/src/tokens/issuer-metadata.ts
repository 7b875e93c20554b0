import { Type, type Static } from 'typebox'
import { ASSERTION_ALGORITHMS } from './client-assertion.ts'
import { identityScopes } from './rules/scope.ts'

const url = (description: string) => Type.String({ format: 'uri', description })
const names = (description: string) => Type.Array(Type.String(), { description })

/** What clients read first (OpenID Connect Discovery 1.0, RFC 8414): where everything is and what it takes. */
export const IssuerMetadata = Type.Object(
  {
    issuer: Type.String({ description: 'The `iss` of every token.' }),
    jwks_uri: url('The keys that tokens are verified with.'),
    authorization_endpoint: url('Where a front end sends people to sign in.'),
    token_endpoint: url('Where tokens are asked for.'),
    userinfo_endpoint: url('Who has signed in.'),
    end_session_endpoint: url('Where a front end sends people to sign out.'),
    introspection_endpoint: url('Whether a token is still good (RFC 7662).'),
    revocation_endpoint: url('Where a token is given back (RFC 7009).'),
    scopes_supported: names('Scopes besides the permissions, which are scopes too.'),
    response_types_supported: names('What an authorization answers.'),
    response_modes_supported: names('How it is answered.'),
    code_challenge_methods_supported: names('Of PKCE, without which there is no code.'),
    authorization_response_iss_parameter_supported: Type.Boolean({ description: 'RFC 9207.' }),
    claims_supported: names('What an identity token and the user info say.'),
    request_parameter_supported: Type.Boolean({ description: 'Request objects are not taken.' }),
    request_uri_parameter_supported: Type.Boolean({ description: 'Nor their addresses.' }),
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
    authorization_endpoint: `${issuer}/v1/authorizations`,
    token_endpoint: `${issuer}/v1/tokens`,
    userinfo_endpoint: `${issuer}/v1/userinfo`,
    end_session_endpoint: `${issuer}/v1/sign-out`,
    introspection_endpoint: `${issuer}/v1/tokens/introspection`,
    revocation_endpoint: `${issuer}/v1/tokens/revocation`,
    scopes_supported: [...identityScopes],
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
    claims_supported: [
      ...['iss', 'sub', 'aud', 'exp', 'iat', 'auth_time', 'nonce', 'sid', 'amr', 'acr'],
      ...['name', 'preferred_username'],
    ],
    request_parameter_supported: false,
    request_uri_parameter_supported: false,
    grant_types_supported: ['authorization_code', 'client_credentials', 'refresh_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES256'],
    token_endpoint_auth_methods_supported: [...CLIENT_PROOFS, 'none'],
    token_endpoint_auth_signing_alg_values_supported: [...ASSERTION_ALGORITHMS],
    introspection_endpoint_auth_methods_supported: [...CLIENT_PROOFS],
    introspection_endpoint_auth_signing_alg_values_supported: [...ASSERTION_ALGORITHMS],
    revocation_endpoint_auth_methods_supported: [...CLIENT_PROOFS, 'none'],
    revocation_endpoint_auth_signing_alg_values_supported: [...ASSERTION_ALGORITHMS],
    service_documentation: `${issuer}/docs`,
    ui_locales_supported: ['zh-CN', 'en'],
  }
}
